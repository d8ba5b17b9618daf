import { describe, expect, it } from 'vitest';
import { isMet, missedOf, type Row } from '../../bench/budget.ts';
import { growthOf } from '../../bench/growth.ts';
import { memoryTrend } from '../../bench/memory-trend.ts';
import { quantile } from '../../bench/quantile.ts';
import { Report } from '../../bench/report-file.ts';
import { toJson, toTable } from '../../bench/report.ts';

const MACHINE = {
  processor: 'a processor',
  cores: 2,
  memoryMb: 24_000,
  loadBefore: 0.1,
  node: 'v26.0.0',
  kubernetes: null,
  headwind: 'build',
  version: '1.0.0',
  startedAt: '2026-01-01T00:00:00Z',
  tookSeconds: 1,
  quick: false,
} as const;

function aRow(size: number, value: number, limit?: number): Row {
  return {
    what: `start, ${size} workloads`,
    value,
    unit: 'ms',
    limit: limit === undefined ? undefined : { kind: 'at most', value: limit },
    growth: { series: 'start', of: 'workloads', size },
  };
}

describe('growth', () => {
  it('is the last figure beside the first, whatever the order of the rows', () => {
    expect(growthOf([aRow(1000, 40), aRow(100, 20), aRow(10_000, 80)])).toMatchObject([
      { what: 'start', of: 'workloads', unit: 'ms', grew: 4, linear: 100 },
    ]);
  });

  it('leaves out size 0, figures at one size alone, and figures that begin with nothing', () => {
    expect(growthOf([aRow(0, 1), aRow(100, 20)])).toEqual([]);
    expect(growthOf([aRow(100, 0), aRow(1000, 20)])).toEqual([]);
  });
});

describe('the report', () => {
  const results = [
    { budget: 'start-to-ready', rows: [aRow(100, 20), aRow(1000, 40, 30)], failures: ['it ended'] },
  ];

  it('can be read by its own schema, and says what is missed', () => {
    const report = Report.parse(JSON.parse(toJson(MACHINE, results)));

    expect(report.rows.map(({ met }) => met)).toEqual([null, false]);
    expect(report.growth).toHaveLength(1);
    expect(report.failures).toEqual([{ budget: 'start-to-ready', why: 'it ended' }]);
  });

  it('shows missed budgets and growth to a person', () => {
    const text = toTable(results).join('\n');

    expect(text).toContain('1 of 1 budgets MISSED.');
    expect(text).toContain('NOT MEASURED: start-to-ready: it ended');
    expect(text).toMatch(/start, by workloads +20 ms +40 ms +2.00× +10×/);
    expect(missedOf(results[0]?.rows ?? [])).toHaveLength(1);
    expect(isMet(aRow(100, 20))).toBeUndefined();
  });
});

describe('the trend of memory', () => {
  it.each([
    ['flat', [50, 50, 50, 50], 0, 50],
    ['rising by 2 MB a minute', [50, 52, 54, 56], 2, 56],
    ['falling', [56, 54, 52, 50], -2, 56],
  ])('is %s', (_name, mbs, mbPerMinute, mostMb) => {
    const trend = memoryTrend(mbs.map((mb, minutes) => ({ minutes, mb })));

    expect(trend.mbPerMinute).toBeCloseTo(mbPerMinute);
    expect(trend.mostMb).toBe(mostMb);
  });

  it('needs two samples', () => {
    expect(() => memoryTrend([{ minutes: 0, mb: 1 }])).toThrow(RangeError);
  });
});

describe('a quantile', () => {
  it.each([
    [0.5, 50],
    [0.99, 99],
    [1, 100],
  ])('of %d is the smallest that so many do not exceed', (share, expected) => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(quantile(values, share)).toBe(expected);
  });
});
