const FIRST_RETRY_MS = 1000;
const MAX_RETRY_MS = 30_000;
const FIRST_REST_MS = 15_000;
const MAX_REST_MS = 60_000;

/**
 * How long to wait after `failures` failed tries (from 1), in milliseconds. `maxRetries` tries follow the first one after
 * 1 s, 2 s, 4 s and so on: one round. After a round there is a rest of 15 s, 30 s, then 60 s each time, so that a target
 * that comes back is noticed within a minute however long it was away. A random half is taken off.
 */
export function delayAfter(failures: number, maxRetries: number, random: () => number): number {
  const triesPerRound = maxRetries + 1;
  const inRound = failures % triesPerRound;
  const full =
    inRound === 0
      ? doubling(FIRST_REST_MS, failures / triesPerRound, MAX_REST_MS)
      : doubling(FIRST_RETRY_MS, inRound, MAX_RETRY_MS);
  return Math.round(full * (1 - random() / 2));
}

function doubling(firstMs: number, count: number, mostMs: number): number {
  return Math.min(mostMs, firstMs * 2 ** Math.min(count - 1, 30));
}
