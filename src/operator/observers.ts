import type { WorkloadKind } from '../core/workload.ts';
import type { ReflectorEvent } from '../kubernetes/reflector.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { PollerOptions } from '../triggers/poller/poller.ts';

/** Counts what reflectors tell of themselves, and logs what only the caller of theirs can. */
export function observeWatch(metrics: Metrics, log: Log): (event: ReflectorEvent) => void {
  return ({ resource, event, key, error }) => {
    metrics.watchEventsTotal.inc({ resource, event });
    if (event === 'unparsable') log.warn({ resource, key, error }, 'object cannot be read and is left out');
  };
}

/** Counts polls. */
export function observePolls(
  metrics: Metrics,
): Pick<PollerOptions, 'onBegin' | 'onError' | 'onLeftOut' | 'onDepth'> {
  return {
    onBegin: (artifacts) => {
      metrics.pollingCyclesTotal.inc();
      metrics.pollingImagesCheckedTotal.inc(artifacts);
    },
    onError: () => metrics.pollingErrorsTotal.inc(),
    onLeftOut: () => metrics.pollingResourcesFilteredTotal.inc(),
    onDepth: (depth) => metrics.queueDepth.set({ queue: 'polls' }, depth),
  };
}

/** Says how many workloads of a kind are watched. */
export function countWatched(metrics: Metrics, kind: WorkloadKind, count: number): void {
  if (kind === 'Deployment') metrics.deploymentsWatched.set(count);
  if (kind === 'StatefulSet') metrics.statefulsetsWatched.set(count);
  if (kind === 'DaemonSet') metrics.daemonsetsWatched.set(count);
  if (kind === 'HelmRelease') metrics.helmReleasesWatched.set(count);
}
