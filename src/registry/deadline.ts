import type { Clock } from '../core/clock.ts';
import { formatDuration } from '../core/duration.ts';
import { Unavailable } from './failure.ts';

export interface Deadline {
  /** For the words. */
  readonly host: string;
  readonly clock: Clock;
  readonly limitMs: number;
  /** Aborted when the client is closed. */
  readonly closing: AbortSignal;
}

export interface NoAnswer {
  readonly outcome: 'unavailable';
  readonly message: string;
  readonly retryAfterMs?: number;
}

/** Runs `work` until its end, the limit, or the closing of the client; what is Unavailable becomes a value. */
export async function withDeadline<T>(
  { host, clock, limitMs, closing }: Deadline,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | NoAnswer> {
  const controller = new AbortController();
  const stopTimer = clock.after(limitMs, () =>
    controller.abort(new Unavailable(`${host} gave no answer within ${formatLimit(limitMs)}`)),
  );
  const close = (): void =>
    controller.abort(new Unavailable(`${host} was not asked to the end: Headwind is stopping`));
  closing.addEventListener('abort', close, { once: true });
  if (closing.aborted) close();
  try {
    return await unlessAborted(controller.signal, () => work(controller.signal));
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    const { message, retryAfterMs } = error;
    return { outcome: 'unavailable', message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  } finally {
    stopTimer();
    closing.removeEventListener('abort', close);
  }
}

/** The result of `work`, or the rejection with the signal's reason if that comes first; `work` itself goes on. */
export async function unlessAborted<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  if (signal === undefined) return work();
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(toError(signal.reason));
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work(), aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function formatLimit(limitMs: number): string {
  return limitMs < 60_000 ? `${limitMs / 1000} s` : formatDuration(limitMs);
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('the question was given up', { cause: reason });
}
