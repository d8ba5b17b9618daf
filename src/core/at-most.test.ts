import { LRUCache } from 'lru-cache';
import { expect, it } from 'vitest';
import { atMost } from './at-most.ts';

it('keeps at most so many entries, those that were used last', () => {
  const cache = new LRUCache<number, string>(atMost(3));
  for (const key of [1, 2, 3]) cache.set(key, 'x');
  cache.get(1);
  cache.set(4, 'x');
  cache.set(4, 'again');
  expect([...cache.keys()]).toEqual([4, 1, 3]);
});

it('lets entries expire as well', () => {
  let nowMs = 1;
  const cache = new LRUCache<number, string>({
    ...atMost(3),
    ttl: 10,
    ttlResolution: 0,
    perf: { now: () => nowMs },
  });
  for (const key of [1, 2, 3, 4]) cache.set(key, 'x');
  expect(cache.size).toBe(3);
  nowMs = 12;
  expect(cache.get(4)).toBeUndefined();
});
