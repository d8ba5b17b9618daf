import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { createTokenBuckets } from './token-buckets.ts';

function buckets(perSecond: number, burst: number) {
  const clock = new FakeClock();
  const made = createTokenBuckets({ perSecond, burst, clock });
  return { clock, take: (key: string, cost: number) => made.take(key, cost) };
}

describe('createTokenBuckets', () => {
  it('gives a whole burst at once, then says how long the next takes', () => {
    const { take } = buckets(10, 3);
    expect([take('a', 1), take('a', 1), take('a', 1), take('a', 1)]).toEqual([0, 0, 0, 100]);
  });

  it('fills with the time, and not beyond the burst', async () => {
    const { clock, take } = buckets(10, 3);
    take('a', 3);
    await clock.advance(100);
    expect([take('a', 1), take('a', 1)]).toEqual([0, 100]);
    await clock.advance(60_000);
    expect([take('a', 3), take('a', 1)]).toEqual([0, 100]);
  });

  it('holds each key to its own', () => {
    const { take } = buckets(10, 1);
    expect([take('a', 1), take('b', 1), take('a', 1)]).toEqual([0, 0, 100]);
  });

  it('takes nothing where there is not enough', async () => {
    const { clock, take } = buckets(10, 10);
    take('a', 8);
    expect([take('a', 3), take('a', 2)]).toEqual([100, 0]);
    await clock.advance(300);
    expect(take('a', 3)).toBe(0);
  });

  it('gives what costs more than a burst for the whole of it', async () => {
    const { clock, take } = buckets(10, 10);
    expect([take('a', 1000), take('a', 1000)]).toEqual([0, 1000]);
    await clock.advance(1000);
    expect(take('a', 1000)).toBe(0);
  });

  it('never refuses what costs nothing, nor anything where there is no limit', () => {
    const { take } = buckets(10, 1);
    take('a', 1);
    expect(take('a', 0)).toBe(0);
    const free = buckets(0, 0);
    expect(free.take('a', 1_000_000)).toBe(0);
  });
});
