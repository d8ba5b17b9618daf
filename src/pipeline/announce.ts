import type { Blocker } from '../core/blocker.ts';
import {
  APPROVED_BY_AUTO_ROLLBACK,
  type Phase,
  type UpdateRequest,
  type WatchOutcome,
} from '../core/update-request.ts';
import type { Workload } from '../core/workload.ts';
import type { Log } from '../telemetry/log.ts';
import type { FoundStep } from './verify.ts';

interface ObjectReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export interface AnnouncerOptions {
  /** Writes a Kubernetes Event; must not throw. */
  readonly event: (event: {
    readonly regarding: ObjectReference;
    readonly type: 'Normal' | 'Warning';
    readonly reason: string;
    readonly message: string;
  }) => void;
  readonly metrics: Readonly<
    Record<
      | 'updatesApprovedTotal'
      | 'updatesRejectedTotal'
      | 'updatesAppliedTotal'
      | 'updatesFailedTotal'
      | 'updatesSkippedIntervalTotal'
      | 'rollbacksTotal'
      | 'rollbacksManualTotal'
      | 'rollbacksAutomaticTotal'
      | 'rollbacksFailedTotal',
      { inc(): void }
    >
  >;
  readonly log: Log;
}

/** Tells of what happened to a request: Event, metric, log. Notifications go their own way: src/pipeline/notify.ts. */
export interface Announcer {
  created(request: UpdateRequest, workload: Workload): void;
  /** After a transition has been written, by Headwind or past it; the phase of the request says which. */
  moved(
    request: UpdateRequest,
    than: { readonly before: UpdateRequest; readonly workload: Workload | undefined },
  ): void;
  waiting(request: UpdateRequest, blockers: readonly Blocker[]): void;
  /** After a person has lifted a hold. */
  released(
    request: UpdateRequest,
    workload: Workload | undefined,
    by: { readonly identity: string; readonly reason: string | undefined },
  ): void;
  /** After the watch over a rollout has written what it found: a bad check, or its end. */
  watched(request: UpdateRequest, workload: Workload | undefined, found: FoundStep): void;
  /** Pods of a version that is not wanted any more were in the way. */
  unblocked(
    request: UpdateRequest,
    workload: Workload | undefined,
    pods: { readonly deleted: readonly string[]; readonly refused: readonly string[] },
  ): void;
  /** After a person has frozen a workload, or let it go on. */
  paused(
    workload: Workload,
    by: { readonly paused: boolean; readonly identity: string; readonly reason: string | undefined },
  ): void;
  invalidAnnotations(workload: Workload, message: string): void;
}

const REASONS: Readonly<Record<Phase, string>> = {
  Pending: 'UpdateRequestCreated',
  Approved: 'UpdateApproved',
  Rejected: 'UpdateRejected',
  Completed: 'UpdateApplied',
  Failed: 'UpdateFailed',
  Expired: 'UpdateExpired',
  Superseded: 'UpdateSuperseded',
  RolledBack: 'UpdateRolledBack',
};
const ROLLBACK_REASONS: Readonly<Record<Phase, string>> = {
  Pending: 'RollbackCreated',
  Approved: 'RollbackTriggered',
  Rejected: 'RollbackRejected',
  Completed: 'RollbackCompleted',
  Failed: 'RollbackFailed',
  Expired: 'RollbackExpired',
  Superseded: 'RollbackSuperseded',
  RolledBack: 'UpdateRolledBack',
};
const WATCH_REASONS: Readonly<Record<WatchOutcome, string>> = {
  Healthy: 'RolloutHealthy',
  Unknown: 'RolloutUnknown',
  HandsOff: 'RolloutLeftAlone',
  RollingBack: 'RolloutFailed',
  Unhealthy: 'RolloutFailed',
};
/** What people look for when they describe the workload itself. */
const TOLD_AT_WORKLOAD: readonly Phase[] = ['Pending', 'Completed', 'Failed', 'RolledBack'];
const ROLLBACK_TOLD_AT_WORKLOAD: readonly Phase[] = ['Approved', 'Completed', 'Failed'];

/** Everything that is told about requests goes through here. */
export function createAnnouncer({ event, metrics, log }: AnnouncerOptions): Announcer {
  const counters: Partial<Record<Phase, { inc(): void }>> = {
    Approved: metrics.updatesApprovedTotal,
    Rejected: metrics.updatesRejectedTotal,
    Completed: metrics.updatesAppliedTotal,
    Failed: metrics.updatesFailedTotal,
  };
  const tell = (request: UpdateRequest, workload: Workload | undefined, message: string): void => {
    const { phase } = request.status;
    const type = phase === 'Failed' || phase === 'RolledBack' ? 'Warning' : 'Normal';
    const isRollback = request.spec.rollback === true;
    const reason = (isRollback ? ROLLBACK_REASONS : REASONS)[phase];
    const atWorkload = isRollback ? ROLLBACK_TOLD_AT_WORKLOAD : TOLD_AT_WORKLOAD;
    tellBoth(request, atWorkload.includes(phase) ? workload : undefined, { type, reason, message });
  };
  const tellBoth = (
    request: UpdateRequest,
    workload: Workload | undefined,
    told: { readonly type: 'Normal' | 'Warning'; readonly reason: string; readonly message: string },
  ): void => {
    event({ regarding: toReference(request), ...told });
    if (workload !== undefined) event({ regarding: workload, ...told });
  };
  /** A rollback is counted as that and not as an update. */
  const count = ({ spec, status }: UpdateRequest): void => {
    if (spec.rollback !== true) counters[status.phase]?.inc();
    else if (status.phase === 'Failed') metrics.rollbacksFailedTotal.inc();
    else if (status.phase === 'Completed') {
      metrics.rollbacksTotal.inc();
      const automatic = status.approvedBy === APPROVED_BY_AUTO_ROLLBACK;
      (automatic ? metrics.rollbacksAutomaticTotal : metrics.rollbacksManualTotal).inc();
    }
  };
  return {
    created(request, workload) {
      log.info(fieldsOf(request), 'update request created');
      const { containerName = '', currentImage, newImage, updateType } = request.spec;
      const artifact = `${updateType === 'helmChart' ? 'Chart' : 'Container'} ${containerName}`;
      tell(request, workload, `${artifact}: ${currentImage} -> ${newImage} (${request.metadata.name})`);
    },
    moved(request, { before, workload }) {
      const { phase, approvedBy, rejectedBy } = request.status;
      const by = phase === 'Rejected' ? rejectedBy : approvedBy;
      // Whoever patches the status by hand leaves the message of the phase before.
      const isNew = request.status.message !== before.status.message;
      const message = isNew ? request.status.message : undefined;
      count(request);
      const fields = { ...fieldsOf(request), phase, reason: message };
      if (phase === 'Failed') log.warn(fields, 'update request failed');
      else log.info(fields, 'update request moved on');
      tell(
        request,
        workload,
        `${request.spec.newImage}: ${message ?? (by === undefined ? phase : `${phase} by ${by}`)}`,
      );
    },
    waiting(request, blockers) {
      if (blockers.some(({ code }) => code === 'min-update-interval'))
        metrics.updatesSkippedIntervalTotal.inc();
      const message = blockers.map((blocker) => blocker.message).join('; ');
      log.info({ ...fieldsOf(request), blockers }, 'approved update waits');
      event({ regarding: toReference(request), type: 'Normal', reason: 'UpdateDeferred', message });
    },
    released(request, workload, { identity, reason }) {
      log.info({ ...fieldsOf(request), released_by: identity, reason }, 'hold released');
      const why = reason === undefined ? '' : `: ${reason}`;
      const message = `${request.spec.newImage} may be proposed again, says ${identity}${why} (${request.metadata.name})`;
      for (const regarding of [toReference(request), workload])
        if (regarding !== undefined) event({ regarding, type: 'Normal', reason: 'HoldReleased', message });
    },
    watched(request, workload, { verification, condition }) {
      const { outcome, failedChecks } = verification;
      const { reason: why, message } = condition;
      const bad = outcome === undefined ? failedChecks > 0 : condition.status === 'False';
      const fields = { ...fieldsOf(request), outcome, failed_checks: failedChecks, why, reason: message };
      if (bad) log.warn(fields, 'rollout fails');
      else log.info(fields, 'rollout is watched');
      if (outcome === undefined && !bad) return;
      const reason = outcome === undefined ? 'RolloutCheckFailed' : WATCH_REASONS[outcome];
      const next = outcome === 'RollingBack' ? `; ${verification.restoreImage} is restored` : '';
      const told = `${request.spec.newImage}: ${message}${next} (${request.metadata.name})`;
      tellBoth(request, workload, { type: bad ? 'Warning' : 'Normal', reason, message: told });
    },
    unblocked(request, workload, { deleted, refused }) {
      const { newImage } = request.spec;
      const waits = `the StatefulSet does not move on to ${newImage} while they are not ready`;
      if (deleted.length > 0) {
        const message = `Deleted ${deleted.join(', ')}: ${waits}`;
        tellBoth(request, workload, { type: 'Normal', reason: 'BlockingPodsDeleted', message });
      }
      if (refused.length === 0) return;
      const message = `Headwind may not delete pods: delete ${refused.join(', ')}, since ${waits}`;
      tellBoth(request, workload, { type: 'Warning', reason: 'BlockingPodsRemain', message });
    },
    paused(workload, { paused, identity, reason }) {
      const { kind, namespace, name } = workload;
      const fields = { kind, namespace, name, by: identity, reason };
      if (paused) log.info(fields, 'workload paused');
      else log.info(fields, 'workload resumed');
      const why = reason === undefined ? '' : `: ${reason}`;
      const message = `${paused ? 'Nothing is updated' : 'Updates go on'} here, says ${identity}${why}`;
      const told = paused ? 'WorkloadPaused' : 'WorkloadResumed';
      event({ regarding: workload, type: 'Normal', reason: told, message });
    },
    invalidAnnotations(workload, message) {
      const { kind, namespace, name } = workload;
      log.info({ kind, namespace, name, problem: message }, 'workload has invalid annotations');
      event({ regarding: workload, type: 'Warning', reason: 'InvalidAnnotation', message });
    },
  };
}

function toReference({ apiVersion, kind, metadata }: UpdateRequest): ObjectReference {
  const { namespace, name, uid } = metadata;
  return { apiVersion, kind, namespace, name, uid };
}

function fieldsOf({ metadata, spec, status }: UpdateRequest): Record<string, unknown> {
  const { kind, name } = spec.targetRef;
  return {
    namespace: metadata.namespace,
    request: metadata.name,
    workload: `${kind}/${name}`,
    container: spec.containerName,
    current_image: spec.currentImage,
    new_image: spec.newImage,
    approved_by: status.approvedBy,
  };
}
