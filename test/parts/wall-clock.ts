import type { Clock } from '../../src/core/clock.ts';

/** The machine's time, for tests that talk to real servers. */
export const wallClock: Clock = {
  now: () => Date.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};
