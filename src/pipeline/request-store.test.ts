import { describe, expect, it } from 'vitest';
import { aRequest } from '../../test/builders.ts';
import { requestKey, type UpdateRequest, type UpdateRequestStatus } from '../core/update-request.ts';
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

describe('a request that was deleted', () => {
  const known = version(7, APPROVED);
  const key = requestKey(known);
  const ANOTHER = { ...known, metadata: { ...known.metadata, uid: 'another' } };
  const nobody = { request: () => Promise.reject(new Error('nobody is asked')) };

  it('does not come back with the answer to a write that came before', () => {
    const store = createRequestStore(nobody);
    store.observe(known);
    store.forget(known);
    store.observe(version(6, { phase: 'Pending' }));
    store.observe(known);
    expect([store.get(key), store.size]).toEqual([undefined, 0]);
  });

  it('is known again where it can be read again', () => {
    const store = createRequestStore(nobody);
    store.observe(known);
    store.forget(known);
    store.observe(version(8, APPROVED));
    expect(store.get(key)).toBeDefined();
  });

  it('may come back under its name', () => {
    const store = createRequestStore(nobody);
    store.observe(known);
    store.forget(known);
    store.observe(ANOTHER);
    expect(store.get(key)).toBe(ANOTHER);
  });

  it('is known again where it had only left what concerns us', () => {
    const store = createRequestStore(nobody);
    store.observe(known);
    store.forget(known, 'left');
    store.observe(known);
    expect(store.get(key)).toBe(known);
  });

  it.each<[string, UpdateRequest | undefined]>([
    ['nothing was known', undefined],
    ['the deleted one was known', known],
  ])('takes no other one of its name along that came while it was asked for: %s', async (_, before) => {
    const answer = Promise.withResolvers<unknown>();
    const store = createRequestStore({ request: () => answer.promise });
    if (before !== undefined) store.observe(before);
    const asked = store.fetch(known.metadata.namespace, known.metadata.name);
    store.observe(ANOTHER);
    answer.reject(new KubernetesError({ status: 404, message: 'gone', details: { name: 'a' } }));
    expect(await asked).toBeUndefined();
    expect(store.get(key)).toBe(ANOTHER);
  });

  it.each<[string, (store: RequestStore) => void | Promise<void>]>([
    ['the watch tells late that it is gone', (store) => store.forget(known)],
    ['its deletion is answered late', (store) => store.remove(known)],
  ])('takes no other one of its name along where %s', async (_, act) => {
    const store = createRequestStore({ request: () => Promise.resolve({}) });
    store.observe(known);
    store.observe(ANOTHER);
    await act(store);
    expect(store.get(key)).toBe(ANOTHER);
  });

  it('is forgotten where pruning finds that it is gone', async () => {
    const gone = new KubernetesError({ status: 404, message: 'gone', details: { name: 'a' } });
    const { store } = aStore(gone);
    store.observe(known);
    await store.remove(known);
    expect(store.size).toBe(0);
  });
});
