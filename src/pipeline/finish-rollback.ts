import { parseAnnotations } from '../core/annotations.ts';
import type { Clock } from '../core/clock.ts';
import { isBeingCompleted, isUndoable } from '../core/rollback-request.ts';
import { transition } from '../core/request-machine.ts';
import type { UpdateRequest } from '../core/update-request.ts';
import type { Workload } from '../core/workload.ts';
import type { Outcome } from '../scheduling/work-queue.ts';
import type { Log } from '../telemetry/log.ts';
import { artifactKeyOf, type RequestStore } from './request-store.ts';

/** What became of pods that might have been in the way. */
export type Unblocked =
  | { readonly kind: 'not-yet' }
  | { readonly kind: 'done'; readonly deleted: readonly string[]; readonly refused: readonly string[] };

export interface RollbackFinisher {
  /**
   * What is to be done once a workload has been patched, and before the request is Completed: what a rollback takes back
   * becomes RolledBack, which is a hold, and pods that are in the way go: of a rollback, and of an update that comes
   * while the one before it was still not seen to be healthy. `done`, or when to come back. Doing it twice is a no-op.
   */
  afterPatch(request: UpdateRequest, workload: Workload | undefined): Promise<Outcome>;
}

export interface RollbackFinisherOptions {
  readonly requests: RequestStore;
  /** Deletes pods that keep a StatefulSet from moving on. */
  readonly unblock: (
    target: UpdateRequest['spec']['targetRef'],
    unwanted: { readonly container: string; readonly images: readonly string[] },
  ) => Promise<Unblocked>;
  readonly clock: Clock;
  readonly log: Log;
  /** Told of pods that were in the way. */
  readonly onUnblocked: (
    request: UpdateRequest,
    workload: Workload | undefined,
    pods: Extract<Unblocked, { kind: 'done' }>,
  ) => void;
}

const LOOK_AGAIN_MS = 500;
/** A controller that has not seen the patch by then is not there: nothing can be done about its pods. */
const CONTROLLER_PATIENCE_MS = 30_000;
/** Longer than an update waits for its pods before it is Completed: one that is not by then was never applied. */
const COMPLETION_PATIENCE_MS = 60_000;

/** Makes a finisher; it keeps nothing, since the open request is all the memory it needs. */
export function createRollbackFinisher(options: RollbackFinisherOptions): RollbackFinisher {
  const { requests, clock, log } = options;

  /** Whether all of them are taken back; false where one has just been changed by somebody else, or is about to be. */
  async function takeBack(rollback: UpdateRequest, workload: Workload | undefined): Promise<boolean> {
    const { namespace } = rollback.metadata;
    const isEarly = clock.now() - patchedAtMs(rollback, workload) < COMPLETION_PATIENCE_MS;
    for (const name of rollback.spec.undoes ?? []) {
      const undone = await requests.fetch(namespace, name);
      const isOurs = undone !== undefined && artifactKeyOf(undone) === artifactKeyOf(rollback);
      if (isOurs && isBeingCompleted(undone) && isEarly) return false;
      if (!isOurs || !isUndoable(undone)) continue;
      const status = transition(undone, { to: 'RolledBack', message: messageOf(rollback) }, clock.now());
      if (!status.ok) continue;
      const written = await requests.writeStatus(undone, status.value);
      if (!written.ok && written.error === 'conflict') return false;
    }
    return true;
  }

  /** What no pod shall run any more, though some may still try to. */
  function unwantedImages({ metadata, spec, status }: UpdateRequest): readonly string[] {
    if (spec.rollback === true) {
      const undone = (spec.undoes ?? []).map((name) => requests.get(`${metadata.namespace}/${name}`));
      return [...new Set([spec.currentImage, ...undone.flatMap((one) => one?.spec.newImage ?? [])])];
    }
    // Where a rollback would restore something else than what ran until now, that was never seen to be healthy.
    const restored = status.verification?.restoreImage ?? spec.currentImage;
    return restored === spec.currentImage ? [] : [spec.currentImage];
  }

  async function clearTheWay(request: UpdateRequest, workload: Workload | undefined): Promise<Outcome> {
    const { targetRef, containerName = '' } = request.spec;
    const images = unwantedImages(request);
    if (targetRef.kind !== 'StatefulSet' || images.length === 0) return { kind: 'done' };
    const pods = await options.unblock(targetRef, { container: containerName, images });
    if (pods.kind === 'done') {
      const { deleted, refused } = pods;
      const { namespace, name } = request.metadata;
      if (deleted.length + refused.length > 0) {
        log.info({ namespace, name, deleted, refused }, 'pods were in the way');
        options.onUnblocked(request, workload, pods);
      }
      return { kind: 'done' };
    }
    return clock.now() - patchedAtMs(request, workload) < CONTROLLER_PATIENCE_MS
      ? { kind: 'requeue', afterMs: LOOK_AGAIN_MS }
      : { kind: 'done' };
  }

  return {
    async afterPatch(request, workload) {
      const isRollback = request.spec.rollback === true;
      if (isRollback && !(await takeBack(request, workload)))
        return { kind: 'requeue', afterMs: LOOK_AGAIN_MS };
      return clearTheWay(request, workload);
    },
  };
}

/** The workload says when it was patched; read before that, it says an earlier time, and so does the approval. */
function patchedAtMs({ status }: UpdateRequest, workload: Workload | undefined): number {
  const { lastUpdateMs = 0 } = parseAnnotations(workload?.annotations ?? {}).settings;
  return Math.max(lastUpdateMs, Date.parse(status.approvedAt ?? '') || 0);
}

function messageOf({ metadata, spec, status }: UpdateRequest): string {
  const why = spec.reason === undefined ? '' : `: ${spec.reason}`;
  return `Rolled back to ${spec.newImage} by ${status.approvedBy ?? 'nobody who is known'} (UpdateRequest ${metadata.name})${why}`;
}
