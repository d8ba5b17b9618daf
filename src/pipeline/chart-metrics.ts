import type { Blocker } from '../core/blocker.ts';
import type { UpdateRequest } from '../core/update-request.ts';
import type { Metrics } from '../telemetry/metrics.ts';

export type ChartCounters = Pick<
  Metrics,
  | 'helmUpdatesFoundTotal'
  | 'helmUpdatesApprovedTotal'
  | 'helmUpdatesRejectedTotal'
  | 'helmUpdatesAppliedTotal'
>;

/** Blockers that mean: there is a newer version, or one that was pushed, and the policy refuses it. */
const REFUSED_BY_POLICY: ReadonlySet<Blocker['code']> = new Set([
  'policy',
  'pattern',
  'policy-none',
  'current-unversioned',
]);

/** Counts one decision about a chart. */
export function countChartDecision(
  metrics: ChartCounters,
  outcomes: readonly (Blocker['code'] | 'update')[],
): void {
  const approved = outcomes.includes('update');
  const rejected = outcomes.some((outcome) => outcome !== 'update' && REFUSED_BY_POLICY.has(outcome));
  if (approved || rejected) metrics.helmUpdatesFoundTotal.inc();
  if (approved) metrics.helmUpdatesApprovedTotal.inc();
  else if (rejected) metrics.helmUpdatesRejectedTotal.inc();
}

/** Counts a transition, if it is that of an applied chart. */
export function countChartTransition(metrics: ChartCounters, { spec, status }: UpdateRequest): void {
  if (spec.updateType === 'helmChart' && status.phase === 'Completed') metrics.helmUpdatesAppliedTotal.inc();
}
