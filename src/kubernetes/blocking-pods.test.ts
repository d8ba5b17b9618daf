import { describe, expect, it } from 'vitest';
import type { ApiCall } from './api-call.ts';
import { deleteBlockingPods, type Unblocked } from './blocking-pods.ts';
import { KubernetesError } from './errors.ts';

interface PodDescription {
  readonly revision?: string;
  readonly image?: string;
  readonly ready?: boolean;
  readonly leaving?: boolean;
  readonly owner?: string;
}

function aPod(name: string, pod: PodDescription): unknown {
  return {
    metadata: {
      name,
      uid: `uid-of-${name}`,
      labels: { 'controller-revision-hash': pod.revision ?? 'web-new' },
      ownerReferences: [{ uid: pod.owner ?? 'uid-of-web', controller: true }],
      ...(pod.leaving === true ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
    spec: { containers: [{ name: 'web', image: pod.image ?? 'nginx:1.26.0' }] },
    status: { conditions: [{ type: 'Ready', status: pod.ready === true ? 'True' : 'False' }] },
  };
}

/** What is deleted of a StatefulSet that goes back from nginx:1.26.0 (revision web-new) to revision web-old. */
async function unblock(
  pods: Readonly<Record<string, PodDescription>>,
  { spec = {}, status = {}, refuse }: { spec?: object; status?: object; refuse?: KubernetesError } = {},
): Promise<{ readonly outcome: Unblocked; readonly deletions: readonly ApiCall[] }> {
  const deletions: ApiCall[] = [];
  const set = {
    metadata: { namespace: 'shop', name: 'web', uid: 'uid-of-web', generation: 5 },
    spec: { replicas: 3, selector: { matchLabels: { app: 'web' } }, template: {}, ...spec },
    status: { observedGeneration: 5, updateRevision: 'web-old', ...status },
  };
  const client = {
    request: (call: ApiCall): Promise<unknown> => {
      if (call.method === 'DELETE') {
        deletions.push(call);
        return refuse === undefined ? Promise.resolve({}) : Promise.reject(refuse);
      }
      const items = Object.entries(pods).map(([name, pod]) => aPod(name, pod));
      return Promise.resolve(call.path.endsWith('/pods') ? { items } : set);
    },
  };
  const target = { kind: 'StatefulSet', namespace: 'shop', name: 'web' };
  const outcome = await deleteBlockingPods(client, target, {
    container: 'web',
    images: ['nginx:1.26.0', 'nginx:1.26.1'],
  });
  return { outcome, deletions };
}

const refusal = (status: number, message: string, name?: string): KubernetesError =>
  new KubernetesError({ status, message, ...(name === undefined ? {} : { details: { name } }) });

describe('of a StatefulSet that goes back', () => {
  it('the pod of the version taken back that is not ready is deleted: this very one', async () => {
    const { outcome, deletions } = await unblock({
      'web-2': {},
      'web-1': { revision: 'web-old', ready: true },
    });
    expect(outcome).toEqual({ kind: 'done', deleted: ['web-2'], refused: [] });
    expect(deletions).toEqual([
      {
        method: 'DELETE',
        path: '/api/v1/namespaces/shop/pods/web-2',
        body: { preconditions: { uid: 'uid-of-web-2' } },
      },
    ]);
  });

  it.each<[string, PodDescription]>([
    ['ready', { ready: true }],
    ['of the version that comes back', { revision: 'web-old', image: 'nginx:1.25.0' }],
    ['of another version still', { image: 'nginx:1.20.0' }],
    ['going already', { leaving: true }],
    ["somebody else's", { owner: 'other' }],
  ])('a pod that is %s stays', async (_, pod) => {
    expect((await unblock({ 'web-2': pod })).deletions).toEqual([]);
  });

  it('nothing is touched before its controller has seen that', async () => {
    const { outcome, deletions } = await unblock({ 'web-2': {} }, { status: { observedGeneration: 4 } });
    expect([outcome.kind, deletions]).toEqual(['not-yet', []]);
  });

  it('nothing is touched where pods do not wait for each other', async () => {
    const spec = { podManagementPolicy: 'Parallel' };
    expect((await unblock({ 'web-2': {} }, { spec })).deletions).toEqual([]);
  });

  it('a pod that is gone already is as good as deleted', async () => {
    const { outcome } = await unblock({ 'web-2': {} }, { refuse: refusal(404, 'not found', 'web-2') });
    expect(outcome).toMatchObject({ deleted: ['web-2'] });
  });

  it('the pods that Headwind may not delete are named', async () => {
    const refuse = refusal(403, 'pods "web-2" is forbidden: User "headwind" cannot delete resource "pods"');
    expect((await unblock({ 'web-2': {} }, { refuse })).outcome).toMatchObject({ refused: ['web-2'] });
  });

  it('an API server that cannot answer is asked again', async () => {
    await expect(unblock({ 'web-2': {} }, { refuse: refusal(500, 'etcd is away') })).rejects.toThrow('etcd');
  });
});
