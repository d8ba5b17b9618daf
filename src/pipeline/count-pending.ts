import { requestKey } from '../core/update-request.ts';
import type { RequestStore } from './request-store.ts';

/** Tells how many requests are pending whenever that may have changed; kept by difference, since counting all costs. */
export function countPending(requests: Pick<RequestStore, 'subscribe'>, tell: (count: number) => void): void {
  const pending = new Set<string>();
  requests.subscribe((request, event) => {
    const key = requestKey(request);
    if (event === 'changed' && request.status.phase === 'Pending') pending.add(key);
    else pending.delete(key);
    tell(pending.size);
  });
}
