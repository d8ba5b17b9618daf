import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Clock } from '../core/clock.ts';
import type { ExchangeTimeouts, HttpRequest, HttpResponse } from './http.ts';
import { TransportError, toTransportError } from './transport-error.ts';

export interface ExchangeOptions {
  readonly agent: http.Agent;
  /** Makes an agent for one more attempt, on a connection of its own. */
  readonly freshAgent: () => http.Agent;
  readonly clock: Clock;
  readonly timeouts: ExchangeTimeouts;
}

/** One request and its answer, redirects not followed. Throws a TransportError. */
export async function exchange(request: HttpRequest, options: ExchangeOptions): Promise<HttpResponse> {
  try {
    return await attempt(request, options);
  } catch (error) {
    // A kept connection that the server closed at the moment we used it says nothing about the server.
    if (!(error instanceof StaleConnection) || request.method === 'POST') throw toTransportError(error);
  }
  try {
    return await attempt(request, { ...options, agent: options.freshAgent() });
  } catch (error) {
    throw toTransportError(error);
  }
}

/** The connection was a kept one and broke before any byte of the answer. */
class StaleConnection extends TransportError {
  constructor(cause: Error) {
    super('host', 'closed the connection', cause);
  }
}

async function attempt(request: HttpRequest, options: ExchangeOptions): Promise<HttpResponse> {
  const { agent, clock, timeouts } = options;
  const { signal } = request;
  if (signal?.aborted === true) throw aborted();
  const outgoing = open(request, agent);
  const { promise: givenUp, reject } = Promise.withResolvers<never>();
  const giveUp = (error: TransportError): void => {
    reject(error);
    outgoing.destroy();
  };
  let stopTimer = (): void => undefined;
  const phase = (timeoutMs: number, message: string): void => {
    stopTimer();
    const words = `${message} within ${timeoutMs / 1000} s`;
    stopTimer = clock.after(timeoutMs, () => giveUp(new TransportError('timeout', words)));
  };
  const abort = (): void => giveUp(aborted());
  signal?.addEventListener('abort', abort, { once: true });
  try {
    phase(timeouts.connectMs, 'cannot be reached: no connection');
    whenConnected(outgoing, () => phase(timeouts.headersMs, 'did not answer'));
    const answer = answerTo(outgoing, request);
    outgoing.end(request.body);
    const { incoming, headers, body } = await Promise.race([answer, givenUp]);
    phase(timeouts.bodyMs, 'did not finish its answer');
    const content = await Promise.race([body, givenUp]);
    return { status: incoming.statusCode ?? 0, headers, ...content, url: request.url };
  } finally {
    stopTimer();
    signal?.removeEventListener('abort', abort);
  }
}

function aborted(): TransportError {
  return new TransportError('aborted', 'was not asked to the end');
}

function open(request: HttpRequest, agent: http.Agent): http.ClientRequest {
  const options = { method: request.method, ...target(request.url), headers: requestHeaders(request), agent };
  return request.url.protocol === 'https:'
    ? https.request({ ...options, rejectUnauthorized: true })
    : http.request(options);
}

interface Content {
  readonly body: Uint8Array;
  readonly truncated: boolean;
}

interface Answer {
  readonly incoming: http.IncomingMessage;
  readonly headers: Headers;
  readonly body: Promise<Content>;
}

function answerTo(outgoing: http.ClientRequest, { maxBodyBytes, receive }: HttpRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    outgoing.once('response', (incoming) => {
      const headers = toHeaders(incoming.rawHeaders);
      const body =
        receive !== undefined && incoming.statusCode === 200
          ? handOver(incoming, () => receive(incoming, headers))
          : readBody(incoming, maxBodyBytes);
      // Nobody may be waiting for it any more when it breaks off.
      body.catch(() => undefined);
      resolve({ incoming, headers, body });
    });
    // Stays to the end: a socket may report an error late, and nobody else listens.
    outgoing.on('error', (error) => {
      reject(outgoing.reusedSocket && isConnectionLoss(error) ? new StaleConnection(error) : error);
    });
  });
}

/** Without the user name and password that an address may hold: Node would send them. */
function target(url: URL): http.RequestOptions {
  return {
    protocol: url.protocol,
    hostname: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? null : url.port,
    path: `${url.pathname}${url.search}`,
  };
}

function requestHeaders(request: HttpRequest): http.OutgoingHttpHeaders {
  return {
    ...request.headers,
    ...(request.authorization === undefined ? {} : { authorization: request.authorization }),
    ...(request.body === undefined ? {} : { 'content-length': Buffer.byteLength(request.body) }),
  };
}

function whenConnected(outgoing: http.ClientRequest, run: () => void): void {
  outgoing.once('socket', (socket: Socket) => {
    if (outgoing.reusedSocket) run();
    else socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', run);
  });
}

function isConnectionLoss(error: Error): boolean {
  return 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}

async function handOver(incoming: http.IncomingMessage, receive: () => Promise<void>): Promise<Content> {
  // A stream without a listener throws what goes wrong after its reader has left.
  incoming.on('error', () => undefined);
  try {
    await receive();
  } finally {
    if (!incoming.readableEnded) incoming.destroy();
  }
  return { body: new Uint8Array(), truncated: false };
}

function readBody(incoming: http.IncomingMessage, maxBytes: number): Promise<Content> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    incoming.on('data', (chunk: Buffer) => {
      if (size + chunk.length <= maxBytes) {
        chunks.push(chunk);
        size += chunk.length;
        return;
      }
      chunks.push(chunk.subarray(0, maxBytes - size));
      resolve({ body: Buffer.concat(chunks), truncated: true });
      incoming.destroy();
    });
    incoming.once('end', () => resolve({ body: Buffer.concat(chunks), truncated: false }));
    incoming.on('error', reject);
    incoming.once('close', () => {
      if (!incoming.complete) reject(new TransportError('host', 'closed the connection in mid-answer'));
    });
  });
}

function toHeaders(raw: readonly string[]): Headers {
  const headers = new Headers();
  for (let index = 0; index + 1 < raw.length; index += 2) {
    // Node's parser is a little more lenient about values than Headers is: what Headers refuses is of no use here.
    try {
      headers.append(raw[index] ?? '', raw[index + 1] ?? '');
    } catch {
      continue;
    }
  }
  return headers;
}
