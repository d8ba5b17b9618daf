import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { freePorts } from '../parts/child.ts';

/** One question, as the front sees it. */
export interface Asked {
  readonly method: string;
  /** Absolute, on the front's own host. */
  readonly url: URL;
  readonly kind: 'tags' | 'manifest' | 'other';
  readonly authorization: string | undefined;
  /** When it came, in milliseconds of the monotonic clock. */
  readonly atMs: number;
  /** Whether it came to the other host. */
  readonly elsewhere: boolean;
}

/** What the registry behind the front says. */
export interface RealAnswer {
  readonly status: number;
  /** Without what belongs to one connection, or tells how long the body is. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What a trouble may do with a question. */
export interface Meddling {
  readonly asked: Asked;
  readonly response: ServerResponse;
  /** Asks the registry behind the same. */
  readonly real: () => Promise<RealAnswer>;
  /** `http://127.0.0.1:PORT` of the front's second listener, which is another host to whoever asks. */
  readonly elsewhere: string;
}

/** One way in which a registry can misbehave. */
export interface Trouble {
  /** For so long nobody listens at all, in milliseconds from its begin; 0 unless told. */
  readonly refusesForMs?: number;
  /** Answers in the registry's place; false lets the question through. */
  readonly answer: (meddling: Meddling) => boolean | Promise<boolean>;
}

/** Stands before a real registry, and lets it misbehave at the word of a test. */
export interface RegistryFront {
  /** `127.0.0.1:PORT`, as it stands in image references; the same for good. */
  readonly host: string;
  /** The same for its second listener. */
  readonly otherHost: string;
  /** All questions so far, those to the other host too. */
  readonly questions: readonly Asked[];
  /** How many questions have been answered wrongly, or not at all, since `misbehave` was called last. */
  bites(): number;
  /** From now on. Connections that are open are cut, as of a registry that is started anew. */
  misbehave(trouble: Trouble): Promise<void>;
  /** From now on it passes everything through; answers that are still under way are cut. */
  behave(): Promise<void>;
  stop(): Promise<void>;
}

/** Of one connection, or not true any more of a body that was read. */
const DROPPED = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'date']);

/** Starts it on 127.0.0.1; `target` is the registry's address, `http://127.0.0.1:PORT`. */
export async function startRegistryFront(target: string): Promise<RegistryFront> {
  const [port = 0, otherPort = 0] = await freePorts(2);
  const host = `127.0.0.1:${port}`;
  const elsewhere = `http://127.0.0.1:${otherPort}`;
  const questions: Asked[] = [];
  let trouble: Trouble | undefined;
  let bites = 0;
  let reopening: NodeJS.Timeout | undefined;

  const handle = async (request: IncomingMessage, response: ServerResponse, at: string): Promise<void> => {
    const asked = toAsked(request, at, at === elsewhere);
    questions.push(asked);
    const real = (): Promise<RealAnswer> => askReal(target, request);
    const current = trouble;
    if ((await current?.answer({ asked, response, real, elsewhere })) === true) {
      if (current === trouble) bites += 1;
      return;
    }
    const answer = await real();
    const length = request.method === 'HEAD' ? {} : { 'content-length': answer.body.length };
    response.writeHead(answer.status, { ...answer.headers, ...length }).end(answer.body);
  };
  const serve = (at: string) =>
    createServer((request, response) => {
      // Whoever asked may be gone, or the registry is being stopped.
      response.on('error', () => undefined);
      handle(request, response, at).catch(() => response.destroy());
    });
  const own = serve(`http://${host}`);
  const other = serve(elsewhere);
  const listen = (server: typeof own, on: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(on, '127.0.0.1', () => {
        server.off('error', reject);
        resolve();
      });
    });
  const close = async (server: typeof own): Promise<void> => {
    if (!server.listening) return;
    const closed = new Promise((resolve) => void server.close(resolve));
    server.closeAllConnections();
    await closed;
  };
  const switchTo = async (next: Trouble | undefined): Promise<void> => {
    clearTimeout(reopening);
    trouble = next;
    bites = 0;
    const refusesForMs = next?.refusesForMs ?? 0;
    if (refusesForMs > 0) {
      await close(own);
      reopening = setTimeout(() => void listen(own, port).catch(() => undefined), refusesForMs);
      return;
    }
    if (!own.listening) await listen(own, port);
    own.closeAllConnections();
    other.closeAllConnections();
  };
  await listen(own, port);
  await listen(other, otherPort);
  return {
    host,
    otherHost: `127.0.0.1:${otherPort}`,
    questions,
    bites: () => bites,
    misbehave: (next) => switchTo(next),
    behave: () => switchTo(undefined),
    stop: async () => {
      clearTimeout(reopening);
      await Promise.all([close(own), close(other)]);
    },
  };
}

function toAsked(request: IncomingMessage, at: string, elsewhere: boolean): Asked {
  const { method = 'GET', headers } = request;
  const url = new URL(request.url ?? '/', at);
  const kind = url.pathname.endsWith('/tags/list')
    ? 'tags'
    : url.pathname.includes('/manifests/')
      ? 'manifest'
      : 'other';
  const { authorization } = headers;
  return { method, url, kind, authorization, atMs: performance.now(), elsewhere };
}

function askReal(target: string, incoming: IncomingMessage): Promise<RealAnswer> {
  return new Promise((resolve, reject) => {
    const { method } = incoming;
    const { host: _host, connection: _connection, ...headers } = incoming.headers;
    const outgoing = httpRequest(new URL(incoming.url ?? '/', target), { method, headers, agent: false });
    outgoing.once('error', reject);
    outgoing.once('response', (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.once('error', reject);
      answer.once('end', () =>
        resolve({
          status: answer.statusCode ?? 502,
          headers: keptHeaders(answer),
          body: Buffer.concat(chunks),
        }),
      );
    });
    incoming.pipe(outgoing);
  });
}

function keptHeaders({ headers }: IncomingMessage): Readonly<Record<string, string>> {
  const texts = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined || DROPPED.has(name) ? [] : [[name, String(value)] as const],
  );
  return Object.fromEntries(texts);
}
