import type { Clock } from '../core/clock.ts';

export interface ClockWatchOptions {
  readonly clock: Clock;
  /** Told by how many milliseconds the time of day has leapt forward, or back where that is negative. */
  readonly onSet: (byMs: number) => void;
}

const LOOK_EVERY_MS = 5000;
/** Clocks that are kept right by the network are slowed down and sped up by far less between two looks. */
const TOLERATED_MS = 1000;

/** Notices when somebody sets the machine's clock, within 5 s. The returned function ends the watch. */
export function watchClock({ clock, onSet }: ClockWatchOptions): () => void {
  const ahead = (): number => clock.now() - clock.elapsed();
  let lastMs = ahead();
  let cancel = (): void => undefined;
  const look = (): void => {
    const nowMs = ahead();
    const byMs = Math.round(nowMs - lastMs);
    lastMs = nowMs;
    if (Math.abs(byMs) > TOLERATED_MS) onSet(byMs);
    cancel = clock.after(LOOK_EVERY_MS, look);
  };
  cancel = clock.after(LOOK_EVERY_MS, look);
  return () => cancel();
}
