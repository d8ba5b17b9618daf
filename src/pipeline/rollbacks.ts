import { APPROVED_BY_AUTO_ROLLBACK, requestKey, type UpdateRequest } from '../core/update-request.ts';
import type { ActionOutcome } from './approvals.ts';
import { createRollbackOrders, type RollbackAction, type RollbackOrdersOptions } from './rollback-orders.ts';
import { settle, type SettlementOptions } from './settlement.ts';

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

export interface RollbacksOptions extends SettlementOptions, Pick<RollbackOrdersOptions, 'onCreated'> {}

/** How every rollback begins, a person's and an automatic one: as a request that is approved and applied as all others are. */
export function createRollbacks(options: RollbacksOptions): Rollbacks {
  const { requests } = options;
  const orders = createRollbackOrders(options);

  return {
    async rollBack(action) {
      const approved = await orders.order(action);
      return approved.ok ? settle(options, approved.value) : approved.error;
    },
    async begin({ cause, reason, attempt, ...action }) {
      const made = await orders.make(action, { cause, reason, attempt });
      if (made.status.phase !== 'Pending') return made;
      const approved = await orders.approve(made, APPROVED_BY_AUTO_ROLLBACK);
      options.enqueue(requestKey(made));
      return approved.ok ? approved.value : (requests.get(requestKey(made)) ?? made);
    },
  };
}
