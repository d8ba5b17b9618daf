import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from './duration.ts';

describe('parseDuration', () => {
  it.each([
    ['plain numbers are seconds', '300', 300_000],
    ['zero is a duration', '0', 0],
    ['spaces around do not matter', ' 5m ', 300_000],
    ['units may be written in capitals', '5M', 300_000],
    ['units add up', '1h30m', 5_400_000],
    ['fractions of a unit are read', '1.5h', 5_400_000],
    ['milliseconds are told from minutes', '250ms', 250],
    ['days and weeks are units', '1w1d', 691_200_000],
  ])('%s', (_name, text, expected) => {
    expect(parseDuration(text)).toEqual({ ok: true, value: expected });
  });

  it.each([
    ['nothing', ''],
    ['a word', 'soon'],
    ['a negative number', '-5'],
    ['an unknown unit', '5y'],
    ['a unit without a number', 'm'],
    ['a number after the last unit', '1h30'],
    ['units that go up again', '5m1h'],
    ['the same unit twice', '5m5m'],
    ['more than ten years', '3651d'],
    ['a number with an exponent', '1e9'],
  ])('%s is no duration', (_name, text) => {
    expect(parseDuration(text).ok).toBe(false);
  });

  it('reads back every duration that it writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3650 * 86_400_000 }), (durationMs) => {
        expect(parseDuration(formatDuration(durationMs))).toEqual({ ok: true, value: durationMs });
      }),
    );
  });
});
