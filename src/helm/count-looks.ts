import type { Metrics } from '../telemetry/metrics.ts';
import type { ChartDiscoveryOptions } from './discovery.ts';

/** Counts looks at sources of charts, and those that wait. */
export function countLooks(
  metrics: Pick<
    Metrics,
    | 'helmRepositoryQueriesTotal'
    | 'helmRepositoryQueryDurationSeconds'
    | 'helmRepositoryErrorsTotal'
    | 'queueDepth'
  >,
): Pick<ChartDiscoveryOptions, 'onLook' | 'onDepth'> {
  return {
    onLook: ({ outcome, durationMs }) => {
      if (outcome === 'not-asked') return;
      metrics.helmRepositoryQueriesTotal.inc();
      metrics.helmRepositoryQueryDurationSeconds.observe(durationMs / 1000);
      if (outcome === 'failed') metrics.helmRepositoryErrorsTotal.inc();
    },
    onDepth: (depth) => metrics.queueDepth.set({ queue: 'charts' }, depth),
  };
}
