import { transition, type Change } from '../core/request-machine.ts';
import { requestKey, type Phase, type UpdateRequest } from '../core/update-request.ts';
import type { RequestStore } from './request-store.ts';
import { settle, type SettlementOptions } from './settlement.ts';
import { decisionSpan } from './spans.ts';

export type ActionOutcome =
  | { readonly kind: 'done'; readonly request: UpdateRequest }
  /** Accepted, but the applier has not finished yet: it waits for something, or takes long. */
  | { readonly kind: 'accepted'; readonly request: UpdateRequest; readonly message: string }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'conflict'; readonly message: string; readonly phase?: Phase };

export interface Listing {
  readonly phase?: readonly Phase[] | undefined;
  readonly namespace?: string | undefined;
  readonly limit?: number | undefined;
  readonly continue?: string | undefined;
  readonly visible?: ((namespace: string) => boolean) | undefined;
}

export interface Approvals {
  /** Newest first. */
  list(listing: Listing): Promise<{ readonly items: readonly UpdateRequest[]; readonly continue?: string }>;
  get(namespace: string, name: string): Promise<UpdateRequest | undefined>;
  /** The kind of the workload that a known request is about. */
  kindOf(target: { namespace: string; name: string }): string | undefined;
  approve(action: Action): Promise<ActionOutcome>;
  reject(action: Action & { reason?: string | undefined }): Promise<ActionOutcome>;
}

interface Action {
  readonly namespace: string;
  readonly name: string;
  readonly identity: string;
  /** Where it is there: of the one request that is meant, since another one may have its name by now. */
  readonly uid?: string | undefined;
}

export interface ApprovalsOptions extends SettlementOptions {
  readonly requests: RequestStore;
}

const MAX_TRIES = 5;

/** What people may do with requests; every action is decided on, and written under, one resourceVersion. */
export function createApprovals(options: ApprovalsOptions): Approvals {
  const { requests, clock } = options;

  async function act(action: Action, change: Change): Promise<ActionOutcome> {
    const verb = change.to === 'Approved' ? 'approve' : 'reject';
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const request = await requests.fetch(action.namespace, action.name);
      if (request === undefined) return { kind: 'not-found' };
      if (action.uid !== undefined && action.uid !== request.metadata.uid) return { kind: 'not-found' };
      if (hasExpired(request, clock.now())) {
        options.enqueue(requestKey(request));
        return {
          kind: 'conflict',
          message: `UpdateRequest is in Expired state, cannot ${verb}`,
          phase: 'Expired',
        };
      }
      const status = transition(request, change, clock.now());
      if (!status.ok) return { kind: 'conflict', ...status.error };
      const written = await decisionSpan(verb, request, () => requests.writeStatus(request, status.value));
      if (written.ok) return { kind: 'done', request: written.value };
      // Somebody wrote first. If that was not a decision (a label, say) this one still counts: look again.
    }
    return { kind: 'conflict', message: `UpdateRequest keeps changing, cannot ${verb}` };
  }

  return {
    list: (listing) => Promise.resolve(pageOf(requests.all(), listing)),
    get: (namespace, name) => requests.fetch(namespace, name),
    kindOf: ({ namespace, name }) => requests.get(`${namespace}/${name}`)?.spec.targetRef.kind,
    async approve(action) {
      const outcome = await act(action, { to: 'Approved', by: action.identity });
      if (outcome.kind !== 'done') return outcome;
      return settle(options, outcome.request);
    },
    reject: (action) => act(action, { to: 'Rejected', by: action.identity, reason: action.reason }),
  };
}

function hasExpired({ status, spec }: UpdateRequest, nowMs: number): boolean {
  return status.phase === 'Pending' && spec.expiresAt !== undefined && Date.parse(spec.expiresAt) <= nowMs;
}

/** One page, newest first. The token names the last one of the page before, so that new arrivals do not shift pages. */
function pageOf(
  all: Iterable<UpdateRequest>,
  { phase, namespace, limit, continue: after, visible }: Listing,
): { items: readonly UpdateRequest[]; continue?: string } {
  const wanted = [...all].filter(
    (request) =>
      (phase === undefined || phase.includes(request.status.phase)) &&
      (namespace === undefined || request.metadata.namespace === namespace) &&
      (visible === undefined || visible(request.metadata.namespace)),
  );
  const sorted = wanted
    .map((request) => ({ request, rank: rankOf(request) }))
    .sort((a, b) => (a.rank < b.rank ? 1 : -1));
  const rest = after === undefined ? sorted : sorted.filter(({ rank }) => rank < after);
  if (limit === undefined || rest.length <= limit) return { items: rest.map(({ request }) => request) };
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  const items = page.map(({ request }) => request);
  return last === undefined ? { items } : { items, continue: last.rank };
}

/** Sorts by age, then by name: RFC 3339 in UTC sorts as text. */
function rankOf(request: UpdateRequest): string {
  return `${request.metadata.creationTimestamp} ${requestKey(request)}`;
}
