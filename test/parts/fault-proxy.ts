import {
  createServer,
  type IncomingMessage,
  request as httpRequest,
  type RequestOptions,
  type ServerResponse,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import { verbOf } from '../../src/kubernetes/api-call.ts';
import type { TlsSettings } from '../../src/kubernetes/connection.ts';

/** The API server behind the proxy. Credentials are not its business: the header of the caller passes through. */
export interface FaultProxyTarget {
  readonly server: URL;
  readonly tls?: TlsSettings | undefined;
  readonly ca?: string | undefined;
  readonly insecure?: boolean | undefined;
}

/** How requests are answered in place of the API server. */
export type ProxyFault =
  /** For watches: 200 and one ERROR event with code 410, then the end. For lists: 410. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'status'; readonly status: number; readonly retryAfterSeconds?: number }
  /** The request is taken and never answered; the connection stays. */
  | { readonly kind: 'silent' }
  /** The connection is destroyed. */
  | { readonly kind: 'destroy' };

export interface FaultProxyCounts {
  /** Lists begun; further pages of one are not counted again. */
  readonly lists: number;
  /** All pages, the first ones included. */
  readonly pages: number;
  readonly watches: number;
  /** Everything that is neither. */
  readonly others: number;
}

/** A reverse proxy for one API server whose faults a test switches on and off. It listens on plain HTTP. */
export interface FaultProxy {
  readonly url: string;
  readonly counts: FaultProxyCounts;
  /** How many watches run through it, silent ones included. */
  readonly openWatches: number;
  /** From now on watches are answered like this; undefined lets them through. Running ones go on. */
  setWatchFault(fault: ProxyFault | undefined): void;
  setListFault(fault: ProxyFault | undefined): void;
  /** Ends the running watches as a server does whose time limit was reached. */
  endWatches(): void;
  /** Destroys the TCP connections of the running watches. */
  destroyWatches(): void;
  /** Half-open: from now on the running watches carry no bytes any more, and no FIN. */
  silenceWatches(): void;
  /** Writes a line into the running watches. */
  injectLine(line: string): void;
  close(): Promise<void>;
}

interface RunningWatch {
  readonly answer: ServerResponse;
  silent: boolean;
}

/** Starts a proxy in front of `target` on a free port of the loopback interface. */
export async function startFaultProxy(options: { readonly target: FaultProxyTarget }): Promise<FaultProxy> {
  const { target } = options;
  const counts = { lists: 0, pages: 0, watches: 0, others: 0 };
  const watches = new Set<RunningWatch>();
  let watchFault: ProxyFault | undefined;
  let listFault: ProxyFault | undefined;

  function faultFor(verb: string, url: URL): ProxyFault | undefined {
    if (verb === 'watch') {
      counts.watches += 1;
      return watchFault;
    }
    if (verb !== 'list') {
      counts.others += 1;
      return undefined;
    }
    counts.pages += 1;
    if (!url.searchParams.has('continue')) counts.lists += 1;
    return listFault;
  }

  const server = createServer((asked, answer) => {
    const url = new URL(asked.url ?? '/', 'http://proxy');
    const verb =
      asked.method === 'GET'
        ? verbOf({ method: 'GET', path: url.pathname, query: { watch: url.searchParams.get('watch') ?? '' } })
        : 'other';
    const watch = verb === 'watch' ? { answer, silent: false } : undefined;
    if (watch !== undefined) {
      watches.add(watch);
      answer.on('close', () => watches.delete(watch));
    }
    answer.on('error', () => {});
    const fault = faultFor(verb, url);
    if (fault === undefined) forward({ target, asked, answer, watch });
    else answerFault(fault, answer, verb === 'watch');
  });
  server.requestTimeout = 0;

  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address == null || typeof address === 'string') throw new Error('a TCP server without a port');

  return {
    url: `http://127.0.0.1:${address.port}`,
    counts,
    get openWatches() {
      return watches.size;
    },
    setWatchFault: (fault) => {
      watchFault = fault;
    },
    setListFault: (fault) => {
      listFault = fault;
    },
    endWatches: () => {
      for (const { answer } of watches) answer.end();
    },
    destroyWatches: () => {
      for (const { answer } of watches) answer.destroy();
    },
    silenceWatches: () => {
      for (const watch of watches) watch.silent = true;
    },
    injectLine: (line) => {
      for (const { answer } of watches) answer.write(`${line}\n`);
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answerFault(fault: ProxyFault, answer: ServerResponse, isWatch: boolean): void {
  if (fault.kind === 'silent') return;
  if (fault.kind === 'destroy') {
    answer.destroy();
    return;
  }
  const code = fault.kind === 'gone' ? 410 : fault.status;
  const reason = fault.kind === 'gone' ? 'Expired' : 'Injected';
  const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message: 'injected', code };
  if (fault.kind === 'gone' && isWatch) {
    answer.writeHead(200, { 'content-type': 'application/json' });
    answer.end(`${JSON.stringify({ type: 'ERROR', object: status })}\n`);
    return;
  }
  const retryAfter = fault.kind === 'status' ? fault.retryAfterSeconds : undefined;
  answer.writeHead(code, {
    'content-type': 'application/json',
    ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
  });
  answer.end(JSON.stringify(status));
}

function forward(options: {
  readonly target: FaultProxyTarget;
  readonly asked: IncomingMessage;
  readonly answer: ServerResponse;
  readonly watch: RunningWatch | undefined;
}): void {
  const { target, asked, answer, watch } = options;
  const secure = target.server.protocol === 'https:';
  const { host: _host, connection: _connection, ...headers } = asked.headers;
  const ca = target.ca ?? target.tls?.ca;
  const insecure = target.insecure ?? target.tls?.insecure ?? false;
  const common: RequestOptions = {
    host: target.server.hostname,
    port: target.server.port === '' ? (secure ? 443 : 80) : target.server.port,
    method: asked.method ?? 'GET',
    path: asked.url ?? '/',
    headers,
    // One connection per request: nothing of a fault can stay behind in a pool.
    agent: false,
  };
  const onward = secure
    ? httpsRequest({ ...common, rejectUnauthorized: !insecure, ...(ca === undefined ? {} : { ca }) })
    : httpRequest(common);
  const cut = (): void => {
    if (watch?.silent !== true) answer.destroy();
  };
  onward.on('error', cut);
  onward.on('response', (response) => {
    answer.writeHead(response.statusCode ?? 502, response.headers);
    answer.flushHeaders();
    response.on('data', (chunk: Buffer) => {
      if (watch?.silent !== true) answer.write(chunk);
    });
    response.on('end', () => {
      if (watch?.silent !== true) answer.end();
    });
    response.on('error', cut);
  });
  answer.on('close', () => onward.destroy());
  asked.pipe(onward);
}
