import type { WorkloadSettings } from './annotations.ts';
import { toTimestamp } from './clock.ts';
import { historyOf, type HistoryEntry } from './history.ts';
import { PROPOSED_AT_ANNOTATION, type NewRequest } from './new-request.ts';
import { isOpen } from './open-requests.ts';
import { requestLabels, requestName } from './request-name.ts';
import { MAX_UNDONE, type UpdateRequest } from './update-request.ts';
import type { Artifact, Workload } from './workload.ts';

export interface Rollback {
  readonly workload: Workload;
  readonly artifact: Artifact;
  readonly settings: Pick<WorkloadSettings, 'policy'>;
  /** What shall run again, exactly as it was written. */
  readonly toImage: string;
  /** Names of the requests that it takes back, newest first. */
  readonly undoes: readonly string[];
  /** The one request whose failure brings it about; undefined where a person wants it. */
  readonly cause: string | undefined;
  readonly reason: string;
  /** Counts the earlier rollbacks of the same kind that have ended. */
  readonly attempt: number;
  readonly nowMs: number;
}

/** A rollback that nobody has approved is one whose maker died between two writes: it does not lie around for long. */
const EXPIRES_AFTER_MS = 600_000;

/** The request that stands for a rollback; the same rollback always has the same name. */
export function toRollbackRequest(rollback: Rollback): NewRequest {
  const { workload, artifact, settings, toImage, undoes, cause, attempt, nowMs } = rollback;
  const { kind, apiVersion, namespace, name, uid } = workload;
  return {
    metadata: {
      name: requestName({
        target: workload,
        artifact: artifact.name,
        currentImage: artifact.image,
        newImage: toImage,
        newDigest: undefined,
        attempt,
        rollbackOf: cause ?? '',
      }),
      namespace,
      labels: requestLabels(workload, artifact.name),
      annotations: { [PROPOSED_AT_ANNOTATION]: new Date(nowMs).toISOString() },
      ownerReferences: [{ apiVersion, kind, name, uid }],
    },
    spec: {
      targetRef: { apiVersion, kind, name, namespace },
      updateType: artifact.type === 'chart' ? 'helmChart' : 'image',
      containerName: artifact.name,
      currentImage: artifact.image,
      newImage: toImage,
      policy: settings.policy,
      reason: rollback.reason,
      requireApproval: true,
      expiresAt: toTimestamp(nowMs + EXPIRES_AFTER_MS),
      rollback: true,
      ...(undoes.length === 0 ? {} : { undoes: undoes.slice(0, MAX_UNDONE) }),
    },
  };
}

/**
 * The names of the requests that going back to `toImage` takes back, newest first: whatever was applied to the container
 * since it was given that image last. Other rollbacks are not among them: what they restored was there before.
 */
export function undoneBy(options: {
  readonly artifact: Pick<Artifact, 'name' | 'image'>;
  readonly toImage: string;
  readonly history: readonly HistoryEntry[];
  /** All requests of the artifact. */
  readonly requests: readonly UpdateRequest[];
}): readonly string[] {
  const { artifact, toImage, requests } = options;
  const entries = historyOf(options.history, artifact.name);
  const target = entries.findIndex(({ image }) => image === toImage);
  const newer = target < 0 ? [] : entries.slice(0, target);
  const named = newer.flatMap(({ updateRequestName }) => updateRequestName ?? []);
  // What the history names has been applied, also where that is not yet written in the request.
  const isTheirs = (request: UpdateRequest): boolean =>
    named.includes(request.metadata.name)
      ? isUndoable(request) || isBeingCompleted(request)
      : target < 0 && request.spec.newImage === artifact.image && isUndoable(request);
  return requests
    .filter((request) => isTheirs(request) && request.spec.newImage !== toImage)
    .sort((a, b) => named.indexOf(a.metadata.name) - named.indexOf(b.metadata.name))
    .map(({ metadata }) => metadata.name)
    .slice(0, MAX_UNDONE);
}

/** Whether the request brought a version that can be taken back. */
export function isUndoable({ spec, status }: UpdateRequest): boolean {
  return status.phase === 'Completed' && spec.rollback !== true;
}

/** Whether that will hold as soon as it is written that the request, of which that is known, has been applied. */
export function isBeingCompleted({ spec, status }: UpdateRequest): boolean {
  return status.phase === 'Approved' && spec.rollback !== true;
}

/** The rollback that is under way among the requests of one artifact. */
export function findOpenRollback(requests: readonly UpdateRequest[]): UpdateRequest | undefined {
  return requests.find((request) => request.spec.rollback === true && isOpen(request));
}
