import { describe, expect, it } from 'vitest';
import { anApprovedRequest, aRequest, aWorkload, NOON } from '../../test/builders.ts';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { fail, ok } from '../core/result.ts';
import { requestKey, type UpdateRequest } from '../core/update-request.ts';
import type { Outcome } from '../scheduling/work-queue.ts';
import { createRollbackFinisher, type Unblocked } from './finish-rollback.ts';
import { createRequestStore } from './request-store.ts';

const done = aRequest({ name: 'done', status: { phase: 'Completed' } });
const rollback = anApprovedRequest({
  name: 'back',
  spec: {
    currentImage: 'nginx:1.26.0',
    newImage: 'nginx:1.25.0',
    rollback: true,
    reason: 'it leaks',
    undoes: ['done'],
  },
});

interface Given {
  readonly others?: readonly UpdateRequest[];
  readonly rollback?: UpdateRequest;
  readonly unblocked?: Unblocked;
  /** How many writes somebody else wins. */
  readonly lostRaces?: number;
}

async function finish(given: Given): Promise<{ outcome: Outcome; phases: object; told: string[] }> {
  let lost = given.lostRaces ?? 0;
  const told: string[] = [];
  const base = createRequestStore({ request: () => Promise.reject(new Error('nobody asks here')) });
  for (const request of given.others ?? [done]) base.observe(request);
  base.subscribe(({ metadata, status }) => told.push(`${metadata.name} ${status.phase}`));
  const finisher = createRollbackFinisher({
    clock: new FakeClock(NOON),
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    requests: {
      ...base,
      fetch: (namespace, name) => Promise.resolve(base.get(`${namespace}/${name}`)),
      writeStatus: (request, status) => {
        lost -= 1;
        if (lost >= 0) return Promise.resolve(fail('conflict'));
        const metadata = { ...request.metadata, resourceVersion: `${request.metadata.resourceVersion}0` };
        const written = { ...request, metadata, status };
        base.observe(written);
        return Promise.resolve(ok(written));
      },
    },
    unblock: (target, { container, images }) => {
      told.push(`unblock ${target.kind} ${container} ${images.join()}`);
      return Promise.resolve(given.unblocked ?? { kind: 'done', deleted: [], refused: [] });
    },
    onUnblocked: (_request, _workload, { deleted, refused }) =>
      told.push(`gone ${deleted.join()} ${refused.join()}`),
  });
  const outcome = await finisher.afterPatch(given.rollback ?? rollback, aWorkload());
  const phases = Object.fromEntries(
    [...base.all()].map((request) => [request.metadata.name, base.get(requestKey(request))?.status.phase]),
  );
  return { outcome, phases, told };
}

describe('once a rollback has been patched', () => {
  it('what it takes back is RolledBack, and says by whom and why', async () => {
    const { outcome, phases, told } = await finish({});
    expect({ outcome, phases, told }).toEqual({
      outcome: { kind: 'done' },
      phases: { done: 'RolledBack' },
      told: ['done RolledBack'],
    });
  });

  it('doing it again changes nothing', async () => {
    const before = aRequest({ name: 'done', status: { phase: 'RolledBack' } });
    expect(await finish({ others: [before] })).toMatchObject({ outcome: { kind: 'done' }, told: [] });
  });

  it('what has been applied and does not say so yet is waited for, though not for ever', async () => {
    const applied = anApprovedRequest({ name: 'done' });
    const at = (ms: number): UpdateRequest => ({
      ...rollback,
      status: { ...rollback.status, approvedAt: new Date(NOON - ms).toISOString() },
    });
    expect(await finish({ others: [applied], rollback: at(1000) })).toMatchObject({
      outcome: { kind: 'requeue' },
      phases: { done: 'Approved' },
    });
    expect(await finish({ others: [applied], rollback: at(61_000) })).toMatchObject({
      outcome: { kind: 'done' },
      phases: { done: 'Approved' },
    });
  });

  it('everything is tried again where somebody else wrote first', async () => {
    expect(await finish({ lostRaces: 1 })).toMatchObject({
      outcome: { kind: 'requeue' },
      phases: { done: 'Completed' },
    });
  });

  it.each<[string, UpdateRequest]>([
    [
      'of another container',
      aRequest({ name: 'done', spec: { containerName: 'proxy' }, status: { phase: 'Completed' } }),
    ],
    ['that is not applied', aRequest({ name: 'done', status: { phase: 'Pending' } })],
    [
      'that is a rollback itself',
      aRequest({ name: 'done', spec: { rollback: true }, status: { phase: 'Completed' } }),
    ],
  ])('whatever the rollback names, one %s stays what it is', async (_, other) => {
    expect((await finish({ others: [other] })).told).toEqual([]);
  });
});

describe('a StatefulSet that goes back', () => {
  const targetRef = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', namespace: 'shop' };
  const ofSet = (approvedAt: string): UpdateRequest => ({
    ...rollback,
    spec: { ...rollback.spec, targetRef },
    status: { ...rollback.status, approvedAt },
  });
  const justNow = ofSet('2026-01-01T11:59:59Z');

  it('is freed of the pods that are in its way, and that is told', async () => {
    const unblocked = { kind: 'done', deleted: ['web-2'], refused: [] } as const;
    const { told } = await finish({ rollback: justNow, unblocked, others: [] });
    expect(told).toEqual(['unblock StatefulSet web nginx:1.26.0', 'gone web-2 ']);
  });

  it('has to be seen by its controller first, but is not waited for for ever', async () => {
    const unblocked = { kind: 'not-yet' } as const;
    expect((await finish({ rollback: justNow, unblocked })).outcome).toMatchObject({ kind: 'requeue' });
    const longAgo = ofSet('2026-01-01T11:59:00Z');
    expect((await finish({ rollback: longAgo, unblocked })).outcome).toEqual({ kind: 'done' });
  });

  it('is freed of pods of every version that it takes back: of two in a row the first may be what blocks', async () => {
    const first = aRequest({ name: 'done', spec: { targetRef, newImage: 'nginx:1.25.5' } });
    const { told } = await finish({ rollback: justNow, others: [first] });
    expect(told).toEqual(['unblock StatefulSet web nginx:1.26.0,nginx:1.25.5']);
  });
});

describe('a StatefulSet that goes on', () => {
  const targetRef = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', namespace: 'shop' };
  const baseline = { at: '2026-01-01T11:59:00Z', healthy: true, message: 'fine', missing: 0 };
  const update = (restoreImage: string): UpdateRequest => {
    const request = anApprovedRequest({ spec: { targetRef, currentImage: 'nginx:1.26.0' } });
    const verification = { restoreImage, baseline, failedChecks: 0 };
    return { ...request, status: { ...request.status, verification } };
  };

  it('is freed of pods of a version that was never seen to be healthy', async () => {
    const { told } = await finish({ rollback: update('nginx:1.25.0') });
    expect(told).toEqual(['unblock StatefulSet web nginx:1.26.0']);
  });

  it('keeps the pods of a version that was', async () => {
    expect((await finish({ rollback: update('nginx:1.26.0') })).told).toEqual([]);
  });
});
