import { fail, ok } from '../core/result.ts';
import { METRICS_BACKENDS, type MetricsBackend } from './live-settings.ts';
import { readOneOf, readText, readToken, readUrl, type Reader } from './values.ts';

const readName: Reader<string> = (text) =>
  /^\P{C}{1,256}$/u.test(text) ? ok(text) : fail('a text of 1 to 256 visible characters');

/** The part of the table of variables that is about where charts come from; `variables.ts` holds the whole. */
export const METRICS_VARIABLES = {
  HEADWIND_METRICS_BACKEND: given<MetricsBackend>(
    readOneOf(METRICS_BACKENDS),
    'auto',
    'Where the charts of the dashboard come from: `prometheus`, `victoriametrics`, `influxdb`, `live` (what the process itself remembers), or `auto`: the first of them that has metrics of Headwind; see docs/observability.md',
  ),
  HEADWIND_PROMETHEUS_URL: url('http://prometheus-server.monitoring.svc.cluster.local:80', 'Prometheus'),
  HEADWIND_VICTORIAMETRICS_URL: url(
    'http://victoria-metrics.monitoring.svc.cluster.local:8428',
    'VictoriaMetrics',
  ),
  HEADWIND_INFLUXDB_URL: url('http://influxdb.monitoring.svc.cluster.local:8086', 'InfluxDB v2'),
  HEADWIND_INFLUXDB_ORG: given(readName, 'headwind', 'Organisation in InfluxDB'),
  HEADWIND_INFLUXDB_BUCKET: given(readName, 'metrics', 'Bucket in InfluxDB'),
  HEADWIND_INFLUXDB_TOKEN: {
    ...optional(readToken, 'API token for InfluxDB; without one `auto` does not ask it'),
    isSecret: true,
  },
  HEADWIND_INFLUXDB_TOKEN_FILE: optional(readText, 'Path of a file that holds this token'),
} as const;

function given<T>(read: Reader<T>, fallback: NoInfer<T> & string, description: string) {
  return { read, fallback, shown: fallback, description };
}

function url(fallback: string, what: string) {
  return given(readUrl, fallback, `Where ${what} is, for the charts of the dashboard`);
}

function optional(read: Reader<string>, description: string) {
  const fallback: string | undefined = undefined;
  return { read, fallback, shown: '', description };
}
