import {
  createServer,
  STATUS_CODES,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Duplex } from 'node:stream';
import { getRequestListener, RequestError } from '@hono/node-server';
import {
  PROBLEM_CONTENT_TYPE,
  PROBLEMS,
  problem,
  toProblemBody,
  type Problem,
  type ProblemCode,
} from './problem.ts';

/** What `listen` serves: a Hono app, or anything that answers like one. */
export interface Application {
  fetch(request: Request, env: object): Response | Promise<Response>;
}

/** All in milliseconds. */
export interface Timeouts {
  /** From the connection or the first byte to the end of the headers. */
  readonly headersMs: number;
  /** From the first byte to the end of the body. */
  readonly requestMs: number;
  /** How long a connection may be idle between two requests. */
  readonly keepAliveMs: number;
  /** How long nothing may move on a connection in the middle of a request or an answer. */
  readonly socketIdleMs: number;
}

export const DEFAULT_TIMEOUTS: Timeouts = {
  headersMs: 10_000,
  requestMs: 20_000,
  keepAliveMs: 65_000,
  socketIdleMs: 90_000,
};

export interface ListenOptions {
  /** The address to bind. */
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  readonly timeouts?: Partial<Timeouts>;
  /** Further connections are closed at once. */
  readonly maxConnections?: number;
  /** Takes a request before the application does; true if it is answered, or will be. */
  readonly take?: (incoming: IncomingMessage, response: ServerResponse) => boolean;
  /** Told of each request that was refused before the application saw it. */
  readonly onRefused?: (code: ProblemCode) => void;
  /** Told when a connection could not be taken, for want of file descriptors say; the server goes on. */
  readonly onError?: (error: Error) => void;
}

export interface Listening {
  readonly host: string;
  readonly port: number;
  /** Takes no new connection, lets what is in work finish for `graceMs` milliseconds, then cuts the rest. */
  close(graceMs: number): Promise<void>;
}

/** The port could not be bound; the system's error is the cause. */
export class ListenError extends Error {
  readonly host: string;
  readonly port: number;
  /** The system's code, such as `EADDRINUSE`. */
  readonly code: string;

  constructor({ host, port }: { readonly host: string; readonly port: number }, cause: Error) {
    const code = codeOf(cause);
    super(`cannot listen on ${host}:${port}: ${BIND_ERRORS[code] ?? cause.message}`, { cause });
    this.name = 'ListenError';
    this.host = host;
    this.port = port;
    this.code = code;
  }
}

const BIND_ERRORS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is taken by another program',
  EACCES: 'the port may not be bound without more rights',
  EADDRNOTAVAIL: 'the machine does not have this address',
};

const DEFAULT_MAX_CONNECTIONS = 4096;
const MAX_HEADER_BYTES = 16 * 1024;
const SLOWNESS_CHECK_MS = 500;
const LINGER_MS = 500;

const NOT_A_REQUEST = problem('HW_BAD_REQUEST', 'The request line or the Host header is not valid.');
const BROKEN = problem('HW_INTERNAL', 'Something went wrong inside.');

/**
 * Serves `app` on node:http and resolves once the port is bound.
 *
 * @throws ListenError if it cannot be bound
 */
export async function listen(app: Application, options: ListenOptions): Promise<Listening> {
  const { host } = options;
  const working = new Set<ServerResponse>();
  const server = createBoundedServer(options);
  server.on('request', (_incoming: IncomingMessage, response: ServerResponse) => {
    working.add(response);
    response.once('close', () => working.delete(response));
    if (!server.listening) response.shouldKeepAlive = false;
  });
  const answer = getRequestListener((request, env) => app.fetch(request, env), {
    errorHandler: (error) => {
      const refused = error instanceof RequestError ? NOT_A_REQUEST : BROKEN;
      options.onRefused?.(refused.code);
      return asResponse(refused);
    },
  });
  server.on('request', (incoming, response) => {
    if (options.take?.(incoming, response) !== true) void answer(incoming, response);
  });
  const refused = new WeakSet<Duplex>();
  server.on('clientError', (error: Error, socket: Duplex) => {
    // The parser complains about every further piece; the first complaint has been answered.
    if (refused.has(socket)) return;
    refused.add(socket);
    const refusal = refusalOf(error);
    if (refusal !== undefined) options.onRefused?.(refusal.code);
    const begun = [...working].some((response) => response.socket === socket && response.headersSent);
    if (refusal === undefined || begun || !socket.writable) socket.destroy();
    else dismiss(socket, refusal);
  });
  const port = await bind(server, options);
  let closed: Promise<void> | undefined;
  return { host, port, close: (graceMs) => (closed ??= close(server, working, graceMs)) };
}

function createBoundedServer({ timeouts, maxConnections }: ListenOptions): Server {
  const { headersMs, requestMs, keepAliveMs, socketIdleMs } = { ...DEFAULT_TIMEOUTS, ...timeouts };
  const server = createServer({
    headersTimeout: Math.min(headersMs, requestMs),
    requestTimeout: requestMs,
    keepAliveTimeout: keepAliveMs,
    connectionsCheckingInterval: Math.min(SLOWNESS_CHECK_MS, headersMs, requestMs),
    maxHeaderSize: MAX_HEADER_BYTES,
  });
  server.maxConnections = maxConnections ?? DEFAULT_MAX_CONNECTIONS;
  server.timeout = socketIdleMs;
  return server;
}

function bind(server: Server, options: ListenOptions): Promise<number> {
  const { host, port } = options;
  return new Promise((resolve, reject) => {
    const refuse = (error: Error): void => reject(new ListenError({ host, port }, error));
    server.once('error', refuse);
    server.listen({ host, port }, () => {
      server.off('error', refuse);
      // Without a listener, one connection that cannot be taken would end the process.
      server.on('error', (error) => options.onError?.(error));
      const address = server.address();
      resolve(typeof address === 'object' && address != null ? address.port : port);
    });
  });
}

function close(server: Server, working: ReadonlySet<ServerResponse>, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    for (const response of working) response.shouldKeepAlive = false;
    server.closeIdleConnections();
  });
}

/** Answers and hangs up. Cutting at once would throw away the answer where more is on its way in. */
function dismiss(socket: Duplex, refused: Problem): void {
  const cut = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  socket.once('close', () => clearTimeout(cut));
  socket.end(asText(refused));
}

/** What a client that cannot be understood is told; undefined where there is nobody left to tell. */
function refusalOf(error: Error): Problem | undefined {
  const code = codeOf(error);
  if (code === 'ECONNRESET' || code === 'EPIPE') return undefined;
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return problem('HW_REQUEST_TIMEOUT', 'The request did not arrive completely in time.');
  if (code === 'HPE_HEADER_OVERFLOW')
    return problem('HW_HEADERS_TOO_LARGE', `The headers may have at most ${MAX_HEADER_BYTES} bytes.`);
  return problem('HW_BAD_REQUEST', 'This is not an HTTP request.');
}

function asResponse(refused: Problem): Response {
  const { status } = PROBLEMS[refused.code];
  const headers = { 'content-type': PROBLEM_CONTENT_TYPE };
  return new Response(JSON.stringify(toProblemBody(refused)), { status, headers });
}

function asText(refused: Problem): string {
  const { status } = PROBLEMS[refused.code];
  const body = JSON.stringify(toProblemBody(refused));
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    `Content-Type: ${PROBLEM_CONTENT_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}
