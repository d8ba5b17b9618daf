import type { Clock } from '../core/clock.ts';
import { BackendError, SIGN_OF_LIFE, START_METRIC, type Backend } from './backend.ts';
import { readFluxCsv, type FluxTable } from './flux-csv.ts';
import { fluxFilter, fluxString, metricOfRow } from './flux.ts';
import type { BackendHttp } from './http.ts';
import type { Queryable } from './queryable.ts';
import { throughRestarts } from './restarts.ts';
import type { Point, SampledSeries } from './samples.ts';

export interface InfluxOptions {
  readonly url: string;
  readonly org: string;
  readonly bucket: string;
  /** A secret. */
  readonly token: string | undefined;
  readonly http: BackendHttp;
  readonly clock: Pick<Clock, 'now'>;
}

const SIGN: Queryable = { name: SIGN_OF_LIFE, kind: 'gauge', across: 'max' };
const START: Queryable = { name: START_METRIC, kind: 'gauge', across: 'max' };
const DAY_MS = 86_400_000;
const JUST_NOW_MS = 300_000;

/** InfluxDB v2, by Flux (https://docs.influxdata.com/influxdb/v2/api/v2/#operation/PostQuery). */
export function createInflux(options: InfluxOptions): Backend {
  const { url, org, bucket, token, http, clock } = options;

  const ask = async (
    metrics: readonly Queryable[],
    program: readonly string[],
  ): Promise<readonly SampledSeries[]> => {
    if (token === undefined) throw new BackendError('needs a token, and none is set');
    const query = [`from(bucket: ${fluxString(bucket)})`, ...program].join('\n  |> ');
    const csv = await http.post({
      url: `${url.replace(/\/{1,9}$/, '')}/api/v2/query?org=${encodeURIComponent(org)}`,
      headers: {
        authorization: `Token ${token}`,
        accept: 'application/csv',
        'content-type': 'application/json',
      },
      body: JSON.stringify({ type: 'flux', query, dialect: { header: true, annotations: [] } }),
    });
    return readSeries(csv, metrics);
  };

  const last = (metrics: readonly Queryable[], backMs: number): Promise<readonly SampledSeries[]> =>
    ask(metrics, [`range(start: ${time(clock.now() - backMs)})`, fluxFilter(metrics), 'last()']);

  return {
    id: 'influxdb',
    name: 'InfluxDB',
    url,
    async newest() {
      const times = (await last([SIGN], DAY_MS)).flatMap(({ points }) => points.map(({ atMs }) => atMs));
      return times.length === 0 ? undefined : Math.min(Math.max(...times), clock.now());
    },
    async sample(metrics, { fromMs, nowMs, gridMs }) {
      const wanted = [...metrics, START];
      const within = (of: readonly Queryable[], fn: 'last' | 'min'): Promise<readonly SampledSeries[]> =>
        ask(of, [
          `range(start: ${time(fromMs - gridMs)}, stop: ${time(nowMs)})`,
          fluxFilter(of),
          `aggregateWindow(every: ${gridMs / 1000}s, fn: ${fn}, createEmpty: false)`,
          'drop(columns: ["_start", "_stop"])',
        ]);
      const [series, firstStarts] = await Promise.all([within(wanted, 'last'), within([START], 'min')]);
      return throughRestarts({
        series,
        firstStarts,
        readBefore: (atMs) =>
          ask(wanted, [
            `range(start: ${time(atMs - gridMs)}, stop: ${time(atMs)})`,
            fluxFilter(wanted),
            'last()',
          ]),
      });
    },
    latest: (metrics) => last(metrics, JUST_NOW_MS),
  };
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}

type Tags = ReadonlyMap<string, string>;

interface Told {
  readonly metric: string;
  readonly tags: Tags;
  readonly points: Point[];
}

const OWN_COLUMNS = new Set([
  '',
  'result',
  'table',
  '_time',
  '_value',
  '_start',
  '_stop',
  '_measurement',
  '_field',
]);

/** The series of an answer: rows with equal tags are of one series, whatever tables they stand in. */
function readSeries(csv: string, metrics: readonly Queryable[]): readonly SampledSeries[] {
  const byTags = new Map<string, Told>();
  readFluxCsv(csv, (cells, table) => {
    if (table.index.has('error')) throw new BackendError('does not take the question');
    const cell = (name: string): string => cells[table.index.get(name) ?? -1] ?? '';
    const metric = metricOfRow(metrics, cell('_measurement'), cell('_field'));
    const point = { atMs: Date.parse(cell('_time')), value: Number(cell('_value')) };
    if (metric === undefined || cell('_value') === '' || !isRight(point)) return;
    const tags = tagsOf(cells, table);
    const key = `${metric}\n${identityOf(tags)}`;
    const series = byTags.get(key) ?? { metric, tags, points: [] };
    series.points.push(point);
    byTags.set(key, series);
  });
  const all = [...byTags.values()];
  const ofProcesses = new Set(
    all.filter(({ metric }) => metric === START_METRIC).flatMap(({ tags }) => [...tags.keys()]),
  );
  return all.map(({ metric, tags, points }) => ({
    metric,
    key: `${metric}\n${identityOf(tags)}`,
    process: processOf(tags, ofProcesses),
    points: points.toSorted((a, b) => a.atMs - b.atMs),
  }));
}

function isRight({ atMs, value }: Point): boolean {
  return Number.isFinite(atMs) && Number.isFinite(value);
}

/** The tags of a row: its labels, and those that tell where it was scraped. */
function tagsOf(cells: readonly string[], { columns }: FluxTable): Tags {
  const tags = columns.flatMap((column, index) =>
    OWN_COLUMNS.has(column) ? [] : [[column, cells[index] ?? ''] as const],
  );
  return new Map(tags.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function identityOf(tags: Tags): string {
  return JSON.stringify([...tags]);
}

/** The process that a series is of: by the tags that a metric without labels has, where there is one. */
function processOf(tags: Tags, ofProcesses: ReadonlySet<string>): string {
  if (ofProcesses.size === 0) return identityOf(tags);
  return identityOf(new Map([...tags].filter(([tag]) => ofProcesses.has(tag))));
}
