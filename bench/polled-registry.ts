import { createServer, type ServerResponse } from 'node:http';

/** A registry that lists tags, answers conditional questions, and remembers who asked for what. */
export interface PolledRegistry {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** What it was asked since the last `forget`. */
  questions(): readonly Question[];
  /** How many repositories that were. */
  repositories(): number;
  forget(): void;
  /** From now on lets everybody wait for an answer, until the function that this answers is called. */
  hold(): () => void;
  stop(): Promise<void>;
}

export interface Question {
  /** `poll/app-7`; empty for what concerns no list of tags. */
  readonly repository: string;
  /** Whether it is answered "not modified". */
  readonly conditional: boolean;
  /** When it came, of `performance.now()`. */
  readonly atMs: number;
}

const ETAG = '"state-1"';
/** No round number: a page that may be just full is not asked about conditionally (src/registry/tag-page.ts). */
const TAGS = Array.from({ length: 23 }, (_, index) => `0.${index}.0`);
const LIST = /^\/v2\/(.+)\/tags\/list(?:\?|$)/;

/** Starts it on 127.0.0.1. None of its tags is newer than 1.0.0, and none of its lists ever changes. */
export async function startPolledRegistry(): Promise<PolledRegistry> {
  let questions: Question[] = [];
  let repositories = new Set<string>();
  let waiting: (() => void)[] | undefined;
  const server = createServer((request, response) => {
    const repository = LIST.exec(request.url ?? '')?.[1] ?? '';
    const conditional = request.headers['if-none-match'] === ETAG;
    questions.push({ repository, conditional, atMs: performance.now() });
    if (repository !== '') repositories.add(repository);
    request.resume();
    const reply = (): void => answer(response, repository, conditional);
    if (waiting === undefined) reply();
    else waiting.push(reply);
  });
  // Longer than whoever asks keeps a connection, so that none is closed under a question.
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('a TCP server without a port');
  return {
    host: `127.0.0.1:${address.port}`,
    questions: () => [...questions],
    repositories: () => repositories.size,
    forget() {
      questions = [];
      repositories = new Set();
    },
    hold() {
      waiting = [];
      return () => {
        const replies = waiting ?? [];
        waiting = undefined;
        for (const reply of replies) reply();
      };
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}

function answer(response: ServerResponse, repository: string, conditional: boolean): void {
  response.setHeader('docker-distribution-api-version', 'registry/2.0');
  if (repository === '') {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    return;
  }
  if (conditional) {
    response.writeHead(304, { etag: ETAG }).end();
    return;
  }
  response.writeHead(200, { 'content-type': 'application/json', etag: ETAG });
  response.end(JSON.stringify({ name: repository, tags: TAGS }));
}
