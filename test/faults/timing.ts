import type { Healing } from './fault.ts';

/** A whole number from `least` to `most`, such as a time in milliseconds, by one draw. */
export function between(random: () => number, least: number, most: number): number {
  return Math.round(least + random() * (most - least));
}

/** A fault that is over by itself, whose healing is only to wait for that. */
export function lasting(work: Promise<void>, bites: () => number): Healing {
  // It is waited for in `heal`; until then nobody would hear of its failure.
  work.catch(() => undefined);
  return { bites, heal: () => work };
}
