import { describe, expect, it } from 'vitest';
import { fail } from '../../core/result.ts';
import type { ApiCall } from '../api-call.ts';
import { KubernetesError, KubernetesUnreachableError } from '../errors.ts';
import { createLeaseObject, toMicroTime, type LeaseObject } from './lease-object.ts';
import { toHold, toRelease, UNKNOWN } from './standing.ts';

const TIMES = { durationMs: 12_000, renewDeadlineMs: 8000, retryPeriodMs: 2000 };
const NOW = toMicroTime(Date.UTC(2026, 0, 1));
const MINE = toHold(UNKNOWN, { identity: 'us', times: TIMES, now: NOW });
const BEFORE = { resourceVersion: '7' };
const { signal } = new AbortController();

/** A Lease at an API server that answers with these, one after the other. */
function aLease(...answers: readonly unknown[]): { readonly lease: LeaseObject; readonly calls: ApiCall[] } {
  const calls: ApiCall[] = [];
  const left = [...answers];
  const lease = createLeaseObject({
    client: {
      request: (call) => {
        calls.push(call);
        const next = left.shift();
        return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
      },
    },
    namespace: 'here',
    name: 'headwind',
    timeoutMs: 4000,
  });
  return { lease, calls };
}

function refusal(status: number, name?: string): KubernetesError {
  return new KubernetesError({ status, message: `refused: ${status}`, details: { name } });
}

describe('what the API server answers', () => {
  it('to a read where there is none is no failure', async () => {
    expect(await aLease(refusal(404, 'headwind')).lease.read(signal)).toBeUndefined();
  });

  it.each<[string, Error]>([
    ['Leases are not served', refusal(404)],
    ['a right is missing', refusal(403)],
    ['there are too many calls', refusal(429)],
    ['it fails', refusal(500)],
    ['nothing', new KubernetesUnreachableError('cut')],
  ])('is told to whoever asks, for a read and for both writes: %s', async (_, error) => {
    await expect(aLease(error).lease.read(signal)).rejects.toBe(error);
    await expect(aLease(error).lease.write(MINE, undefined, signal)).rejects.toBe(error);
    await expect(aLease(error).lease.write(MINE, BEFORE, signal)).rejects.toBe(error);
  });

  it.each<[string, Error, typeof BEFORE | undefined]>([
    ['another replica has made it first', refusal(409, 'headwind'), undefined],
    ['another one has written first', refusal(409, 'headwind'), BEFORE],
    ['it was deleted since it was read', refusal(404, 'headwind'), BEFORE],
  ])('to a write is no failure: %s', async (_, error, before) => {
    expect(await aLease(error).lease.write(MINE, before, signal)).toEqual(fail('conflict'));
  });

  it('to making one in a namespace that is not there is a failure', async () => {
    const error = refusal(404, 'here');
    await expect(aLease(error).lease.write(MINE, undefined, signal)).rejects.toBe(error);
  });
});

describe('a Lease that somebody else wrote', () => {
  const metadata = { resourceVersion: '8' };

  it.each<[string, object, object]>([
    ['without a spec', {}, { holder: '', durationMs: 15_000, transitions: 0 }],
    ['without a holder', { spec: { holderIdentity: null } }, { holder: '' }],
    ['with no time at all', { spec: { leaseDurationSeconds: 0 } }, { durationMs: 15_000 }],
    ['with less than that', { spec: { leaseDurationSeconds: -3 } }, { durationMs: 15_000 }],
    [
      'with times of another form, which are never read as times',
      { spec: { holderIdentity: 'x', renewTime: 'yesterday', acquireTime: '2026-01-01T00:00:00Z' } },
      { holder: 'x', renewedAt: 'yesterday', acquiredAt: '2026-01-01T00:00:00Z' },
    ],
  ])('can be read: %s', async (_, lease, expected) => {
    expect(await aLease({ metadata, ...lease }).lease.read(signal)).toMatchObject(expected);
  });

  it.each<[string, unknown]>([
    ['is of wrong types', { metadata, spec: { holderIdentity: 5 } }],
    ['is none at all', 'a page of a proxy'],
  ])('is trouble and no Lease that is free, where it %s', async (_, answer) => {
    await expect(aLease(answer).lease.read(signal)).rejects.toThrow(/expected/);
  });

  it('keeps its labels, annotations, owners and finalizers when it is taken, renewed and given back', async () => {
    const others = {
      labels: { team: 'shop' },
      annotations: { 'argocd.argoproj.io/tracking-id': 'x' },
      ownerReferences: [{ uid: '1' }],
      finalizers: ['a/b'],
    };
    const stored = { metadata: { ...metadata, ...others }, spec: { holderIdentity: 'us' } };
    const { lease, calls } = aLease(stored, stored, stored);
    const read = await lease.read(signal);
    const written = await lease.write(MINE, read, signal);
    if (!written.ok) throw new Error(written.error);
    await lease.write(toRelease(written.value, NOW), written.value, signal);
    for (const { method, body } of calls.slice(1))
      expect([method, body]).toMatchObject(['PUT', { metadata: { ...others, resourceVersion: '8' } }]);
  });
});

describe('what is written', () => {
  it('is made without a version, and over exactly the one that was read after that', async () => {
    const stored = { metadata: { resourceVersion: '8' } };
    const { lease, calls } = aLease(stored, stored);
    await lease.write(MINE, undefined, signal);
    await lease.write(MINE, BEFORE, signal);
    const spec = {
      holderIdentity: 'us',
      leaseDurationSeconds: 12,
      acquireTime: '2026-01-01T00:00:00.000000Z',
      renewTime: '2026-01-01T00:00:00.000000Z',
      leaseTransitions: 0,
    };
    expect(calls.map(({ method, path, body, timeoutMs }) => ({ method, path, body, timeoutMs }))).toEqual([
      {
        method: 'POST',
        path: '/apis/coordination.k8s.io/v1/namespaces/here/leases',
        body: {
          apiVersion: 'coordination.k8s.io/v1',
          kind: 'Lease',
          metadata: { name: 'headwind', namespace: 'here' },
          spec,
        },
        timeoutMs: 4000,
      },
      {
        method: 'PUT',
        path: '/apis/coordination.k8s.io/v1/namespaces/here/leases/headwind',
        body: {
          apiVersion: 'coordination.k8s.io/v1',
          kind: 'Lease',
          metadata: { name: 'headwind', namespace: 'here', resourceVersion: '7' },
          spec,
        },
        timeoutMs: 4000,
      },
    ]);
  });
});
