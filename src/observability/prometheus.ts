import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { BackendError, SIGN_OF_LIFE, START_METRIC, type Backend } from './backend.ts';
import type { BackendHttp } from './http.ts';
import type { TimeWindow } from './ranges.ts';
import { throughRestarts } from './restarts.ts';
import type { SampledSeries } from './samples.ts';

export interface PrometheusOptions {
  /** Both speak the same API (https://prometheus.io/docs/prometheus/latest/querying/api). */
  readonly id: 'prometheus' | 'victoriametrics';
  /** Without `/api/v1`. */
  readonly url: string;
  readonly http: BackendHttp;
  readonly clock: Pick<Clock, 'now'>;
}

const Answer = z.object({
  status: z.literal('success'),
  data: z.object({ result: z.array(z.unknown()) }),
});
const Value = z.tuple([z.number(), z.string()]);
const Labels = z.record(z.string(), z.string());
const Row = z.union([
  z.object({ metric: Labels, values: z.array(Value) }),
  z.object({ metric: Labels, value: Value }).transform(({ metric, value }) => ({ metric, values: [value] })),
]);

/** How far back the look for a sign of life goes, where there is none just now, and how closely it looks. */
const SIGN_QUERY = `max(timestamp(${SIGN_OF_LIFE})) or max(max_over_time(timestamp(${SIGN_OF_LIFE})[1d:5m]))`;

/**
 * Prometheus and VictoriaMetrics. They are asked for what the counters were, closely, and not for `increase()`: that
 * misses what happens between the last read of one step and the first of the next, gives fractions of events, and
 * nothing at all where metrics are read as seldom as once a step.
 */
export function createPrometheus({ id, url, http, clock }: PrometheusOptions): Backend {
  const ask = async (path: string, parameters: Record<string, string>): Promise<readonly SampledSeries[]> => {
    const answer = await http.post({
      url: `${url.replace(/\/{1,9}$/, '')}/api/v1/${path}`,
      headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(parameters).toString(),
    });
    return readAnswer(answer);
  };
  const now = (query: string, time?: string): Promise<readonly SampledSeries[]> =>
    ask('query', { query, ...(time !== undefined && { time }) });

  /** The values on a grid, and what they are now: the grid may end a while ago. */
  const over = async (
    { fromMs, nowMs, gridMs }: TimeWindow,
    query: string,
  ): Promise<readonly SampledSeries[]> => {
    const seconds = (ms: number): string => String(ms / 1000);
    const lastMs = Math.floor(nowMs / gridMs) * gridMs;
    const grid = { start: seconds(fromMs - gridMs), end: seconds(lastMs), step: seconds(gridMs) };
    const [before, latest] = await Promise.all([ask('query_range', { query, ...grid }), now(query)]);
    return joined(before, latest, nowMs);
  };

  return {
    id,
    name: id === 'prometheus' ? 'Prometheus' : 'VictoriaMetrics',
    url,
    async newest() {
      const [sign] = await now(SIGN_QUERY);
      const seconds = sign?.points.at(-1)?.value;
      return seconds === undefined ? undefined : Math.min(seconds * 1000, clock.now());
    },
    async sample(metrics, window) {
      const lookBack = `[${window.gridMs / 1000}s]`;
      const names = [...metrics.map(({ name }) => name), START_METRIC];
      const query = `last_over_time(${selector(names)}${lookBack})`;
      const [series, firstStarts] = await Promise.all([
        over(window, query),
        over(window, `min_over_time(${START_METRIC}${lookBack})`),
      ]);
      return throughRestarts({
        series,
        firstStarts,
        readBefore: (atMs) => now(query, String(atMs / 1000)),
      });
    },
    latest: (metrics) => now(selector(metrics.map(({ name }) => name))),
  };
}

/** Names come out of the table of metrics and nowhere else: they need no escaping. */
function selector(names: readonly string[]): string {
  return `{__name__=~"${names.join('|')}"}`;
}

function readAnswer(text: string): readonly SampledSeries[] {
  const answer = Answer.safeParse(parseJson(text));
  if (!answer.success) throw new BackendError('answers something that is not of its query API');
  return answer.data.data.result.flatMap((row) => {
    const read = Row.safeParse(row);
    return read.success ? [toSeries(read.data.metric, read.data.values)] : [];
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BackendError('answers something that is not JSON', { cause });
  }
}

function toSeries(
  labels: Readonly<Record<string, string>>,
  values: readonly (readonly [number, string])[],
): SampledSeries {
  const { __name__: metric = '', job = '', instance = '' } = labels;
  const points = values
    .map(([seconds, value]) => ({ atMs: seconds * 1000, value: Number(value) }))
    .filter(({ value }) => Number.isFinite(value));
  const identity = JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return { metric, key: identity, process: `${job}\n${instance}`, points };
}

/** Both clocks may differ a little: what is said to be so now is so now, by ours. */
function joined(
  grid: readonly SampledSeries[],
  latest: readonly SampledSeries[],
  nowMs: number,
): readonly SampledSeries[] {
  const byKey = new Map(grid.map((series) => [series.key, series]));
  for (const series of latest) {
    const before = byKey.get(series.key)?.points ?? [];
    const points = series.points.map(({ value }) => ({ atMs: nowMs, value }));
    if ((before.at(-1)?.atMs ?? -Infinity) < nowMs)
      byKey.set(series.key, { ...series, points: [...before, ...points] });
  }
  return [...byKey.values()];
}
