import type { Blocker } from '../core/blocker.ts';
import type { Clock } from '../core/clock.ts';
import { isFinished } from '../core/request-machine.ts';
import { requestKey, type UpdateRequest } from '../core/update-request.ts';
import type { Advancer } from './advance.ts';
import type { RequestStore } from './request-store.ts';

/** How far an approved request got while somebody waited for it. */
export type Settlement =
  | { readonly kind: 'done'; readonly request: UpdateRequest }
  | { readonly kind: 'accepted'; readonly request: UpdateRequest; readonly message: string };

export interface SettlementOptions {
  readonly requests: RequestStore;
  readonly advancer: Pick<Advancer, 'waitingFor' | 'watch'>;
  /** Has the request looked at now. */
  readonly enqueue: (key: string) => void;
  /** Whether this replica applies; where another one does, what becomes of a request is seen at the request alone. */
  readonly isLeading: () => boolean;
  readonly clock: Clock;
}

/** How long an approver waits for the applier before being told to look again. */
const APPLY_PATIENCE_MS = 10_000;

/** Has an approved request applied, and resolves when it is finished, when it waits for something, or when patience ends. */
export async function settle(options: SettlementOptions, approved: UpdateRequest): Promise<Settlement> {
  const key = requestKey(approved);
  const result = await untilSettled(options, key);
  const request = options.requests.get(key) ?? approved;
  if (result === 'finished') return { kind: 'done', request };
  const blockers = result === 'late' ? options.advancer.waitingFor(key) : result;
  const known = blockers.map(({ message }) => message).join('; ');
  const why = known || waitOf(request) || 'it is still being applied';
  return { kind: 'accepted', request, message: `Approved, not applied yet: ${why}` };
}

async function untilSettled(
  { requests, advancer, enqueue, isLeading, clock }: SettlementOptions,
  key: string,
): Promise<'finished' | 'late' | readonly Blocker[]> {
  return new Promise((resolve) => {
    const look = (looked: string): void => {
      if (looked !== key) return;
      const request = requests.get(key);
      const waiting = advancer.waitingFor(key);
      if (hasEnded(request)) end('finished');
      // What the API server could not do now is tried again in a moment: that is worth waiting for.
      else if (waiting.some(({ code }) => code !== 'cluster')) end(waiting);
    };
    const stopWatching = advancer.watch(look);
    const stopListening = requests.subscribe((request) => {
      if (requestKey(request) !== key) return;
      if (isFinished(request.status.phase)) look(key);
      else if (!isLeading() && waitOf(request) !== undefined) end([]);
    });
    const cancel = clock.after(APPLY_PATIENCE_MS, () => end('late'));
    const end = (outcome: 'finished' | 'late' | readonly Blocker[]): void => {
      stopWatching();
      stopListening();
      cancel();
      resolve(outcome);
    };
    // On a replica that does not apply, the watch may have told of the end before the approval itself was answered.
    if (hasEnded(requests.get(key))) end('finished');
    else enqueue(key);
  });
}

function hasEnded(request: UpdateRequest | undefined): boolean {
  return request === undefined || isFinished(request.status.phase);
}

/** What whoever applies has written into an approved request that has to wait; undefined where that is nothing. */
function waitOf({ status }: UpdateRequest): string | undefined {
  if (status.phase !== 'Approved') return undefined;
  return status.conditions?.find(({ type, status: holds }) => type === 'Applied' && holds === 'False')
    ?.message;
}
