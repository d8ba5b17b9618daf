import { START_METRIC } from './backend.ts';
import type { Point, Samples, SampledSeries } from './samples.ts';

export interface ReadOverTime {
  /** What was read on the grid: the last values of each stretch between two of its points. */
  readonly series: readonly SampledSeries[];
  /** The start of the process that was there first in each stretch, at the same moments. */
  readonly firstStarts: readonly SampledSeries[];
  /** What was read last before a moment, a stretch back at most. */
  readonly readBefore: (atMs: number) => Promise<readonly SampledSeries[]>;
}

/** A process that dies all the time is not followed through all its lives. */
const MAX_RESTARTS = 12;

/**
 * Adds what a process had counted before it was started anew, where it was so within a stretch, in which nothing else
 * would tell of it: read at the moment of the new start, when the old process was gone and the new one had not counted.
 */
export async function throughRestarts(read: ReadOverTime): Promise<Samples> {
  const moments = restartsIn(read);
  const before = await Promise.all(
    moments.map(async ({ process, atMs }) => {
      const all = await read.readBefore(atMs);
      return all
        .filter((series) => series.process === process)
        .map((series) => ({ ...series, points: series.points.map(({ value }) => ({ atMs, value })) }));
    }),
  );
  const byKey = new Map(read.series.map((series) => [series.key, series]));
  for (const series of before.flat()) {
    const known = byKey.get(series.key)?.points ?? [];
    byKey.set(series.key, { ...series, points: inserted(known, series.points) });
  }
  return toSamples([...byKey.values()]);
}

interface Restart {
  readonly process: string;
  readonly atMs: number;
}

/** When processes were started anew within a stretch, the latest ones. */
function restartsIn({ series, firstStarts }: ReadOverTime): readonly Restart[] {
  const first = new Map(
    firstStarts.flatMap(({ process, points }) =>
      points.map(({ atMs, value }) => [`${process}\n${atMs}`, value] as const),
    ),
  );
  const restarts = series
    .filter(({ metric }) => metric === START_METRIC)
    .flatMap(({ process, points }) =>
      points
        .filter(({ atMs, value }) => (first.get(`${process}\n${atMs}`) ?? value) < value)
        .map(({ value }) => ({ process, atMs: value * 1000 })),
    );
  const once = new Map(restarts.map((restart) => [`${restart.process}\n${restart.atMs}`, restart]));
  return [...once.values()].toSorted((a, b) => b.atMs - a.atMs).slice(0, MAX_RESTARTS);
}

function inserted(points: readonly Point[], more: readonly Point[]): readonly Point[] {
  return [...points, ...more].toSorted((a, b) => a.atMs - b.atMs);
}

/** What was read, with the starts of the processes told apart from all else. */
function toSamples(read: readonly SampledSeries[]): Samples {
  const isStart = ({ metric }: SampledSeries): boolean => metric === START_METRIC;
  const starts = read.filter(isStart).map(({ process, points }) => [process, points] as const);
  return { series: read.filter((series) => !isStart(series)), starts: new Map(starts) };
}
