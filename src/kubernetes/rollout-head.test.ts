import { describe, expect, it } from 'vitest';
import type { ApiCall } from './api-call.ts';
import { toRolloutPod } from './pod-facts.ts';
import { revisionOf, toRollout, toRolloutHead, type PodHead, type RolloutHead } from './rollout-head.ts';

const TEMPLATE = {
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'web', image: 'nginx:1.26.0' }] },
};

function anObject(spec: object = {}, status: object = {}): unknown {
  return {
    metadata: { namespace: 'shop', name: 'web', uid: 'uid-of-web', generation: 4 },
    spec: { selector: { matchLabels: { app: 'web' } }, template: TEMPLATE, ...spec },
    status: { observedGeneration: 4, ...status },
  };
}

function headOf(kind: string, object: unknown): PodHead {
  const head = toRolloutHead(kind, object);
  if (head.type !== 'pods') throw new Error('it has no pods');
  return head;
}

describe('what a workload says of its rollout', () => {
  it.each<[string, string, unknown, Partial<RolloutHead>]>([
    ['one pod, unless it says otherwise', 'Deployment', anObject(), { desired: 1, observed: true }],
    ['what it wants', 'StatefulSet', anObject({ replicas: 0 }), { desired: 0 }],
    [
      'what its nodes make it want',
      'DaemonSet',
      anObject({ replicas: 9 }, { desiredNumberScheduled: 3, numberReady: 2 }),
      { desired: 3, readyInAll: 2 },
    ],
    [
      'that its controller has not looked yet',
      'Deployment',
      anObject({}, { observedGeneration: 3 }),
      { observed: false },
    ],
    [
      'nothing, before it has a status',
      'Deployment',
      { ...Object(anObject()), status: undefined },
      { observed: false },
    ],
    [
      'that it is too late, and why',
      'Deployment',
      anObject(
        {},
        {
          conditions: [
            { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'late' },
          ],
        },
      ),
      { deadlineExceeded: 'late' },
    ],
    [
      'that pods cannot be made, and why',
      'Deployment',
      anObject({}, { conditions: [{ type: 'ReplicaFailure', status: 'True', message: 'exceeded quota' }] }),
      { obstacle: 'exceeded quota' },
    ],
    [
      'which pods stay old, and whether it goes in order',
      'StatefulSet',
      anObject({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } }),
      { partition: 2, ordered: true, onDelete: false },
    ],
    [
      'that it replaces nothing by itself',
      'StatefulSet',
      anObject({ updateStrategy: { type: 'OnDelete' }, podManagementPolicy: 'Parallel' }),
      { onDelete: true, ordered: false },
    ],
  ])('is %s', (_, kind, object, expected) => {
    expect(toRolloutHead(kind, object)).toMatchObject(expected);
  });

  it('is, of a release, its Ready and its versions', () => {
    const release = {
      metadata: { namespace: 'shop', name: 'web', uid: 'u', generation: 2 },
      spec: {},
      status: {
        observedGeneration: -1,
        lastAttemptedRevision: '1.3.0',
        history: [{ chartVersion: '1.2.0', status: 'deployed' }],
        conditions: [
          { type: 'Ready', status: 'False', reason: 'UpgradeFailed', message: 'm', observedGeneration: 2 },
        ],
      },
    };
    expect(toRolloutHead('HelmRelease', release)).toMatchObject({
      observed: true,
      suspended: false,
      ready: { status: 'False', reason: 'UpgradeFailed', message: 'm' },
      attemptedVersion: '1.3.0',
      installedVersion: '1.2.0',
    });
  });
});

describe('the pods of the new revision', () => {
  const owned = (name: string, more: object, owner = 'uid-of-web'): unknown => ({
    metadata: {
      uid: `uid-of-${name}`,
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels: { 'pod-template-hash': name, 'controller-revision-hash': name },
      ownerReferences: [{ uid: owner, controller: true }],
    },
    ...more,
  });
  const set = (name: string, image: string, owner?: string): unknown =>
    owned(
      name,
      {
        spec: {
          template: {
            metadata: { labels: { app: 'web', 'pod-template-hash': name } },
            spec: { containers: [{ name: 'web', image }] },
          },
        },
      },
      owner,
    );

  function clientWith(items: readonly unknown[], asked: ApiCall[] = []): Parameters<typeof revisionOf>[0] {
    return {
      request: (call) => {
        asked.push(call);
        return Promise.resolve({ items });
      },
    };
  }

  it("are, of a Deployment, those of the ReplicaSet with the present template, and not somebody else's", async () => {
    const asked: ApiCall[] = [];
    const items = [
      set('old', 'nginx:1.25.0'),
      set('theirs', 'nginx:1.26.0', 'other'),
      set('new', 'nginx:1.26.0'),
    ];
    const revision = await revisionOf(clientWith(items, asked), headOf('Deployment', anObject()));
    expect(revision).toEqual({ ownerUid: 'uid-of-new', label: 'new' });
    expect(asked[0]).toMatchObject({
      path: '/apis/apps/v1/namespaces/shop/replicasets',
      query: { labelSelector: 'app=web' },
    });
  });

  it('are not known while no ReplicaSet holds the present template', async () => {
    const head = headOf('Deployment', anObject());
    expect(await revisionOf(clientWith([set('old', 'nginx:1.25.0')]), head)).toBeUndefined();
  });

  it('are, of a DaemonSet, those of its newest ControllerRevision, which may be an old one made new', async () => {
    const items = [owned('a', { revision: 3 }), owned('b', { revision: 2 })];
    expect(await revisionOf(clientWith(items), headOf('DaemonSet', anObject()))).toEqual({
      ownerUid: 'uid-of-web',
      label: 'a',
    });
  });

  it('are, of a StatefulSet, those that its status names', async () => {
    const head = headOf('StatefulSet', anObject({}, { updateRevision: 'web-77' }));
    expect(await revisionOf(clientWith([]), head)).toEqual({ ownerUid: 'uid-of-web', label: 'web-77' });
  });

  it('are nobody before the controller has observed the update', async () => {
    const stale = { observedGeneration: 3, updateRevision: 'web-66' };
    expect(await revisionOf(clientWith([]), headOf('StatefulSet', anObject({}, stale)))).toBeUndefined();
  });

  it('are read with what kubelet says of their containers, init containers first', () => {
    const pod = toRolloutPod({
      metadata: {
        name: 'web-1',
        uid: 'u',
        labels: { 'pod-template-hash': 'new' },
        ownerReferences: [{ uid: 'uid-of-new', controller: true }],
      },
      status: {
        phase: 'Pending',
        conditions: [{ type: 'PodScheduled', status: 'False', message: 'no node is free' }],
        initContainerStatuses: [
          {
            name: 'migrate',
            restartCount: 2,
            state: { waiting: { reason: 'CrashLoopBackOff' } },
            lastState: {
              terminated: {
                exitCode: 1,
                reason: 'Error',
                startedAt: '2026-01-01T00:00:00Z',
                finishedAt: '2026-01-01T00:00:05Z',
              },
            },
          },
          'rubbish',
        ],
        containerStatuses: [{ name: 'web', state: { running: { startedAt: '2026-01-01T00:00:00Z' } } }],
      },
    });
    expect(pod).toMatchObject({
      leaving: false,
      ready: false,
      unschedulable: 'no node is free',
      containers: [
        {
          name: 'migrate',
          restarts: 2,
          waiting: { reason: 'CrashLoopBackOff' },
          lastExit: { code: 1, reason: 'Error' },
          lastRunMs: 5000,
        },
        { name: 'web', runningSinceMs: Date.parse('2026-01-01T00:00:00Z') },
      ],
    });
    const head = headOf('Deployment', anObject());
    expect(toRollout(head, { ownerUid: 'uid-of-new', label: 'new' }, [pod]).pods).toEqual([pod]);
    expect(toRollout(head, { ownerUid: 'uid-of-old', label: 'old' }, [pod]).pods).toEqual([]);
    expect(toRollout(head, undefined, [pod]).pods).toEqual([]);
  });

  it.each([{ phase: 'Failed', reason: 'Evicted' }, { phase: 'Succeeded' }])(
    'that have ended (%o) are leaving',
    (status) => {
      expect(toRolloutPod({ metadata: { name: 'web-1', uid: 'u' }, status }).leaving).toBe(true);
    },
  );
});
