import { startScriptedServer, type ScriptedServer, type SeenRequest } from './scripted-server.ts';

/**
 * A server that speaks InfluxDB v2's query API (https://docs.influxdata.com/influxdb/v2/api/v2/#operation/PostQuery) for
 * the few steps of Flux that Headwind sends: range, filter, aggregateWindow with last or min, last, drop. It keeps what it is
 * given as Telegraf would write it, in either layout
 * (https://docs.influxdata.com/influxdb/v2/reference/prometheus-metrics).
 */
export interface InfluxServer {
  readonly url: string;
  /** The programs that it was asked to run, in order. */
  readonly programs: readonly string[];
  /** Writes what a metrics endpoint says, as read at this moment (milliseconds since the Unix epoch). */
  write(metricsText: string, atMs: number, tags?: Readonly<Record<string, string>>): void;
  stop(): Promise<void>;
}

export interface InfluxServerOptions {
  readonly org: string;
  readonly bucket: string;
  readonly token: string;
  /** Telegraf's `metric_version`. */
  readonly layout: 1 | 2;
}

interface Row {
  /** Measurement, field and tags. */
  readonly group: Readonly<Record<string, string>>;
  readonly atMs: number;
  readonly value: number;
}

/** Starts it on a free port of 127.0.0.1. */
export async function startInfluxServer(options: InfluxServerOptions): Promise<InfluxServer> {
  const rows: Row[] = [];
  const programs: string[] = [];
  const server: ScriptedServer = await startScriptedServer((request, response) => {
    const refused = refusal(request, options);
    if (refused !== undefined) {
      response.writeHead(refused, { 'content-type': 'application/json' }).end('{"code":"unauthorized"}');
      return;
    }
    const program = programOf(request.body);
    programs.push(program);
    response.writeHead(200, { 'content-type': 'text/csv; charset=utf-8' });
    response.end(program.startsWith(`from(bucket: "${options.bucket}")`) ? run(program, rows) : '');
  });
  return {
    url: server.url,
    programs,
    write: (text, atMs, tags = { url: 'http://headwind:9090/metrics' }) =>
      rows.push(
        ...parseMetrics(text, options.layout).map(({ group, value }) => ({
          group: { ...tags, ...group },
          atMs,
          value,
        })),
      ),
    stop: () => server.stop(),
  };
}

function refusal(request: SeenRequest, { org, token }: InfluxServerOptions): number | undefined {
  const url = new URL(request.url, 'http://influx');
  if (request.method !== 'POST' || url.pathname !== '/api/v2/query') return 404;
  if (request.headers.authorization !== `Token ${token}`) return 401;
  return url.searchParams.get('org') === org ? undefined : 404;
}

function programOf(body: string): string {
  const parsed: unknown = JSON.parse(body);
  const has = typeof parsed === 'object' && parsed !== null && 'query' in parsed;
  return has ? String(parsed.query) : '';
}

const TYPES = /^# TYPE (\S+) (\S+)$/gm;
const SAMPLE = /^(?<name>[a-z_]+)(?:\{(?<labels>[^}]*)\})? (?<value>\S+)$/;

function parseMetrics(text: string, layout: 1 | 2): readonly Omit<Row, 'atMs'>[] {
  const types = new Map([...text.matchAll(TYPES)].map(([, name = '', type = '']) => [name, type]));
  return text.split('\n').flatMap((line) => {
    const { name, labels = '', value } = SAMPLE.exec(line)?.groups ?? {};
    if (name === undefined || name.endsWith('_bucket')) return [];
    const tags = [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', tag = '']) => [key, tag]);
    const place = layout === 2 ? { _measurement: 'prometheus', _field: name } : placeOf(name, types);
    return [{ group: { ...Object.fromEntries(tags), ...place }, value: Number(value) }];
  });
}

/** Where the first layout keeps a metric. */
function placeOf(
  name: string,
  types: ReadonlyMap<string, string>,
): { readonly _measurement: string; readonly _field: string } {
  const [, family = '', part = ''] = /^(\w+)_(sum|count)$/.exec(name) ?? [];
  if (types.get(family) === 'histogram') return { _measurement: family, _field: part };
  return { _measurement: name, _field: types.get(name) ?? 'value' };
}

/** Runs the program over the rows, and writes annotated CSV without annotations. */
function run(program: string, rows: readonly Row[]): string {
  const { start = '', stop = '9999-01-01T00:00:00Z' } =
    /range\(start: (?<start>[^,)]+)(?:, stop: (?<stop>[^)]+))?\)/.exec(program)?.groups ?? {};
  const predicate = /filter\(fn: \(r\) => (.*)\)$/m.exec(program)?.[1] ?? '';
  const aggregate = /aggregateWindow\(every: (\d+)s, fn: (last|min), createEmpty: false\)/.exec(program);
  const wanted = rows.filter(
    ({ atMs, group }) => atMs >= Date.parse(start) && atMs < Date.parse(stop) && holds(predicate, group),
  );
  const tables = Map.groupBy(wanted, ({ group }) => JSON.stringify(group));
  return writeTables(
    Array.from(tables.values(), (own) =>
      aggregate === null
        ? own.slice(-1)
        : ofWindows(own, { everyMs: Number(aggregate[1]) * 1000, fn: aggregate[2] ?? '', stop }),
    ),
  );
}

/** Tables with the same columns share a header; before another one comes an empty line. */
function writeTables(tables: readonly (readonly Row[])[]): string {
  let out = '';
  let columns = '';
  for (const [table, rows] of tables.entries()) {
    const names = Object.keys(rows[0]?.group ?? {});
    const header = ['', 'result', 'table', '_time', '_value', ...names].join(',');
    if (header !== columns) out += `${columns === '' ? '' : '\r\n'}${header}\r\n`;
    columns = header;
    for (const { atMs, value, group } of rows) {
      const cells = ['', '_result', table, new Date(atMs).toISOString(), value, ...Object.values(group)];
      out += `${cells.map((cell) => quoted(String(cell))).join(',')}\r\n`;
    }
  }
  return `${out}\r\n`;
}

/** A window's time is its end, and the last one ends with the range. */
function ofWindows(
  rows: readonly Row[],
  { everyMs, fn, stop }: { readonly everyMs: number; readonly fn: string; readonly stop: string },
): readonly Row[] {
  const windows = Map.groupBy(rows, ({ atMs }) => Math.floor(atMs / everyMs));
  return Array.from(windows, ([window, own]) => ({
    group: own.at(-1)?.group ?? {},
    atMs: Math.min((window + 1) * everyMs, Date.parse(stop)),
    value: fn === 'min' ? Math.min(...own.map(({ value }) => value)) : (own.at(-1)?.value ?? NaN),
  }));
}

/** `(a and b) or (c and d)`, each a comparison of a column with a text or a regular expression. */
function holds(predicate: string, group: Row['group']): boolean {
  return predicate.split(/\) or \(/).some((alternative) =>
    alternative
      .replace(/^\((?=r)/, '')
      .split(' and ')
      .every((comparison) => {
        const [, column = '', operator, operand = ''] = /^r\.(\w+) (==|=~) (.*?)\)?$/.exec(comparison) ?? [];
        const value = group[column] ?? '';
        if (operator === '==') return `"${value}"` === operand;
        const [, pattern = '(?!)'] = /^\/(.*\$)\/$/.exec(operand) ?? [];
        return new RegExp(pattern).test(value);
      }),
  );
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
