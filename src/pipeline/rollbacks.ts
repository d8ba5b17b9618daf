import { ANNOTATION, parseAnnotations } from '../core/annotations.ts';
import { parseHistory } from '../core/history.ts';
import { isOpen } from '../core/open-requests.ts';
import { transition } from '../core/request-machine.ts';
import { fail, type Result } from '../core/result.ts';
import { toRollbackRequest, undoneBy } from '../core/rollback-request.ts';
import { APPROVED_BY_AUTO_ROLLBACK, requestKey, type UpdateRequest } from '../core/update-request.ts';
import { workloadKey, type Artifact, type Workload } from '../core/workload.ts';
import type { ActionOutcome } from './approvals.ts';
import { artifactKey } from './request-store.ts';
import { settle, type SettlementOptions } from './settlement.ts';

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

export interface Rollbacks {
  /**
   * Rolls back for a person: makes the request, approves it in the name of `identity`, has it applied and answers what
   * became of it. A request that ended in Failed is `done` too; its message says why. Throws when Kubernetes cannot answer.
   */
  rollBack(
    action: RollbackAction & { readonly identity: string; readonly reason?: string | undefined },
  ): Promise<ActionOutcome>;
  /**
   * Makes and approves the rollback that a failed rollout brings about, and answers it; doing so twice is a no-op. It is
   * applied by whoever advances requests.
   */
  begin(
    action: RollbackAction & {
      /** The request whose rollout failed. */
      readonly cause: UpdateRequest;
      readonly reason: string;
      /** 0 at first; counts up when the rollback itself has failed and is tried again. */
      readonly attempt: number;
    },
  ): Promise<UpdateRequest>;
}

export interface RollbacksOptions extends SettlementOptions {
  /** Told of every request that did not exist before. */
  readonly onCreated?: (request: UpdateRequest, workload: Workload) => void;
  readonly onTransition?: (request: UpdateRequest) => void;
}

const MAX_TRIES = 5;
/** More attempts at one and the same rollback than this mean that something asks for it in a circle. */
const MAX_ATTEMPTS = 50;

/** How every rollback begins, a person's and an automatic one: as a request that is approved and applied as all others are. */
export function createRollbacks(options: RollbacksOptions): Rollbacks {
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
      if (written.ok) {
        options.onTransition?.(written.value);
        return written;
      }
      request = await requests.fetch(request.metadata.namespace, request.metadata.name);
    }
    return fail({ kind: 'conflict', message: 'UpdateRequest keeps changing, cannot approve' });
  }

  return {
    async rollBack({ identity, reason, ...action }) {
      const why = reason ?? `Rolled back by ${identity}`;
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
        const made = await make(action, { cause: undefined, reason: why, attempt });
        if (!isOpen(made)) continue;
        const approved = await approve(made, identity);
        return approved.ok ? settle(options, approved.value) : approved.error;
      }
      throw new Error(
        `the same rollback of ${workloadKey(action.workload)} has been tried ${MAX_ATTEMPTS} times`,
      );
    },
    async begin({ cause, reason, attempt, ...action }) {
      const made = await make(action, { cause, reason, attempt });
      if (made.status.phase !== 'Pending') return made;
      const approved = await approve(made, APPROVED_BY_AUTO_ROLLBACK);
      options.enqueue(requestKey(made));
      return approved.ok ? approved.value : (requests.get(requestKey(made)) ?? made);
    },
  };
}
