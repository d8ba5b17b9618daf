import type { UpdateRequest, UpdateRequestStatus } from '../core/update-request.ts';
import type { Outcome } from '../scheduling/work-queue.ts';
import type { RequestStore } from './request-store.ts';

/**
 * Writes a status as an item of a work queue: a request that is gone needs none, and one that somebody else wrote first
 * is fetched and comes up again `againAfterMs` milliseconds later. Throws what the API server's troubles throw.
 */
export async function writeAsWork(
  requests: Pick<RequestStore, 'fetch' | 'writeStatus'>,
  write: {
    readonly request: UpdateRequest;
    readonly status: UpdateRequestStatus;
    readonly againAfterMs: number;
  },
): Promise<Outcome> {
  const { request, status, againAfterMs } = write;
  const written = await requests.writeStatus(request, status);
  if (written.ok || written.error === 'gone') return { kind: 'done' };
  await requests.fetch(request.metadata.namespace, request.metadata.name);
  return { kind: 'requeue', afterMs: againAfterMs };
}
