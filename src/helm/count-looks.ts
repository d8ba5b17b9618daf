import type { Metrics } from '../telemetry/metrics.ts';
import type { ChartsOptions } from './charts.ts';

/** Counts looks at sources of charts, those that wait, and the requests that they cost beside those of the registry client. */
export function countLooks(
  metrics: Pick<
    Metrics,
    | 'helmRepositoryQueriesTotal'
    | 'helmRepositoryQueryDurationSeconds'
    | 'helmRepositoryErrorsTotal'
    | 'helmIndexEntriesSkippedTotal'
    | 'helmKeptIndexBytes'
    | 'registryRequestsTotal'
    | 'registryRequestDurationSeconds'
    | 'queueDepth'
  >,
): Pick<ChartsOptions, 'onLook' | 'onDepth' | 'onKept' | 'onRequest'> {
  return {
    onLook: ({ outcome, durationMs, skipped }) => {
      if (outcome === 'not-asked') return;
      metrics.helmRepositoryQueriesTotal.inc();
      metrics.helmRepositoryQueryDurationSeconds.observe(durationMs / 1000);
      if (outcome === 'failed') metrics.helmRepositoryErrorsTotal.inc();
      metrics.helmIndexEntriesSkippedTotal.inc(skipped);
    },
    onKept: (bytes) => metrics.helmKeptIndexBytes.set(bytes),
    onRequest: ({ purpose, outcome, durationMs }) => {
      metrics.registryRequestsTotal.inc({ purpose, outcome });
      if (outcome !== 'held-back') metrics.registryRequestDurationSeconds.observe(durationMs / 1000);
    },
    onDepth: (depth) => metrics.queueDepth.set({ queue: 'charts' }, depth),
  };
}
