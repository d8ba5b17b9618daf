import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface Load {
  /** `127.0.0.1` is where it listens. */
  readonly port: number;
  readonly path: string;
  /** JSON texts that are sent in turn. */
  readonly bodies: readonly string[];
  /** Keep-alive connections, each with one request under way at a time. */
  readonly connections: number;
  readonly durationMs: number;
}

export interface LoadResult {
  readonly answers: number;
  /** How often each status was answered. */
  readonly statuses: ReadonlyMap<number, number>;
  readonly elapsedMs: number;
}

/**
 * Posts as fast as the server answers. It speaks HTTP over bare sockets, because a client library would be slower than
 * what it is to measure. Throws when a connection breaks.
 */
export async function applyLoad(load: Load): Promise<LoadResult> {
  const requests = load.bodies.map((body) => toRequest(load.path, body));
  const statuses = new Map<number, number>();
  const startedMs = performance.now();
  const untilMs = startedMs + load.durationMs;
  let sent = 0;
  const nextRequest = (): Buffer | undefined => {
    if (performance.now() >= untilMs) return undefined;
    sent += 1;
    return requests[sent % requests.length];
  };
  const answered = (status: number): void => void statuses.set(status, (statuses.get(status) ?? 0) + 1);
  await Promise.all(
    Array.from({ length: load.connections }, () => converse(load.port, nextRequest, answered)),
  );
  const answers = [...statuses.values()].reduce((sum, count) => sum + count, 0);
  return { answers, statuses, elapsedMs: performance.now() - startedMs };
}

function toRequest(path: string, body: string): Buffer {
  const head = [
    `POST ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}

async function converse(
  port: number,
  nextRequest: () => Buffer | undefined,
  answered: (status: number) => void,
): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let received = '';
  const send = (): void => {
    const request = nextRequest();
    if (request === undefined) finish(socket, resolve);
    else socket.write(request);
  };
  socket.setEncoding('latin1');
  socket.on('data', (chunk) => {
    received += String(chunk);
    const status = completeAnswer(received);
    if (status === undefined) return;
    received = '';
    answered(status);
    send();
  });
  socket.on('error', reject);
  socket.on('close', () => reject(new Error('the server closed a connection under load')));
  send();
  await promise;
}

function finish(socket: Socket, resolve: () => void): void {
  socket.removeAllListeners('close');
  socket.destroy();
  resolve();
}

const LENGTH = /\r\ncontent-length: (\d+)\r\n/i;

/** The status of the answer, once all of it is there. Both servers always send a Content-Length. */
function completeAnswer(received: string): number | undefined {
  const headEnd = received.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const chunked =
    received.includes('\r\ntransfer-encoding: chunked\r\n') ||
    received.includes('\r\nTransfer-Encoding: chunked\r\n');
  const length = LENGTH.exec(received)?.[1];
  if (chunked ? !received.endsWith('0\r\n\r\n') : received.length < headEnd + 4 + Number(length ?? 0))
    return undefined;
  return Number(received.slice(9, 12));
}
