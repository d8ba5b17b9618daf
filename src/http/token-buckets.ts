import type { Clock } from '../core/clock.ts';

/** A rate for each of several keys. */
export interface TokenBuckets {
  /**
   * Takes `cost` tokens of the key's bucket (all there can be, if it costs more than that) and answers 0; where there are
   * not so many it takes none and answers after how many milliseconds there will be.
   */
  take(key: string, cost: number): number;
}

interface Bucket {
  tokens: number;
  filledAtMs: number;
}

/**
 * Buckets that are filled by `perSecond` tokens a second and hold `burst`; 0 a second: nothing is ever refused. Keys come
 * from a fixed list, which bounds the number of buckets.
 */
export function createTokenBuckets({
  perSecond,
  burst,
  clock,
}: {
  readonly perSecond: number;
  readonly burst: number;
  readonly clock: Pick<Clock, 'elapsed'>;
}): TokenBuckets {
  const buckets = new Map<string, Bucket>();
  return {
    take(key, cost) {
      if (perSecond === 0) return 0;
      const nowMs = clock.elapsed();
      const { tokens, filledAtMs } = buckets.get(key) ?? { tokens: burst, filledAtMs: nowMs };
      const gained = ((nowMs - filledAtMs) / 1000) * perSecond;
      const held = Math.min(burst, tokens + gained);
      const wanted = Math.min(cost, burst);
      const enough = held >= wanted;
      buckets.set(key, { tokens: enough ? held - wanted : held, filledAtMs: nowMs });
      return enough ? 0 : Math.ceil(((wanted - held) / perSecond) * 1000);
    },
  };
}
