import { connect, type Socket } from 'node:net';
import { eventually } from './eventually.ts';

/** A connection that says exactly what a test wants said, and keeps what comes back. */
export interface RawConnection {
  readonly socket: Socket;
  /** Everything received so far. */
  received(): string;
  /** Whether the other side has ended or cut the connection. */
  closed(): boolean;
  write(text: string | Buffer): void;
  /** Waits until what was received matches. */
  receives(pattern: RegExp): Promise<string>;
  /** Waits until the other side has closed, and gives all that was received. */
  untilClosed(): Promise<string>;
  close(): void;
}

/** Opens a TCP connection to 127.0.0.1. */
export async function openRaw(port: number): Promise<RawConnection> {
  let text = '';
  let over = false;
  const socket = connect({ host: '127.0.0.1', port });
  socket.setEncoding('utf8');
  socket.on('data', (chunk) => {
    text += String(chunk);
  });
  socket.on('end', () => {
    over = true;
  });
  socket.on('close', () => {
    over = true;
  });
  // A connection that is cut is an outcome here, not an error.
  socket.on('error', () => {});
  await new Promise<void>((resolve) => {
    socket.once('connect', resolve);
    socket.once('close', () => resolve());
  });
  return {
    socket,
    received: () => text,
    closed: () => over,
    write: (data) => void socket.write(data),
    receives: (pattern) =>
      eventually(() => (pattern.test(text) ? text : undefined), {
        what: `an answer like ${String(pattern)}`,
      }),
    untilClosed: () =>
      eventually(() => (over ? `${text} ` : undefined), { what: 'the end of the connection' }),
    close: () => socket.destroy(),
  };
}
