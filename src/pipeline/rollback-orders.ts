import { ANNOTATION, parseAnnotations } from '../core/annotations.ts';
import type { Clock } from '../core/clock.ts';
import { parseHistory } from '../core/history.ts';
import { isOpen } from '../core/open-requests.ts';
import { transition } from '../core/request-machine.ts';
import { fail, type Result } from '../core/result.ts';
import { toRollbackRequest, undoneBy } from '../core/rollback-request.ts';
import { requestKey, type UpdateRequest } from '../core/update-request.ts';
import { workloadKey, type Artifact, type Workload } from '../core/workload.ts';
import type { ActionOutcome } from './approvals.ts';
import { artifactKey, type RequestStore } from './request-store.ts';

export interface RollbackAction {
  /** As read just now, with its update history. */
  readonly workload: Workload;
  /** One of the workload's, with what it runs now. */
  readonly artifact: Artifact;
  /** What shall run again, exactly as it was written. */
  readonly toImage: string;
  /** Names of the requests that it takes back; without it, those that the history names after `toImage`. */
  readonly undoes?: readonly string[];
}

export interface RollbackOrders {
  /** Makes the request for a rollback, or answers the one that is there already. */
  make(
    action: RollbackAction,
    more: {
      readonly cause: UpdateRequest | undefined;
      readonly reason: string;
      readonly attempt: number;
    },
  ): Promise<UpdateRequest>;
  approve(
    made: UpdateRequest,
    by: string,
  ): Promise<Result<UpdateRequest, Extract<ActionOutcome, { kind: 'conflict' | 'not-found' }>>>;
  /** Makes and approves a rollback for a person; whoever advances requests applies it. */
  order(
    action: RollbackAction & { readonly identity: string; readonly reason?: string | undefined },
  ): ReturnType<RollbackOrders['approve']>;
}

export interface RollbackOrdersOptions {
  readonly requests: RequestStore;
  readonly clock: Pick<Clock, 'now'>;
  /** Told of every request that did not exist before. */
  readonly onCreated?: (request: UpdateRequest, workload: Workload) => void;
}

const MAX_TRIES = 5;
/** More attempts at one and the same rollback than this mean that something asks for it in a circle. */
const MAX_ATTEMPTS = 50;

/** Writes down that something shall be rolled back; whoever does that needs no more rights than these writes take. */
export function createRollbackOrders(options: RollbackOrdersOptions): RollbackOrders {
  const { requests, clock } = options;

  async function make(
    { workload, artifact, toImage, ...action }: RollbackAction,
    more: {
      readonly cause: UpdateRequest | undefined;
      readonly reason: string;
      readonly attempt: number;
    },
  ): Promise<UpdateRequest> {
    const undoes = action.undoes ?? undone(workload, artifact, toImage);
    const { settings } = parseAnnotations(workload.annotations);
    const cause = more.cause?.metadata.uid;
    const rollback = { workload, artifact, settings, toImage, undoes, nowMs: clock.now(), ...more, cause };
    const body = toRollbackRequest(rollback);
    const known = requests.get(requestKey(body));
    if (known !== undefined) return known;
    const { created, request } = await requests.create(body);
    if (created) options.onCreated?.(request, workload);
    return request;
  }

  function undone(workload: Workload, artifact: Artifact, toImage: string): readonly string[] {
    const history = parseHistory(workload.annotations[ANNOTATION.updateHistory]);
    const all = requests.ofArtifact(artifactKey(workload, artifact.name));
    return undoneBy({ artifact, toImage, history, requests: all });
  }

  async function approve(
    made: UpdateRequest,
    by: string,
  ): Promise<Result<UpdateRequest, Extract<ActionOutcome, { kind: 'conflict' | 'not-found' }>>> {
    let request: UpdateRequest | undefined = made;
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      if (request === undefined) return fail({ kind: 'not-found' });
      const status = transition(request, { to: 'Approved', by }, clock.now());
      if (!status.ok) return fail({ kind: 'conflict', ...status.error });
      const written = await requests.writeStatus(request, status.value);
      if (written.ok) return written;
      request = await requests.fetch(request.metadata.namespace, request.metadata.name);
    }
    return fail({ kind: 'conflict', message: 'UpdateRequest keeps changing, cannot approve' });
  }

  return {
    make,
    approve,
    async order({ identity, reason, ...action }) {
      const why = reason ?? 'Manual rollback';
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
        const made = await make(action, { cause: undefined, reason: why, attempt });
        if (isOpen(made)) return approve(made, identity);
      }
      throw new Error(
        `the same rollback of ${workloadKey(action.workload)} has been tried ${MAX_ATTEMPTS} times`,
      );
    },
  };
}
