import type { ObservabilitySettings } from '../config/live-settings.ts';
import type { Clock } from '../core/clock.ts';
import type { Backend } from './backend.ts';
import type { BackendHttp } from './http.ts';
import { createInflux } from './influx.ts';
import { createPrometheus } from './prometheus.ts';

/**
 * The backends that the settings want asked, in their order; `live` is the last resort and not among them. Whoever names
 * one has it asked whether it is enabled or not.
 */
export function backendsOf(
  settings: ObservabilitySettings,
  tools: { readonly http: BackendHttp; readonly clock: Pick<Clock, 'now'> },
): readonly Backend[] {
  const { metricsBackend, prometheus, victoriametrics, influxdb } = settings;
  const isWanted = (id: Backend['id'], enabled: boolean): boolean =>
    metricsBackend === id || (metricsBackend === 'auto' && enabled);
  return [
    ...(isWanted('prometheus', prometheus.enabled)
      ? [createPrometheus({ id: 'prometheus', url: prometheus.url, ...tools })]
      : []),
    ...(isWanted('victoriametrics', victoriametrics.enabled)
      ? [createPrometheus({ id: 'victoriametrics', url: victoriametrics.url, ...tools })]
      : []),
    ...(isWanted('influxdb', influxdb.enabled) ? [createInflux({ ...influxdb, ...tools })] : []),
  ];
}
