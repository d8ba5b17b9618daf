import type { Clock } from './core/clock.ts';

/** setTimeout counts in 32 bits: a longer wait is made of several. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The machine's clock. Its timers keep the process alive until they have run or been taken back. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.timeOrigin + performance.now(),
  after(delayMs, run) {
    let timer: NodeJS.Timeout;
    const wait = (leftMs: number): void => {
      const next = Math.min(leftMs, LONGEST_TIMER_MS);
      timer = setTimeout(() => (leftMs > next ? wait(leftMs - next) : run()), next);
    };
    wait(Math.max(0, delayMs));
    return () => clearTimeout(timer);
  },
};
