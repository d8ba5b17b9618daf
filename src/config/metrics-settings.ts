import type { ObservabilitySettings } from './live-settings.ts';
import { METRICS_VARIABLES as own } from './metrics-variables.ts';
import type { Variable } from './variables.ts';

/** What the environment says about where charts come from. */
export interface MetricsSettings {
  readonly observability: ObservabilitySettings;
  /** The path of the file with the token. */
  readonly influxTokenFile: string | undefined;
}

/** The settings, by a function that reads one variable. */
export function collectMetrics(get: <T>(name: string, variable: Variable<T>) => T): MetricsSettings {
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
