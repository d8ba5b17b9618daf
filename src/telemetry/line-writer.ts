import { writeSync } from 'node:fs';

export interface LineWriter {
  /** Writes one line; never throws. */
  write(line: string): void;
  /** Waits up to a second for a slow reader to take what is left. For the moment before the process exits. */
  flush(): void;
  /** How many lines were given up because the reader is gone or does not read. */
  dropped(): number;
}

const MAX_WAITING_BYTES = 1024 * 1024;
const PATIENCE_MS = 100;
const NEWLINE = 0x0a;
const LAST_PATIENCE_MS = 1000;

/**
 * Writes whole lines to the file descriptor `fd` before it returns, so that none is lost when the process exits. (Node's
 * own `process.stdout` loses what it has queued when its other end is a socket.) Where the descriptor does not block, a
 * full buffer is waited for a moment; a reader that does not read gets the lines later, up to 1 MiB of them; those
 * beyond are dropped and counted. A reader that went away (`headwind | head`) is no reason to die, and neither is a full
 * disk: what finds no room is dropped and counted, and later lines are written once there is room again.
 * `writeChunk` answers the number of bytes that were taken, and throws `EAGAIN` where none could be.
 */
export function createLineWriter(
  fd: number,
  writeChunk: (fd: number, bytes: Uint8Array) => number = writeSync,
): LineWriter {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  let waiting = Buffer.alloc(0);
  // Whether the last byte that was taken is in the middle of a line.
  let isTorn = false;
  let gone = false;
  let dropped = 0;

  /** Writes as much as is taken within `patienceMs`, which is counted in pauses, not by a clock. */
  const drain = (patienceMs: number): void => {
    let pauses = 0;
    while (waiting.length > 0) {
      const taken = tryWrite();
      if (taken > 0) {
        isTorn = waiting[taken - 1] !== NEWLINE;
        waiting = waiting.subarray(taken);
      } else if (gone || waiting.length === 0 || pauses >= patienceMs) return;
      else {
        pauses += 1;
        Atomics.wait(pause, 0, 0, 1);
      }
    }
  };

  const tryWrite = (): number => {
    try {
      return writeChunk(fd, waiting);
    } catch (error) {
      if (isAgain(error)) return 0;
      if (isOutOfRoom(error)) giveUp();
      else gone = true;
      return 0;
    }
  };

  /** Drops all that waits; of a line that was begun, the rest. */
  const giveUp = (): void => {
    // What only ends a torn line is no line of its own.
    const lines = isTorn && waiting[0] === NEWLINE ? waiting.subarray(1) : waiting;
    dropped += lines.filter((byte) => byte === NEWLINE).length;
    waiting = Buffer.alloc(0);
  };

  /** A line as it is written. One that was given up in its middle is ended first, so that it spoils no other one. */
  const framed = (line: string): Buffer =>
    Buffer.from(`${isTorn && waiting.length === 0 ? '\n' : ''}${line}\n`);

  return {
    write: (line) => {
      const stalled = waiting.length > 0;
      if (gone || waiting.length > MAX_WAITING_BYTES) dropped += 1;
      else waiting = Buffer.concat([waiting, framed(line)]);
      drain(stalled ? 0 : PATIENCE_MS);
      if (gone) waiting = Buffer.alloc(0);
    },
    flush: () => drain(LAST_PATIENCE_MS),
    dropped: () => dropped,
  };
}

/** Somebody may make room, or raise the quota. */
function isOutOfRoom(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(String(error.code))
  );
}

function isAgain(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EAGAIN' || error.code === 'EINTR');
}
