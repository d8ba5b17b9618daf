/** One call's end: by its caller's signal or by its time limit, whichever comes first. */
export interface Cancel {
  readonly signal: AbortSignal;
  /** Lifts the time limit; the caller's signal stays. */
  liftLimit(): void;
  /** Lets go of the timer and the caller's signal. To be called however the call ended. */
  release(): void;
}

/** The call took longer than it was allowed to. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
}

/** Ties `outer` and a limit of `timeoutMs` milliseconds together. Not AbortSignal.any: it cannot be let go of. */
export function createCancel(outer: AbortSignal | undefined, timeoutMs: number): Cancel {
  const controller = new AbortController();
  const onOuter = (): void => controller.abort(outer?.reason);
  const timer = setTimeout(() => {
    controller.abort(new TimeoutError(`no answer within ${timeoutMs} ms`));
  }, timeoutMs);
  if (outer?.aborted === true) onOuter();
  else outer?.addEventListener('abort', onOuter, { once: true });
  return {
    signal: controller.signal,
    liftLimit: () => clearTimeout(timer),
    release: () => {
      clearTimeout(timer);
      outer?.removeEventListener('abort', onOuter);
    },
  };
}

/** What a signal was aborted with, as an error that can be thrown. */
export function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new Error('the call was broken off', { cause: reason });
}

/** Waits for `promise`, but no longer than until `signal` is aborted. */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    promise.catch(() => undefined);
    throw reasonOf(signal);
  }
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(reasonOf(signal));
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
