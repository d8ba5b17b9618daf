import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface Load {
  /** On 127.0.0.1. */
  readonly port: number;
  /** Whole requests as they stand on the wire, sent in turn. */
  readonly requests: readonly Buffer[];
  /** Connections, kept alive where the server keeps them, each with one request under way at a time. */
  readonly connections: number;
  /** Ends after so many requests, or after so many milliseconds. */
  readonly until: { readonly count: number } | { readonly durationMs: number };
}

export interface LoadResult {
  readonly answers: number;
  /** How often each status was answered. */
  readonly statuses: ReadonlyMap<number, number>;
  readonly elapsedMs: number;
}

export interface RequestOnWire {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** The bytes of an HTTP/1.1 request; Host and Content-Length are added. */
export function toWire({ method, path, headers = {}, body = '' }: RequestOnWire): Buffer {
  const lines = Object.entries({ Host: '127.0.0.1', ...headers }).map(([name, value]) => `${name}: ${value}`);
  const length = Buffer.byteLength(body);
  if (length > 0) lines.push(`Content-Length: ${length}`);
  return Buffer.concat([
    Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`),
    Buffer.from(body),
  ]);
}

/**
 * Sends as fast as the server answers. It speaks HTTP over bare sockets, because a client library would be slower than
 * what it is to load. Throws when the server hangs up without an answer.
 */
export async function applyLoad({ port, requests, connections, until }: Load): Promise<LoadResult> {
  const statuses = new Map<number, number>();
  const startedMs = performance.now();
  let sent = 0;
  const isOver = (): boolean =>
    'count' in until ? sent >= until.count : performance.now() - startedMs >= until.durationMs;
  const next = (): Buffer | undefined => {
    if (isOver()) return undefined;
    sent += 1;
    return requests[sent % requests.length];
  };
  const answered = (status: number): void => void statuses.set(status, (statuses.get(status) ?? 0) + 1);
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while ((await converse(port, next, answered)) === 'hung up');
    }),
  );
  const answers = [...statuses.values()].reduce((sum, count) => sum + count, 0);
  return { answers, statuses, elapsedMs: performance.now() - startedMs };
}

/** Talks over one connection, until there is nothing more to say or the server wants no more of it. */
async function converse(
  port: number,
  next: () => Buffer | undefined,
  answered: (status: number) => void,
): Promise<'over' | 'hung up'> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const { promise, resolve, reject } = Promise.withResolvers<'over' | 'hung up'>();
  const leave = (why: 'over' | 'hung up'): void => {
    hangUp(socket);
    resolve(why);
  };
  let received = '';
  const send = (): void => {
    const request = next();
    if (request === undefined) leave('over');
    else socket.write(request);
  };
  socket.setEncoding('latin1');
  socket.on('data', (chunk) => {
    received += String(chunk);
    const status = statusOfComplete(received);
    if (status === undefined) return;
    answered(status);
    const closes = /\r\nconnection: close\r\n/i.test(received);
    received = '';
    if (closes) leave('hung up');
    else send();
  });
  socket.on('error', reject);
  socket.on('close', () => reject(new Error('the server hung up without an answer')));
  send();
  return promise;
}

function hangUp(socket: Socket): void {
  socket.removeAllListeners('close');
  socket.removeAllListeners('error');
  // What the server still says to a connection that we close is of no interest.
  socket.on('error', () => {});
  socket.destroy();
}

/** The status of the answer, once all of it is there. */
function statusOfComplete(received: string): number | undefined {
  const headEnd = received.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const head = received.slice(0, headEnd + 2);
  const complete = /\r\ntransfer-encoding: chunked\r\n/i.test(head)
    ? received.endsWith('\r\n0\r\n\r\n')
    : received.length >= headEnd + 4 + Number(/\r\ncontent-length: (\d+)\r\n/i.exec(head)?.[1] ?? 0);
  return complete ? Number(received.slice(9, 12)) : undefined;
}
