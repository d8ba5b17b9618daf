import { describe, expect, it } from 'vitest';
import { delayAfter } from './pace.ts';

const seconds = (maxRetries: number, random: () => number): readonly number[] =>
  Array.from({ length: 13 }, (_, index) => delayAfter(index + 1, maxRetries, random) / 1000);

describe('delayAfter', () => {
  it('follows a failed try with quick ones, and then rests', () => {
    expect(seconds(3, () => 0)).toEqual([1, 2, 4, 15, 1, 2, 4, 30, 1, 2, 4, 60, 1]);
  });

  it('only rests where no retries are wished', () => {
    expect(seconds(0, () => 0)).toEqual([15, 30, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60]);
  });

  it('never waits longer than half a minute within a round', () => {
    expect(Math.max(...seconds(20, () => 0))).toBe(30);
  });

  it('takes off at most a half', () => {
    expect(seconds(3, () => 1).slice(0, 4)).toEqual([0.5, 1, 2, 7.5]);
  });
});
