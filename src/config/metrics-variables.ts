import { fail, ok } from '../core/result.ts';
import { METRICS_BACKENDS, type MetricsBackend, type ObservabilitySettings } from './live-settings.ts';
import { readOneOf, readText, readUrl, type Reader } from './values.ts';
import type { Variable } from './variables.ts';

/** A token as it stands in a header. */
export const readInfluxToken: Reader<string> = (text) =>
  /^[\x21-\x7e]{1,1024}$/.test(text) ? ok(text) : fail('a token: at most 1024 characters without blanks');

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
    ...optional(readInfluxToken, 'API token for InfluxDB; without one `auto` does not ask it'),
    isSecret: true,
  },
  HEADWIND_INFLUXDB_TOKEN_FILE: optional(readText, 'Path of a file that holds this token'),
} as const;

/** What the environment says about where charts come from. */
export interface MetricsSettings {
  readonly observability: ObservabilitySettings;
  /** The path of the file with the token. */
  readonly influxTokenFile: string | undefined;
}

/** The settings, by a function that reads one variable. */
export function collectMetrics(get: <T>(name: string, variable: Variable<T>) => T): MetricsSettings {
  const own = METRICS_VARIABLES;
  const token = get<string | undefined>('HEADWIND_INFLUXDB_TOKEN', own.HEADWIND_INFLUXDB_TOKEN);
  const influxTokenFile = get<string | undefined>(
    'HEADWIND_INFLUXDB_TOKEN_FILE',
    own.HEADWIND_INFLUXDB_TOKEN_FILE,
  );
  return {
    observability: {
      metricsBackend: get('HEADWIND_METRICS_BACKEND', own.HEADWIND_METRICS_BACKEND),
      prometheus: { enabled: true, url: get('HEADWIND_PROMETHEUS_URL', own.HEADWIND_PROMETHEUS_URL) },
      victoriametrics: {
        enabled: true,
        url: get('HEADWIND_VICTORIAMETRICS_URL', own.HEADWIND_VICTORIAMETRICS_URL),
      },
      influxdb: {
        enabled: token !== undefined || influxTokenFile !== undefined,
        url: get('HEADWIND_INFLUXDB_URL', own.HEADWIND_INFLUXDB_URL),
        org: get('HEADWIND_INFLUXDB_ORG', own.HEADWIND_INFLUXDB_ORG),
        bucket: get('HEADWIND_INFLUXDB_BUCKET', own.HEADWIND_INFLUXDB_BUCKET),
        token,
      },
    },
    influxTokenFile,
  };
}

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
