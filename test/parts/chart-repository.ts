import { createHash } from 'node:crypto';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { dump } from 'js-yaml';

export interface ChartRepositoryOptions {
  /** Who may read it; everybody unless told. */
  readonly login?: { readonly username: string; readonly password: string };
  /** Its certificate and key, PEM; plain HTTP unless told. */
  readonly tls?: { readonly certificate: string; readonly key: string };
}

/** How often the index was asked for since the last `forget`, by the answer. */
export interface IndexAnswers {
  readonly full: number;
  readonly unchanged: number;
  readonly refused: number;
}

/** A chart repository over HTTP, as `helm repo index` and a web server make one: an index with an ETag. */
export interface ChartRepository {
  /** `http://127.0.0.1:PORT` or `https://…`. */
  readonly url: string;
  /**
   * What the index holds of a chart from now on: versions, or whole entries in whatever form, sound or not. None takes
   * the chart out.
   */
  offer(chart: string, entries: readonly unknown[]): void;
  answers(): IndexAnswers;
  forget(): void;
  stop(): Promise<void>;
}

/** Starts one on 127.0.0.1. */
export async function startChartRepository(options: ChartRepositoryOptions = {}): Promise<ChartRepository> {
  const charts = new Map<string, readonly unknown[]>();
  let answers = { full: 0, unchanged: 0, refused: 0 };
  const login = options.login === undefined ? undefined : basic(options.login);
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    request.resume();
    if (request.url !== '/index.yaml') {
      response.writeHead(404).end();
      return;
    }
    if (login !== undefined && request.headers.authorization !== login) {
      answers = { ...answers, refused: answers.refused + 1 };
      response.writeHead(401, { 'www-authenticate': 'Basic realm="charts"' }).end();
      return;
    }
    const index = indexOf(charts);
    const etag = `"${createHash('sha256').update(index).digest('hex')}"`;
    if (request.headers['if-none-match'] === etag) {
      answers = { ...answers, unchanged: answers.unchanged + 1 };
      response.writeHead(304, { etag }).end();
      return;
    }
    answers = { ...answers, full: answers.full + 1 };
    response.writeHead(200, { etag, 'content-type': 'application/x-yaml' }).end(index);
  };
  const { tls } = options;
  const server =
    tls === undefined
      ? createHttpServer(listener)
      : createHttpsServer({ cert: tls.certificate, key: tls.key }, listener);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('a TCP server without a port');
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${address.port}`,
    offer(chart, entries) {
      if (entries.length === 0) charts.delete(chart);
      else charts.set(chart, entries);
    },
    answers: () => answers,
    forget() {
      answers = { full: 0, unchanged: 0, refused: 0 };
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}

function basic({ username, password }: NonNullable<ChartRepositoryOptions['login']>): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** As `helm repo index` writes it. */
function indexOf(charts: ReadonlyMap<string, readonly unknown[]>): string {
  const entries = Array.from(charts, ([name, offered]) => [
    name,
    offered.map((entry) => (typeof entry === 'string' ? entryOf(name, entry) : entry)),
  ]);
  const generated = '2026-01-01T00:00:00.000000000Z';
  return dump({ apiVersion: 'v1', entries: Object.fromEntries(entries), generated }, { noRefs: true });
}

/** The entry of one version of a chart. */
export function entryOf(name: string, version: string): object {
  return {
    apiVersion: 'v2',
    appVersion: version,
    created: '2026-01-01T00:00:00.000000000Z',
    description: `The chart ${name}`,
    digest: createHash('sha256').update(`${name} ${version}`).digest('hex'),
    name,
    type: 'application',
    urls: [`charts/${name}-${version}.tgz`],
    version,
  };
}
