import { setTimeout as sleep } from 'node:timers/promises';

export interface EventuallyOptions {
  /** What is waited for, in words: it heads the failure message. */
  readonly what: string;
  /** How long to wait at most, in milliseconds; 10 s unless told. */
  readonly timeoutMs?: number;
  /** The pause between two looks, in milliseconds; 25 unless told. */
  readonly everyMs?: number;
}

/** Thrown by a check that knows that waiting longer is of no use: `eventually` fails at once. */
export class NoUseWaitingError extends Error {
  override readonly name = 'NoUseWaitingError';
}

/**
 * Calls `check` until it returns without throwing and with something other than `false` or `undefined`, and returns
 * that. When the time is over it throws, saying what was waited for, how long, and what the last look gave.
 */
export async function eventually<T>(
  check: () => T | Promise<T>,
  { what, timeoutMs = 10_000, everyMs = 25 }: EventuallyOptions,
): Promise<Exclude<T, false | undefined>> {
  const startedAt = performance.now();
  for (let looks = 1; ; looks += 1) {
    const look = await lookOnce(check);
    if (look.ok) return look.value;
    const waitedMs = performance.now() - startedAt;
    if (waitedMs >= timeoutMs || look.cause instanceof NoUseWaitingError) {
      const seconds = (waitedMs / 1000).toFixed(1);
      throw new Error(`${what}: not within ${seconds} s (${looks} looks); the last one: ${look.why}`, {
        cause: look.cause,
      });
    }
    await sleep(everyMs);
  }
}

type Look<T> =
  | { readonly ok: true; readonly value: Exclude<T, false | undefined> }
  | { readonly ok: false; readonly why: string; readonly cause?: unknown };

async function lookOnce<T>(check: () => T | Promise<T>): Promise<Look<T>> {
  try {
    const value = await check();
    return isAnswer(value) ? { ok: true, value } : { ok: false, why: String(value) };
  } catch (error) {
    return { ok: false, why: error instanceof Error ? error.message : String(error), cause: error };
  }
}

function isAnswer<T>(value: T): value is Exclude<T, false | undefined> {
  return value !== false && value !== undefined;
}
