import { describe, expect, it } from 'vitest';
import { aRequest } from '../../test/builders.ts';
import type { UpdateRequest, UpdateRequestStatus } from '../core/update-request.ts';
import { KubernetesError, KubernetesUnreachableError } from '../kubernetes/errors.ts';
import { createRequestStore, type RequestStore } from './request-store.ts';

const APPROVED: UpdateRequestStatus = { phase: 'Approved', approvedBy: 'alice' };

function version(number: number, status: UpdateRequestStatus): UpdateRequest {
  const request = aRequest({ name: 'a' });
  return { ...request, metadata: { ...request.metadata, resourceVersion: String(number) }, status };
}

/** A store whose writes all fail, and what it tells of transitions. */
function aStore(why: Error): { readonly store: RequestStore; readonly told: string[] } {
  const store = createRequestStore({ request: () => Promise.reject(why) });
  const told: string[] = [];
  store.followMoves((request, before) => told.push(`${before.status.phase} -> ${request.status.phase}`));
  return { store, told };
}

describe('a write that failed, and stands there all the same,', () => {
  it.each<[string, Error, readonly string[]]>([
    ['because no answer came', new KubernetesUnreachableError('cut'), ['Pending -> Approved']],
    [
      'because etcd was too slow for the API server',
      new KubernetesError({ status: 500, message: 'etcdserver: request timed out' }),
      ['Pending -> Approved'],
    ],
    [
      'because a proxy gave up',
      new KubernetesError({ status: 504, message: 'gateway timeout' }),
      ['Pending -> Approved'],
    ],
    ['is not ours where it was refused', new KubernetesError({ status: 403, message: 'no' }), []],
    ['nor where there were too many', new KubernetesError({ status: 429, message: 'later' }), []],
  ])('is told when it is seen: %s', async (_, error, expected) => {
    const { store, told } = aStore(error);
    const pending = version(1, { phase: 'Pending' });
    store.observe(pending);
    await expect(store.writeStatus(pending, APPROVED)).rejects.toBe(error);
    store.observe(version(2, { ...APPROVED, announced: 'Approved' }));
    expect(told).toEqual(expected);
  });
});
