import type { Clock } from '../core/clock.ts';
import { isOpen } from '../core/open-requests.ts';
import { isUndoable } from '../core/rollback-request.ts';
import { takenOver } from '../core/taken-over.ts';
import { APPROVED_BY_AUTO_ROLLBACK, type UpdateRequest, type Verification } from '../core/update-request.ts';
import { endOfWatch, type WatchStep } from '../core/verification.ts';
import type { Outcome } from '../scheduling/work-queue.ts';
import type { Applier } from './apply.ts';
import { artifactKeyOf, type RequestStore } from './request-store.ts';
import type { Rollbacks } from './rollbacks.ts';

export type RollbackProgress =
  /** It is under way, or waits for its next attempt. */
  | Outcome
  /** It will not be done: what is to stand in the request instead. */
  | { readonly kind: 'given-up'; readonly end: Pick<WatchStep, 'verification' | 'condition'> };

export interface AutomaticRollback {
  /** Brings about the rollback of a request whose rollout has failed, or looks how far it has got. */
  ensure(failed: UpdateRequest, verification: Verification): Promise<RollbackProgress>;
}

export interface AutomaticRollbackOptions {
  readonly requests: Pick<RequestStore, 'ofArtifact'>;
  readonly applier: Pick<Applier, 'read'>;
  readonly rollbacks: Pick<Rollbacks, 'begin'>;
  readonly clock: Clock;
}

/** Before each further attempt at a rollback that Kubernetes has refused. */
const PAUSES_MS = [60_000, 300_000, 900_000];

/**
 * From a failed rollout to its rollback. What has been tried is read off the rollback requests that exist, so that whoever
 * starts anew goes on where the last one stopped.
 */
export function createAutomaticRollback(options: AutomaticRollbackOptions): AutomaticRollback {
  const { requests, applier, rollbacks, clock } = options;

  async function attempt(
    failed: UpdateRequest,
    verification: Verification,
    number: number,
  ): Promise<RollbackProgress> {
    const workload = await applier.read(failed);
    const siblings = requests.ofArtifact(artifactKeyOf(failed));
    const over = takenOver({ request: failed, workload, siblings });
    if (over !== undefined) return givenUp(verification, 'HandsOff', over);
    const artifact = workload?.artifacts.find(({ name }) => name === failed.spec.containerName);
    if (workload === undefined || artifact === undefined) return { kind: 'done' };
    const reason = failed.status.conditions?.find(({ type }) => type === 'Healthy')?.message ?? '';
    const toImage = verification.restoreImage;
    await rollbacks.begin({ workload, artifact, toImage, cause: failed, reason, attempt: number });
    return { kind: 'done' };
  }

  function givenUp(
    verification: Verification,
    outcome: 'HandsOff' | 'Unhealthy',
    why: { readonly reason: string; readonly message: string },
  ): RollbackProgress {
    return { kind: 'given-up', end: endOfWatch(verification, outcome, { ...why, nowMs: clock.now() }) };
  }

  return {
    async ensure(failed, verification) {
      const all = requests.ofArtifact(artifactKeyOf(failed)).filter(({ spec }) => spec.rollback === true);
      // A person's own rollback goes first; if it comes to nothing, this one is looked at again.
      const other = all.find((rollback) => isOpen(rollback) && !isFor(rollback, failed));
      if (other !== undefined) return { kind: 'requeue', afterMs: 1000 };
      const ours = all.filter((rollback) => isFor(rollback, failed));
      if (ours.some(({ status }) => status.phase === 'Approved')) return { kind: 'done' };
      const ended = ours.filter((rollback) => !isOpen(rollback)).sort(byEnd);
      const last = ended.at(-1);
      const message = last?.status.message ?? '';
      if (last?.status.phase === 'Superseded')
        return givenUp(verification, 'HandsOff', { reason: 'HandsOff', message });
      if (ours.some(isOpen) || last === undefined) return attempt(failed, verification, ended.length);
      const failures = ended.filter(({ status }) => status.phase === 'Failed').length;
      const pauseMs = last.status.phase === 'Failed' ? PAUSES_MS[failures - 1] : 0;
      if (pauseMs === undefined)
        return givenUp(verification, 'Unhealthy', { reason: 'RollbackFailed', message });
      const waitMs = leftOf(pauseMs, endedAtMs(last), clock.now());
      if (waitMs > 0) return { kind: 'requeue', afterMs: waitMs };
      return attempt(failed, verification, ended.length);
    },
  };
}

/** Whether it is the rollback that this request's failure brought about. One that nobody has approved yet is told by what it undoes. */
function isFor(rollback: UpdateRequest, failed: UpdateRequest): boolean {
  const { approvedBy, phase } = rollback.status;
  const isAutomatic =
    approvedBy === APPROVED_BY_AUTO_ROLLBACK || (approvedBy === undefined && phase !== 'Rejected');
  return isAutomatic && isUndoable(failed) && rollback.spec.undoes?.includes(failed.metadata.name) === true;
}

/** How much is left of a pause. A longer time comes of a clock that was wrong: a broken rollout does not stay for that. */
function leftOf(pauseMs: number, sinceMs: number, nowMs: number): number {
  const leftMs = sinceMs + pauseMs - nowMs;
  return leftMs > 2 * pauseMs ? 0 : leftMs;
}

function byEnd(a: UpdateRequest, b: UpdateRequest): number {
  return endedAtMs(a) - endedAtMs(b);
}

function endedAtMs({ status, metadata }: UpdateRequest): number {
  return Date.parse(status.lastUpdated ?? metadata.creationTimestamp);
}
