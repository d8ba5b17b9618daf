import { toTimestamp } from './clock.ts';
import { judgePods, restartKey } from './health.ts';
import type { PodRollout, Rollout } from './rollout.ts';
import type { Baseline, UpdateRequest, Verification } from './update-request.ts';
import type { Artifact } from './workload.ts';

/** How old a baseline may be when the workload is patched. */
const BASELINE_LASTS_MS = 60_000;
const MAX_RESTARTS_KEPT = 50;

/**
 * How a workload was before an update: what was wrong then is no reason to take the update back. It counts as unhealthy
 * where pods of its present revision fail and are missed for it.
 */
export function baselineOf(rollout: Rollout, nowMs: number): Baseline {
  const at = toTimestamp(nowMs);
  if (rollout.type === 'release') {
    const { ready } = rollout;
    const healthy = ready?.status !== 'False';
    const message =
      ready === undefined ? 'Ready is not known' : `${ready.reason}: ${ready.message}`.slice(0, 300);
    return { at, healthy, message, missing: 0 };
  }
  const ready = rollout.pods.filter((pod) => pod.ready && !pod.leaving).length;
  const verdict = judgePods(rollout, { restartsBefore: {}, nowMs });
  const healthy = verdict.health !== 'failing' || ready >= rollout.desired;
  const missing = Math.max(0, rollout.desired - rollout.readyInAll);
  const restarts = restartsOf(rollout);
  return { at, healthy, message: verdict.message, missing, ...(restarts === undefined ? {} : { restarts }) };
}

function restartsOf({ pods }: PodRollout): Record<string, number> | undefined {
  const counted = pods.flatMap((pod) =>
    pod.containers
      .filter(({ restarts }) => restarts > 0)
      .map((container) => [restartKey(pod, container), container.restarts] as const),
  );
  const most = counted.sort(([, a], [, b]) => b - a).slice(0, MAX_RESTARTS_KEPT);
  return most.length === 0 ? undefined : Object.fromEntries(most);
}

export interface VerificationQuestion {
  /** What the container runs, and a rollback is to restore. */
  readonly artifact: Pick<Artifact, 'name' | 'image'>;
  /** The other requests of the same workload, of all its artifacts. */
  readonly others: readonly UpdateRequest[];
  /** As the workload is now. */
  readonly baseline: Baseline;
}

/**
 * What is to be remembered of an update that is about to be applied and watched.
 *
 * A rollout that is still being watched, or that was found wanting, is nothing to compare with and nothing to go back to:
 * the next update of the same container inherits what it started from and what it would have restored. Another container's
 * rollout that is under way makes the pods look worse than they were before all this, so that its baseline counts too.
 */
export function planVerification({ artifact, others, baseline }: VerificationQuestion): Verification {
  const predecessor = others
    .filter(({ spec }) => spec.containerName === artifact.name && spec.newImage === artifact.image)
    .filter(isUnproven)
    .reduce<UpdateRequest | undefined>(later, undefined)?.status.verification;
  const neighbour = others.find(
    ({ status }) => status.phase === 'Completed' && isRunning(status.verification),
  );
  return {
    restoreImage: predecessor?.restoreImage ?? artifact.image,
    baseline: predecessor?.baseline ?? neighbour?.status.verification?.baseline ?? baseline,
    failedChecks: 0,
  };
}

/** Whether what the request brought was never seen to be healthy. */
function isUnproven({ spec, status }: UpdateRequest): boolean {
  const { verification, phase } = status;
  if (verification === undefined || phase !== 'Completed' || spec.rollback === true) return false;
  return (
    isRunning(verification) || verification.outcome === 'RollingBack' || verification.outcome === 'Unhealthy'
  );
}

function isRunning(verification: Verification | undefined): boolean {
  return verification !== undefined && verification.outcome === undefined;
}

function later(best: UpdateRequest | undefined, next: UpdateRequest): UpdateRequest {
  return best !== undefined && (best.status.startedAt ?? '') > (next.status.startedAt ?? '') ? best : next;
}

/** Whether the request may be applied with what it remembers, or has to look at the workload again first. */
export function isPlanned({ status }: UpdateRequest, nowMs: number): boolean {
  const at = status.verification?.baseline.at;
  return at !== undefined && nowMs - Date.parse(at) < BASELINE_LASTS_MS;
}
