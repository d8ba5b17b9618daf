import { parseAnnotations } from '../core/annotations.ts';
import type { Clock } from '../core/clock.ts';
import { isUndoable } from '../core/rollback-request.ts';
import { transition } from '../core/request-machine.ts';
import type { UpdateRequest } from '../core/update-request.ts';
import type { Workload } from '../core/workload.ts';
import type { Outcome } from '../scheduling/work-queue.ts';
import type { Log } from '../telemetry/log.ts';
import { artifactKeyOf, type RequestStore } from './request-store.ts';

/** What became of pods that might have been in a rollback's way. */
export type Unblocked =
  | { readonly kind: 'not-yet' }
  | { readonly kind: 'done'; readonly deleted: readonly string[]; readonly refused: readonly string[] };

export interface RollbackFinisher {
  /**
   * What a rollback does once its workload has been patched, and before it is Completed: what it takes back becomes
   * RolledBack, which is a hold, and pods that are in its way go. `done`, or when to come back. Doing it twice is a no-op.
   */
  afterPatch(request: UpdateRequest, workload: Workload | undefined): Promise<Outcome>;
}

export interface RollbackFinisherOptions {
  readonly requests: RequestStore;
  /** Deletes pods that keep a StatefulSet from going back. */
  readonly unblock: (
    target: UpdateRequest['spec']['targetRef'],
    undone: { readonly container: string; readonly image: string },
  ) => Promise<Unblocked>;
  readonly clock: Clock;
  readonly log: Log;
  readonly onTransition: (request: UpdateRequest, workload: Workload | undefined) => void;
  /** Told of pods that were in the way. */
  readonly onUnblocked: (
    request: UpdateRequest,
    workload: Workload | undefined,
    pods: Extract<Unblocked, { kind: 'done' }>,
  ) => void;
}

const LOOK_AGAIN_MS = 500;
/** A controller that has not seen the rollback by then is not there: nothing can be done about its pods. */
const CONTROLLER_PATIENCE_MS = 30_000;

/** Makes a finisher; it keeps nothing, since the open rollback request is all the memory it needs. */
export function createRollbackFinisher(options: RollbackFinisherOptions): RollbackFinisher {
  const { requests, clock, log } = options;

  /** Whether all of them are taken back; false where one has just been changed by somebody else. */
  async function takeBack(rollback: UpdateRequest, workload: Workload | undefined): Promise<boolean> {
    const { namespace } = rollback.metadata;
    for (const name of rollback.spec.undoes ?? []) {
      const undone = await requests.fetch(namespace, name);
      const isOurs = undone !== undefined && artifactKeyOf(undone) === artifactKeyOf(rollback);
      if (!isOurs || !isUndoable(undone)) continue;
      const status = transition(undone, { to: 'RolledBack', message: messageOf(rollback) }, clock.now());
      if (!status.ok) continue;
      const written = await requests.writeStatus(undone, status.value);
      if (written.ok) options.onTransition(written.value, workload);
      else if (written.error === 'conflict') return false;
    }
    return true;
  }

  async function clearTheWay(rollback: UpdateRequest, workload: Workload | undefined): Promise<Outcome> {
    const { targetRef, containerName = '', currentImage } = rollback.spec;
    if (targetRef.kind !== 'StatefulSet') return { kind: 'done' };
    const pods = await options.unblock(targetRef, { container: containerName, image: currentImage });
    if (pods.kind === 'done') {
      const { deleted, refused } = pods;
      const { namespace, name } = rollback.metadata;
      if (deleted.length + refused.length > 0) {
        log.info({ namespace, name, deleted, refused }, 'pods were in the way of a rollback');
        options.onUnblocked(rollback, workload, pods);
      }
      return { kind: 'done' };
    }
    return clock.now() - patchedAtMs(rollback, workload) < CONTROLLER_PATIENCE_MS
      ? { kind: 'requeue', afterMs: LOOK_AGAIN_MS }
      : { kind: 'done' };
  }

  return {
    async afterPatch(rollback, workload) {
      if (!(await takeBack(rollback, workload))) return { kind: 'requeue', afterMs: LOOK_AGAIN_MS };
      return clearTheWay(rollback, workload);
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
