export interface Backoff {
  readonly baseMs: number;
  readonly capMs: number;
}

/**
 * How long to wait before the attempt after `failures` consecutive failures (from 1), in milliseconds: doubling from
 * `baseMs` up to `capMs`, of which a random half is taken off so that many waiting at once do not return at once.
 */
export function backoffDelay(failures: number, backoff: Backoff, random: () => number): number {
  const full = Math.min(backoff.capMs, backoff.baseMs * 2 ** Math.min(failures - 1, 40));
  return Math.round(full * (1 - random() / 2));
}
