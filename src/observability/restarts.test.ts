import { describe, expect, it } from 'vitest';
import { START_METRIC } from './backend.ts';
import { throughRestarts } from './restarts.ts';
import type { Point, SampledSeries } from './samples.ts';

const series = (metric: string, points: readonly Point[], process = 'a'): SampledSeries => ({
  metric,
  key: `${metric} ${process}`,
  process,
  points,
});
const point = (atMs: number, value: number): Point => ({ atMs, value });

describe('restarts between two points of the grid', () => {
  it('are filled in with what was known right before them', async () => {
    const asked: number[] = [];
    const samples = await throughRestarts({
      series: [
        series('counter', [point(60_000, 5), point(120_000, 1)]),
        series(START_METRIC, [point(60_000, 10), point(120_000, 90)]),
      ],
      firstStarts: [series('', [point(60_000, 10), point(120_000, 10)])],
      readBefore: (atMs) => {
        asked.push(atMs);
        return Promise.resolve([series('counter', [point(1, 8)]), series('counter', [point(1, 999)], 'b')]);
      },
    });
    expect(asked).toEqual([90_000]);
    expect(samples.series).toEqual([
      series('counter', [point(60_000, 5), point(90_000, 8), point(120_000, 1)]),
    ]);
    expect(samples.starts.get('a')).toHaveLength(2);
  });

  it('are not asked about where the old process was not there any more', async () => {
    const starts = series(START_METRIC, [point(60_000, 10), point(120_000, 90)]);
    const samples = await throughRestarts({
      series: [starts],
      firstStarts: [series('', [point(60_000, 10), point(120_000, 90)])],
      readBefore: () => Promise.reject(new Error('nobody asks')),
    });
    expect(samples.series).toEqual([]);
  });

  it('are asked about a bounded number of times, the latest first', async () => {
    const points = Array.from({ length: 100 }, (_, index) => point((index + 1) * 60_000, index * 60 + 30));
    const asked: number[] = [];
    await throughRestarts({
      series: [series(START_METRIC, points)],
      firstStarts: [
        series(
          '',
          points.map(({ atMs }) => point(atMs, 0)),
        ),
      ],
      readBefore: (atMs) => {
        asked.push(atMs);
        return Promise.resolve([]);
      },
    });
    expect(asked).toHaveLength(12);
    expect(Math.max(...asked)).toBe(99 * 60_000 + 30_000);
  });
});
