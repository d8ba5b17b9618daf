import type { Clock } from '../core/clock.ts';
import type { Backend } from './backend.ts';
import type { Queryable } from './queryable.ts';
import type { Point, SampledSeries } from './samples.ts';

export interface LiveOptions {
  /** What all metrics of this process are now, by name. */
  readonly read: () => Promise<ReadonlyMap<string, number>>;
  readonly names: readonly string[];
  readonly clock: Clock;
  /** Told of what should never fail. */
  readonly onError: (error: unknown) => void;
}

/** What the process itself remembers of its metrics, so that there are charts without any other program. */
export interface LiveMetrics {
  readonly backend: Backend;
  /** Since when something is remembered, in milliseconds since the Unix epoch. */
  since(): number | undefined;
  /** Begins to remember. */
  start(): void;
  stop(): void;
}

const EVERY_MS = 30_000;
const KEPT_MS = 6 * 3_600_000;
const KEPT = KEPT_MS / EVERY_MS;

/** A ring of six hours, a value of each metric every 30 s: about 6 KB for a metric, and none more. */
export function createLiveMetrics({ read, names, clock, onError }: LiveOptions): LiveMetrics {
  const createdMs = clock.now();
  const times = new Float64Array(KEPT);
  const rings = new Map(names.map((name) => [name, new Float64Array(KEPT)]));
  let taken = 0;
  let cancel = (): void => undefined;
  let stopped = false;

  const take = async (): Promise<void> => {
    const values = await read();
    const at = taken % KEPT;
    times[at] = clock.now();
    for (const [name, ring] of rings) ring[at] = values.get(name) ?? NaN;
    taken += 1;
  };
  const goOn = (): void => {
    take()
      .catch(onError)
      .finally(() => {
        if (!stopped) cancel = clock.after(EVERY_MS, goOn);
      });
  };
  const pointsOf = (name: string): Point[] => {
    const ring = rings.get(name);
    if (ring === undefined) return [];
    const first = Math.max(0, taken - KEPT);
    const points = Array.from({ length: taken - first }, (_, index) => {
      const at = (first + index) % KEPT;
      return { atMs: times[at] ?? 0, value: ring[at] ?? NaN };
    });
    return points.filter(({ value }) => !Number.isNaN(value));
  };
  const toSeries = (
    metrics: readonly Queryable[],
    values: ReadonlyMap<string, number>,
    before: (name: string) => readonly Point[],
  ): SampledSeries[] => {
    const atMs = clock.now();
    return metrics.map(({ name }) => {
      const value = values.get(name);
      const now = value === undefined ? [] : [{ atMs, value }];
      return { metric: name, key: name, process: '', points: [...before(name), ...now] };
    });
  };

  return {
    backend: {
      id: 'live',
      name: 'Live',
      url: undefined,
      newest: () => Promise.resolve(clock.now()),
      async sample(metrics) {
        const series = toSeries(metrics, await read(), pointsOf);
        // All that was counted before the first look counts too: this process began at zero.
        const firstMs = taken === 0 ? clock.now() : taken <= KEPT ? times[0] : undefined;
        const start = firstMs === undefined ? [] : [{ atMs: firstMs, value: createdMs / 1000 }];
        return { series, starts: new Map([['', start]]) };
      },
      latest: async (metrics) => toSeries(metrics, await read(), () => []),
    },
    since: () => (taken === 0 ? undefined : times[Math.max(0, taken - KEPT) % KEPT]),
    start: goOn,
    stop() {
      stopped = true;
      cancel();
    },
  };
}
