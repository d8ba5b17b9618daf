import { describe, expect, it } from 'vitest';
import { CHARTED_METRICS } from '../../../src/observability/charted.ts';
import { CHARTS } from './charts.ts';
import {
  formatCount,
  formatSeconds,
  formatStep,
  lastOf,
  rangeText,
  readingOf,
  shortRange,
  totalOf,
} from './values.ts';

describe('the charts', () => {
  it('draw what the server answers, and nothing else', () => {
    for (const { lines } of CHARTS) for (const { metric } of lines) expect(CHARTED_METRICS).toContain(metric);
  });

  it.each(CHARTS)('have lines that are told apart without colour: $title', ({ lines }) => {
    expect(new Set(lines.map(({ dash }) => dash.join())).size).toBe(lines.length);
    expect(new Set(lines.map(({ colour }) => colour)).size).toBe(lines.length);
  });
});

describe('what a legend says', () => {
  const values = [null, 1, 0, 4, null];
  it('is the sum of what there was, or what is known last', () => {
    expect(readingOf('growth', values, undefined)).toBe(5);
    expect(readingOf('level', values, undefined)).toBe(4);
  });

  it('is the value of the step that is looked at', () => {
    expect(readingOf('growth', values, 3)).toBe(4);
    expect(readingOf('growth', values, 0)).toBeUndefined();
    expect(readingOf('level', values, 99)).toBeUndefined();
  });

  it('is nothing where nothing is known', () => {
    expect(totalOf([null, null])).toBeUndefined();
    expect(totalOf(undefined)).toBeUndefined();
    expect(lastOf(undefined)).toBeUndefined();
  });

  it.each([
    [undefined, '–'],
    [0, '0'],
    [12_345, '12,345'],
    [0.5, '0.5'],
  ])('%s is written %s', (value, expected) => {
    expect(formatCount(value)).toBe(expected);
  });

  it.each([
    [60, '1 min'],
    [600, '10 min'],
    [21_600, '6 h'],
  ])('a step of %i s is %s', (seconds, expected) => {
    expect(formatStep(seconds)).toBe(expected);
  });

  it.each([
    ['1h', 'the last hour'],
    ['6h', 'the last 6 hours'],
    ['30d', 'the last 30 days'],
  ])('a range of %s is %s', (range, expected) => {
    expect(rangeText(range)).toBe(expected);
  });

  it('a range is short where there is little room', () => {
    expect(shortRange('24h')).toBe('last 24 h');
  });

  it('times are written in milliseconds and seconds', () => {
    expect(formatSeconds(0.0042)).toBe('4 ms');
    expect(formatSeconds(1.23)).toBe('1.2 s');
  });
});
