import type { MetricsView } from '../src/observability/metrics-view.ts';

/** Metrics that nobody has asked for. */
export const noMetrics: MetricsView = {
  names: () => [],
  summary: () => Promise.resolve({ backend: 'Live', values: {} }),
  timeseries: () => Promise.resolve(undefined),
  charts: () => Promise.reject(new Error('no charts here')),
  current: () => Promise.resolve(new Map()),
  liveSince: () => undefined,
};
