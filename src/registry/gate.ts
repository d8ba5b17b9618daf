import type { Clock } from '../core/clock.ts';

export interface GateOptions {
  readonly clock: Clock;
  /** Requests at the same time. */
  readonly concurrency: number;
  /** Of those that are not urgent, on average. */
  readonly requestsPerSecond: number;
  /** Of each of the two queues. */
  readonly maxWaiting: number;
}

export interface Pass {
  /** To be called once, when the request has ended. */
  done(): void;
}

/** Lets requests to one host through: so many at once, so many a second, what is urgent first. */
export interface Gate {
  /**
   * Resolves when it is this request's turn; undefined where too many wait already, or the signal gave it up. What is
   * urgent waits only for a free place: its requests count, but the rate holds back the others alone.
   */
  enter(options: {
    readonly urgent: boolean;
    readonly signal?: AbortSignal | undefined;
  }): Promise<Pass | undefined>;
  /** How many wait. */
  waiting(): number;
}

/** So many seconds' worth of requests may come at once after a silence. */
const BURST_SECONDS = 2;

/** A token bucket and a limit of concurrency with two queues, each first come, first served. */
export function createGate({ clock, concurrency, requestsPerSecond, maxWaiting }: GateOptions): Gate {
  const burst = Math.max(1, requestsPerSecond * BURST_SECONDS);
  const urgentOnes = new Set<() => void>();
  const others = new Set<() => void>();
  let running = 0;
  // May be negative after urgent ones, which the others then wait for: never below one burst.
  let tokens = burst;
  let countedAtMs = clock.elapsed();
  let stopTimer: (() => void) | undefined;

  const refill = (): void => {
    const nowMs = clock.elapsed();
    tokens = Math.min(burst, tokens + (Math.max(0, nowMs - countedAtMs) / 1000) * requestsPerSecond);
    countedAtMs = nowMs;
  };

  const takeNext = (): (() => void) | undefined => {
    // Sums of fractions may stay a hair below one when the time has come.
    const queue = urgentOnes.size > 0 ? urgentOnes : tokens >= 1 - 1e-6 ? others : undefined;
    const [first] = queue ?? [];
    if (first !== undefined) queue?.delete(first);
    return first;
  };

  const letThrough = (): void => {
    refill();
    while (running < concurrency) {
      const start = takeNext();
      if (start === undefined) break;
      running += 1;
      tokens = Math.max(-burst, tokens - 1);
      start();
    }
    stopTimer?.();
    stopTimer = undefined;
    if (running < concurrency && others.size > 0) {
      const waitMs = Math.max(1, Math.ceil(((1 - tokens) / requestsPerSecond) * 1000));
      stopTimer = clock.after(waitMs, letThrough);
    }
  };

  const pass = (): Pass => ({
    done: () => {
      running -= 1;
      letThrough();
    },
  });

  return {
    enter: ({ urgent, signal }) => {
      const queue = urgent ? urgentOnes : others;
      if (queue.size >= maxWaiting || signal?.aborted === true) return Promise.resolve(undefined);
      return new Promise((resolve) => {
        const giveUp = (): void => {
          queue.delete(start);
          letThrough();
          resolve(undefined);
        };
        const start = (): void => {
          signal?.removeEventListener('abort', giveUp);
          resolve(pass());
        };
        signal?.addEventListener('abort', giveUp, { once: true });
        queue.add(start);
        letThrough();
      });
    },
    waiting: () => urgentOnes.size + others.size,
  };
}
