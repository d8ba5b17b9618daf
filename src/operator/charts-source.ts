import type { ObservabilitySettings } from '../config/live-settings.ts';
import type { Clock } from '../core/clock.ts';
import { createBackendHttp } from '../observability/http.ts';
import { createLiveMetrics, type LiveMetrics } from '../observability/live.ts';
import { createMetricsView, type MetricsView } from '../observability/metrics-view.ts';
import { queryables } from '../observability/queryable.ts';
import type { Log } from '../telemetry/log.ts';
import { readMetricValues } from '../telemetry/metric-values.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** Where the dashboard's charts come from: what this process remembers, and the backends that the settings name. */
export function createChartsSource({
  settings,
  metrics,
  version,
  clock,
  log,
}: {
  /** As they are now; they may change at any time. */
  readonly settings: () => ObservabilitySettings;
  readonly metrics: Metrics;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
}): { readonly view: MetricsView; readonly live: Pick<LiveMetrics, 'start' | 'stop'> } {
  const known = queryables(metrics.described);
  const families = metrics.described.map(({ name }) => name);
  const live = createLiveMetrics({
    read: () => readMetricValues(metrics.registry, families),
    names: [...known.keys()],
    clock,
    onError: (error) => log.error({ error }, 'own metrics cannot be read'),
  });
  const http = createBackendHttp({ clock, userAgent: `Headwind/${version}` });
  return { live, view: createMetricsView({ settings, live, metrics: known, http, clock, log }) };
}
