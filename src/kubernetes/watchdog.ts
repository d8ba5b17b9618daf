import type { Clock } from '../core/clock.ts';

/** Notices silence. */
export interface Watchdog {
  /** A sign of life. Cheap: no timer is moved. */
  touch(): void;
  /** Ends the watch over it. */
  cancel(): void;
}

/** Calls `onSilence` once when `touch` has not been called for `silenceMs` milliseconds. */
export function createWatchdog(clock: Clock, silenceMs: number, onSilence: () => void): Watchdog {
  let touchedAtMs = clock.elapsed();
  let cancel = arm(silenceMs);

  function arm(delayMs: number): () => void {
    return clock.after(delayMs, () => {
      const leftMs = touchedAtMs + silenceMs - clock.elapsed();
      if (leftMs <= 0) onSilence();
      else cancel = arm(leftMs);
    });
  }

  return {
    touch: () => {
      touchedAtMs = clock.elapsed();
    },
    cancel: () => cancel(),
  };
}
