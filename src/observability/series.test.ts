import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Queryable } from './queryable.ts';
import { isRangeName, RANGE_NAMES, timestampsOf, windowOf, type TimeWindow } from './ranges.ts';
import type { Point, SampledSeries } from './samples.ts';
import { growthOf, toSteps, toValue } from './series.ts';

const NOW = Date.UTC(2026, 0, 2, 12, 0, 30);
const WINDOW = windowOf('1h', NOW);
const COUNTER: Queryable = { name: 'headwind_updates_applied_total', kind: 'counter', across: 'sum' };
const PENDING: Queryable = { name: 'headwind_updates_pending', kind: 'gauge', across: 'max' };
const NO_STARTS = new Map<string, readonly Point[]>();

/** Points `[minutes from the start of the window, value]`. */
function points(...pairs: readonly (readonly [number, number])[]): readonly Point[] {
  return pairs.map(([minute, value]) => ({ atMs: WINDOW.fromMs + minute * 60_000, value }));
}

function series(metric: Queryable, process: string, own: readonly Point[]): SampledSeries {
  return { metric: metric.name, key: process, process, points: own };
}

describe('a window', () => {
  it.each(RANGE_NAMES)('of %s ends with the step that now is in, and has whole steps', (range) => {
    const { fromMs, toMs, stepMs, gridMs, count } = windowOf(range, NOW);
    expect(toMs).toBeGreaterThan(NOW);
    expect(toMs - NOW).toBeLessThanOrEqual(stepMs);
    expect(fromMs % stepMs).toBe(0);
    expect(stepMs % gridMs).toBe(0);
    expect(count).toBe((toMs - fromMs) / stepMs);
    expect(timestampsOf(windowOf(range, NOW)).at(-1)).toBe(toMs - stepMs);
  });

  it.each(['2h', '', '__proto__', 'toString'])('is not named "%s"', (name) => {
    expect(isRangeName(name)).toBe(false);
  });
});

describe('a counter', () => {
  const minute = 60_000;
  const grown = (own: readonly Point[], starts: readonly Point[] = []): readonly number[] =>
    growthOf(own, starts, minute).map(({ value }) => value);
  /** When the process had been started, as known at the same moments: minutes from the start of the window. */
  const started = (...pairs: readonly (readonly [number, number])[]): readonly Point[] =>
    pairs.map(([at, start]) => ({
      atMs: WINDOW.fromMs + at * minute,
      value: WINDOW.fromMs / 1000 + start * 60,
    }));

  it.each<[string, readonly Point[], readonly Point[], readonly number[]]>([
    ['is shown as what it grew by', points([0, 5], [1, 5], [2, 8]), [], [0, 0, 3]],
    ['begins again at zero when it falls', points([0, 5], [1, 7], [2, 1]), [], [0, 2, 1]],
    [
      'begins again at zero when the process was started anew, though it has not fallen',
      points([0, 5], [1, 6]),
      started([0, -60], [1, 0.5]),
      [0, 6],
    ],
    ['goes on where the process did', points([0, 5], [1, 6]), started([0, -60], [1, -60]), [0, 1]],
    ['counts all of a process that has just been started', points([5, 4], [6, 5]), started([5, 4.5]), [4, 1]],
    [
      'does not count what a process did long before somebody looked',
      points([5, 5000], [6, 5001]),
      started([5, -9000]),
      [0, 1],
    ],
    ['does not count it where nobody knows the start', points([5, 5000], [6, 5001]), [], [0, 1]],
    ['goes on after a gap', points([0, 5], [30, 9]), [], [0, 4]],
  ])('%s', (_, own, starts, expected) => {
    expect(grown(own, starts)).toEqual(expected);
  });

  it('is the sum over processes and labels, each with its own restarts', () => {
    const samples = {
      series: [
        series(COUNTER, 'a', points([-0.25, 5], [0.5, 6], [1.5, 1])),
        series(COUNTER, 'b', points([-0.25, 100], [0.5, 100], [1.5, 102])),
        series(PENDING, 'b', points([0.5, 77])),
      ],
      starts: NO_STARTS,
    };
    expect(toSteps(COUNTER, samples, WINDOW).slice(0, 3)).toEqual([1, 3, 0]);
  });

  it('gives what is read at the end of a step to that step', () => {
    const samples = { series: [series(COUNTER, 'a', points([0, 0], [1, 1], [2, 3]))], starts: NO_STARTS };
    expect(toSteps(COUNTER, samples, WINDOW).slice(0, 3)).toEqual([1, 2, 0]);
  });

  it('is not known where nobody read it for a while', () => {
    const samples = { series: [series(COUNTER, 'a', points([10, 1], [30, 2]))], starts: NO_STARTS };
    const steps = toSteps(COUNTER, samples, WINDOW);
    expect(steps.slice(0, 9)).toEqual(Array.from({ length: 9 }, () => null));
    expect(steps[11]).toBe(0);
    expect(steps.slice(16, 29).every((value) => value === null)).toBe(true);
    expect(steps[29]).toBe(1);
  });

  it('never falls below zero, and its steps are never more than what happened', () => {
    const life = fc.array(fc.nat({ max: 20 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(fc.array(life, { minLength: 1, maxLength: 5 }), (lives) => {
        const { own, starts } = readEachMinute(lives);
        const samples = { series: [series(COUNTER, 'a', own)], starts: new Map([['a', starts]]) };
        const steps = toSteps(COUNTER, samples, DAY);
        const sum = steps.reduce<number>((all, value) => all + (value ?? 0), 0);
        const happened = lives.flat().reduce((a, b) => a + b, 0);
        expect(steps.every((value) => value === null || value >= 0)).toBe(true);
        expect(sum).toBe(happened);
      }),
    );
  });

  /** A process that is started anew after each life; read at the end of each minute, so that nothing is lost. */
  function readEachMinute(lives: readonly (readonly number[])[]): {
    readonly own: readonly Point[];
    readonly starts: readonly Point[];
  } {
    const own: Point[] = [];
    const starts: Point[] = [];
    let atMs = DAY.fromMs;
    for (const life of lives) {
      const startSeconds = atMs / 1000;
      let count = 0;
      for (const events of life) {
        atMs += DAY.gridMs;
        count += events;
        own.push({ atMs, value: count });
        starts.push({ atMs, value: startSeconds });
      }
    }
    return { own, starts };
  }
});

const DAY: TimeWindow = windowOf('24h', NOW);

describe('a gauge', () => {
  it('is what it was at the end of each step, and counts on for five minutes', () => {
    const samples = {
      series: [series(PENDING, 'a', points([0.25, 2], [0.75, 3], [20, 9]))],
      starts: NO_STARTS,
    };
    const steps = toSteps(PENDING, samples, WINDOW);
    expect(steps.slice(0, 7)).toEqual([3, 3, 3, 3, 3, null, null]);
    expect(steps[19]).toBe(9);
  });

  it('that all replicas know is the largest of theirs', () => {
    const samples = {
      series: [series(PENDING, 'a', points([1, 2])), series(PENDING, 'b', points([1, 3]))],
      starts: NO_STARTS,
    };
    expect(toSteps(PENDING, samples, WINDOW)[0]).toBe(3);
    expect(toValue(PENDING, samples.series)).toBe(3);
  });

  it('that each replica has of its own is the sum over them and over the labels', () => {
    const streams: Queryable = { ...PENDING, across: 'sum' };
    const own = [
      series(streams, 'a', points([1, 2])),
      series(streams, 'a', points([1, 4])),
      series(streams, 'b', points([1, 3])),
    ];
    expect(toSteps(streams, { series: own, starts: NO_STARTS }, WINDOW)[0]).toBe(9);
    expect(toValue(streams, own)).toBe(9);
  });

  it('is not told for the time to come', () => {
    const samples = { series: [series(PENDING, 'a', points([59.5, 4]))], starts: NO_STARTS };
    expect(toSteps(PENDING, samples, WINDOW).at(-1)).toBe(4);
  });

  it('has no value where there is no series', () => {
    expect(toValue(PENDING, [])).toBeUndefined();
    expect(toSteps(PENDING, { series: [], starts: NO_STARTS }, WINDOW)[0]).toBeNull();
  });
});
