import type { Queryable } from './queryable.ts';
import type { TimeWindow } from './ranges.ts';
import type { Point, SampledSeries, Samples } from './samples.ts';

/** One value for each step of a window; null where nothing is known. */
export type StepValues = readonly (number | null)[];

/** For how long a value counts after it was read: as long as Prometheus looks back. */
const KNOWN_FOR_MS = 300_000;
/** Between the start of a process and the first time that somebody reads its metrics. */
const FIRST_READ_WITHIN_MS = 120_000;

/**
 * What happened in each step, from what was read of one metric. Counters: by how much they grew, over all processes and
 * labels; a restart, where they begin again at zero, takes nothing away. Gauges: what they were at the end of the step.
 */
export function toSteps(queryable: Queryable, samples: Samples, window: TimeWindow): StepValues {
  const own = samples.series.filter(({ metric }) => metric === queryable.name);
  return queryable.kind === 'counter'
    ? growthIn(own, samples.starts, window)
    : levelsIn(own, queryable, window);
}

function growthIn(
  series: readonly SampledSeries[],
  starts: Samples['starts'],
  window: TimeWindow,
): StepValues {
  const sums: (number | null)[] = Array.from({ length: window.count }, () => null);
  for (const { process, points } of series) {
    const known = lastValues(points, window);
    for (const [index, value] of known.entries()) if (value !== null) sums[index] ??= 0;
    for (const { atMs, value } of growthOf(points, starts.get(process) ?? [], window.gridMs)) {
      const index = stepOf(atMs, window);
      if (index !== undefined) sums[index] = (sums[index] ?? 0) + value;
    }
  }
  return sums;
}

/**
 * By how much a counter had grown when it was read, each time since the time before. What a process counted before it
 * was read first belongs to it only where it had just been started: who begins to collect metrics must not see the work
 * of months as that of a minute.
 */
export function growthOf(
  points: readonly Point[],
  starts: readonly Point[],
  gridMs: number,
): readonly Point[] {
  const startedAt = new Map(starts.map(({ atMs, value }) => [atMs, value * 1000]));
  const growth: Point[] = [];
  let before: Point | undefined;
  let startBefore: number | undefined;
  for (const point of points) {
    const start = startedAt.get(point.atMs);
    const restarted = start !== undefined && startBefore !== undefined && start > startBefore;
    if (before === undefined) {
      const isNew = start !== undefined && start >= point.atMs - gridMs - FIRST_READ_WITHIN_MS;
      growth.push({ atMs: point.atMs, value: isNew ? point.value : 0 });
    } else {
      const again = restarted || point.value < before.value;
      growth.push({ atMs: point.atMs, value: again ? point.value : point.value - before.value });
    }
    before = point;
    startBefore = start ?? startBefore;
  }
  return growth;
}

function levelsIn(series: readonly SampledSeries[], { across }: Queryable, window: TimeWindow): StepValues {
  const byProcess = Map.groupBy(series, ({ process }) => process);
  const processes = Array.from(byProcess.values(), (own) =>
    own.map(({ points }) => lastValues(points, window)).reduce((a, b) => combine(a, b, 'sum')),
  );
  const none: StepValues = Array.from({ length: window.count }, () => null);
  return processes.reduce((a, b) => combine(a, b, across), none);
}

function combine(a: StepValues, b: StepValues, how: 'max' | 'sum'): StepValues {
  return a.map((one, index) => {
    const other = b[index] ?? null;
    if (one === null || other === null) return one ?? other;
    return how === 'max' ? Math.max(one, other) : one + other;
  });
}

/** The last value that was read in each step; for a while, one that was read before counts on. */
function lastValues(points: readonly Point[], window: TimeWindow): StepValues {
  const { fromMs, stepMs, nowMs } = window;
  let next = 0;
  let last: Point | undefined;
  return Array.from({ length: window.count }, (_, index) => {
    const endMs = fromMs + (index + 1) * stepMs;
    for (let point = points[next]; point !== undefined && point.atMs <= endMs; point = points[next]) {
      last = point;
      next += 1;
    }
    if (last === undefined) return null;
    const freshMs = Math.max(stepMs, KNOWN_FOR_MS);
    return last.atMs > Math.min(endMs, nowMs) - freshMs ? last.value : null;
  });
}

/** In which step a moment is; the end of a step belongs to it, as what is read then happened before. */
function stepOf(atMs: number, { fromMs, stepMs, count }: TimeWindow): number | undefined {
  const index = Math.ceil((atMs - fromMs) / stepMs) - 1;
  return index >= 0 && index < count ? index : undefined;
}

/** The one value of a metric now, from what was read last of each series; undefined where nothing was. */
export function toValue(queryable: Queryable, series: readonly SampledSeries[]): number | undefined {
  const byProcess = new Map<string, number>();
  for (const { metric, process, points } of series) {
    const last = points.at(-1);
    if (metric === queryable.name && last !== undefined)
      byProcess.set(process, (byProcess.get(process) ?? 0) + last.value);
  }
  if (byProcess.size === 0) return undefined;
  const values = [...byProcess.values()];
  return queryable.across === 'max' ? Math.max(...values) : values.reduce((a, b) => a + b);
}
