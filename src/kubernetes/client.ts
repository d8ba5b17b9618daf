import type { IncomingMessage } from 'node:http';
import { type ApiCall, requestTarget, type Verb, verbOf } from './api-call.ts';
import { type Cancel, createCancel, reasonOf, untilAborted } from './cancel.ts';
import type { Connection } from './connection.ts';
import type { ClientCertificate } from './credential-source.ts';
import { KubernetesError, KubernetesUnreachableError, toKubernetesError } from './errors.ts';
import { LineTooLongError, splitLines } from './lines.ts';
import { createListSplitter } from './list-splitter.ts';
import { createTransport } from './transport.ts';

/** The Kubernetes API, as thin as it can be: JSON calls and watches. */
export interface KubernetesClient {
  /**
   * Makes one call and answers its parsed JSON body, undefined when it is empty. Throws KubernetesError when the
   * server refuses, KubernetesUnreachableError when there is no usable answer, and the reason of `call.signal`
   * when the caller breaks it off. Nothing is retried but a 401 whose credential could be renewed, and a GET whose
   * kept connection turned out to be closed.
   */
  request(call: ApiCall): Promise<unknown>;
  /**
   * Makes one call that is answered by a list, and hands each object in it to `onItem` as soon as it is there: parsed,
   * in the list's order, and never all of them at once. Resolves with the list without its items. Throws as `request`
   * does; what has been handed out by then was true. `onHead` is given the list without its items and without what follows
   * them, as soon as they begin: of most lists it tells where the next page begins.
   */
  list(call: ApiCall, onItem: (object: unknown) => void, onHead?: (list: unknown) => void): Promise<unknown>;
  /**
   * Opens a watch and answers its lines. They have to be iterated, which also throws the errors of `request`;
   * leaving the iteration closes the connection. A line of more than 8 MiB throws LineTooLongError.
   */
  stream(call: ApiCall): Promise<AsyncIterable<string>>;
  /** Closes the kept connections; calls that run are cut. */
  close(): void;
}

/** One exchange, for metrics: `code` is the HTTP status or `unreachable`. */
export interface RequestObservation {
  readonly verb: Verb;
  readonly method: ApiCall['method'];
  readonly path: string;
  readonly code: string;
  readonly durationMs: number;
}

export interface KubernetesClientOptions {
  readonly connection: Connection;
  readonly onRequest?: ((observation: RequestObservation) => void) | undefined;
  /** Written into the User-Agent. */
  readonly version?: string | undefined;
  /** A clock for durations, in milliseconds; without it the process's monotonic one. */
  readonly monotonicMs?: (() => number) | undefined;
  readonly limits?: Partial<ClientLimits> | undefined;
}

export interface ClientLimits {
  /** Of one exchange, or of a watch until its first byte. */
  readonly timeoutMs: number;
  /** Of one answer's body. */
  readonly responseBytes: number;
  /** Of one item of a list; the list itself ends when its time is over. */
  readonly itemBytes: number;
  /** Of one line of a watch. */
  readonly lineBytes: number;
}

const LIMITS: ClientLimits = {
  timeoutMs: 30_000,
  responseBytes: 64 * 1024 * 1024,
  itemBytes: 8 * 1024 * 1024,
  lineBytes: 8 * 1024 * 1024,
};
const ERROR_BODY_BYTES = 256 * 1024;

/** Makes a client for the API server behind `connection`. */
export function createKubernetesClient(options: KubernetesClientOptions): KubernetesClient {
  const { connection, onRequest } = options;
  const limits = { ...LIMITS, ...options.limits };
  const monotonicMs = options.monotonicMs ?? ((): number => performance.now());
  const userAgent = `headwind/${options.version ?? 'unknown'}`;
  const transport = createTransport(connection);

  const credential = async (): Promise<{
    readonly token: string | undefined;
    readonly certificate: ClientCertificate | undefined;
  }> => ({ token: await connection.token(), certificate: await connection.clientCertificate?.() });

  /** One exchange over HTTP, up to the answer's headers. */
  async function exchange(
    call: ApiCall,
    signal: AbortSignal,
  ): Promise<{ readonly response: IncomingMessage; readonly token: string | undefined }> {
    const { token, certificate } = await untilAborted(credential(), signal);
    const startedMs = monotonicMs();
    const verb = verbOf(call);
    const observe = (code: string): void =>
      onRequest?.({
        verb,
        code,
        method: call.method,
        path: call.path,
        durationMs: monotonicMs() - startedMs,
      });
    try {
      const response = await transport.send({
        method: call.method,
        target: requestTarget(connection.server, call),
        headers: headersFor({ connection, call, token, userAgent }),
        body: call.body === undefined ? undefined : JSON.stringify(call.body),
        certificate,
        signal,
        longLived: verb === 'watch',
      });
      observe(String(response.statusCode ?? 0));
      return { response, token };
    } catch (error) {
      observe('unreachable');
      throw error;
    }
  }

  async function send(call: ApiCall, signal: AbortSignal): Promise<IncomingMessage> {
    const first = await exchange(call, signal);
    if (first.response.statusCode !== 401 || connection.renew === undefined) return first.response;
    const renewed = await untilAborted(connection.renew(first.token), signal);
    if (!renewed) return first.response;
    first.response.destroy();
    return (await exchange(call, signal)).response;
  }

  async function open(call: ApiCall, cancel: Cancel): Promise<IncomingMessage> {
    const response = await send(call, cancel.signal);
    const httpStatus = response.statusCode ?? 0;
    if (httpStatus < 400) return response;
    const text = await readBody(response, ERROR_BODY_BYTES).catch(() => '');
    throw toKubernetesError({
      what: `${call.method} ${call.path}`,
      httpStatus,
      body: parseRefusal(text),
      retryAfter: response.headers['retry-after'],
    });
  }

  async function* linesOf(response: IncomingMessage, call: ApiCall, cancel: Cancel): AsyncGenerator<string> {
    try {
      yield* splitLines(response, limits.lineBytes);
    } catch (error) {
      throw toThrown(error, call, cancel);
    } finally {
      response.destroy();
      cancel.release();
    }
  }

  return {
    async request(call) {
      const cancel = createCancel(call.signal, call.timeoutMs ?? limits.timeoutMs);
      try {
        const text = await readBody(await open(call, cancel), limits.responseBytes);
        return text === '' ? undefined : parseAnswer(text);
      } catch (error) {
        throw toThrown(error, call, cancel);
      } finally {
        cancel.release();
      }
    },

    async list(call, onItem, onHead) {
      const cancel = createCancel(call.signal, call.timeoutMs ?? limits.timeoutMs);
      const splitter = createListSplitter({
        onItem: (text) => onItem(parseAnswer(text)),
        onHead: (text) => onHead?.(parseAnswer(text)),
        maxBytes: limits.itemBytes,
      });
      try {
        const response = await open(call, cancel);
        await eachChunk(response, Infinity, (chunk) => splitter.push(chunk));
        return parseAnswer(splitter.end());
      } catch (error) {
        throw toThrown(error, call, cancel);
      } finally {
        cancel.release();
      }
    },

    async stream(call) {
      const cancel = createCancel(call.signal, call.timeoutMs ?? limits.timeoutMs);
      try {
        const response = await open(call, cancel);
        cancel.liftLimit();
        return linesOf(response, call, cancel);
      } catch (error) {
        cancel.release();
        throw toThrown(error, call, cancel);
      }
    },

    close: () => transport.close(),
  };
}

function headersFor(options: {
  readonly connection: Connection;
  readonly call: ApiCall;
  readonly token: string | undefined;
  readonly userAgent: string;
}): Record<string, string | string[]> {
  const { connection, call, token } = options;
  const headers: Record<string, string | string[]> = {
    accept: 'application/json',
    'user-agent': options.userAgent,
  };
  if (call.body !== undefined) headers['content-type'] = call.contentType ?? 'application/json';
  if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
  else if (connection.basic !== undefined) {
    const { username, password } = connection.basic;
    headers['authorization'] = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  }
  const { impersonate } = connection;
  if (impersonate !== undefined) {
    headers['impersonate-user'] = impersonate.user;
    if (impersonate.uid !== undefined) headers['impersonate-uid'] = impersonate.uid;
    if (impersonate.groups.length > 0) headers['impersonate-group'] = [...impersonate.groups];
  }
  return headers;
}

async function readBody(response: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  await eachChunk(response, maxBytes, (chunk) => chunks.push(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

/** By events: an iterator over each of many small answers would cost more than reading them. */
function eachChunk(
  response: IncomingMessage,
  maxBytes: number,
  take: (chunk: Buffer) => void,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let size = 0;
  response.on('data', (chunk: unknown) => {
    try {
      if (!Buffer.isBuffer(chunk)) throw new TypeError('the answer was decoded before it was read');
      size += chunk.length;
      if (size > maxBytes) throw new Error(`the answer has more than ${maxBytes} bytes`);
      take(chunk);
    } catch (error) {
      reject(error);
      response.destroy();
    }
  });
  response.once('end', resolve);
  response.on('error', reject);
  response.once('close', () => {
    if (!response.complete) reject(new Error('the answer broke off'));
  });
  return promise;
}

function parseAnswer(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error('the answer is not JSON', { cause });
  }
}

/** A proxy's refusal may be plain text or HTML; its beginning is all the explanation there is. */
function parseRefusal(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return { message: text.slice(0, 300) };
  }
}

function toThrown(error: unknown, call: ApiCall, cancel: Cancel): Error {
  if (error instanceof KubernetesError || error instanceof LineTooLongError) return error;
  if (error instanceof KubernetesUnreachableError) return error;
  if (call.signal?.aborted === true) return reasonOf(call.signal);
  const cause = cancel.signal.aborted ? reasonOf(cancel.signal) : error;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new KubernetesUnreachableError(`${call.method} ${call.path} got no answer: ${why}`, { cause });
}
