import type { Blocker } from '../core/blocker.ts';
import type { Phase, UpdateRequest } from '../core/update-request.ts';
import type { Workload } from '../core/workload.ts';
import type { Log } from '../telemetry/log.ts';

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
      | 'updatesSkippedIntervalTotal',
      { inc(): void }
    >
  >;
  readonly log: Log;
}

/** Tells of what happened to a request: Event, metric, log. Later also notifications. */
export interface Announcer {
  created(request: UpdateRequest, workload: Workload): void;
  /** After a transition has been written; its phase says which. */
  moved(request: UpdateRequest, workload: Workload | undefined): void;
  waiting(request: UpdateRequest, blockers: readonly Blocker[]): void;
  /** After a person has lifted a hold. */
  released(
    request: UpdateRequest,
    workload: Workload | undefined,
    by: { readonly identity: string; readonly reason: string | undefined },
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
/** What people look for when they describe the workload itself. */
const TOLD_AT_WORKLOAD: readonly Phase[] = ['Pending', 'Completed', 'Failed', 'RolledBack'];

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
    const reason = REASONS[phase];
    event({ regarding: toReference(request), type, reason, message });
    if (workload !== undefined && TOLD_AT_WORKLOAD.includes(phase)) {
      event({ regarding: workload, type, reason, message });
    }
  };
  return {
    created(request, workload) {
      log.info(fieldsOf(request), 'update request created');
      const { containerName, currentImage, newImage } = request.spec;
      tell(
        request,
        workload,
        `Container ${containerName ?? ''}: ${currentImage} -> ${newImage} (${request.metadata.name})`,
      );
    },
    moved(request, workload) {
      const { phase, message } = request.status;
      counters[phase]?.inc();
      const fields = { ...fieldsOf(request), phase, reason: message };
      if (phase === 'Failed') log.warn(fields, 'update request failed');
      else log.info(fields, 'update request moved on');
      tell(request, workload, `${request.spec.newImage}: ${message ?? phase}`);
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
