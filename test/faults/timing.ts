import type { Healing } from './fault.ts';

/** A time in milliseconds, by one draw. */
export function between(random: () => number, leastMs: number, mostMs: number): number {
  return Math.round(leastMs + random() * (mostMs - leastMs));
}

/** A fault that is over by itself, whose healing is only to wait for that. */
export function lasting(work: Promise<void>, bites: () => number): Healing {
  // It is waited for in `heal`; until then nobody would hear of its failure.
  work.catch(() => undefined);
  return { bites, heal: () => work };
}
