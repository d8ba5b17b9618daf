import { describe, expect, it } from 'vitest';
import { aContainer, aWorkload } from '../../test/builders.ts';
import type { Artifact, Workload } from '../core/workload.ts';
import type { ApiCall } from './api-call.ts';
import { readRunningDigests } from './running-digests.ts';

const A = `sha256:${'a'.repeat(64)}`;
const B = `sha256:${'b'.repeat(64)}`;

interface PodDescription {
  readonly hash?: string;
  readonly owner?: { readonly kind: string; readonly name: string; readonly uid: string };
  readonly digest?: string;
  readonly image?: string;
  readonly created?: string;
  readonly deleted?: boolean;
  readonly phase?: string;
  readonly init?: boolean;
}

function aPod(pod: PodDescription = {}): unknown {
  const { hash = '77', digest, image = 'nginx:1.25.0', created = '2026-01-01T00:00:00Z' } = pod;
  const owner = pod.owner ?? { kind: 'ReplicaSet', name: `web-${hash}`, uid: 'uid-of-rs' };
  const containers = [{ name: 'web', image }];
  const statuses = [
    { name: 'web', imageID: digest === undefined ? '' : `docker.io/library/nginx@${digest}` },
  ];
  const isStateful = owner.kind !== 'ReplicaSet';
  return {
    metadata: {
      creationTimestamp: created,
      labels: { [isStateful ? 'controller-revision-hash' : 'pod-template-hash']: hash },
      ownerReferences: [{ ...owner, controller: true }],
      ...(pod.deleted === true ? { deletionTimestamp: created } : {}),
    },
    spec: pod.init === true ? { containers: [], initContainers: containers } : { containers },
    status: {
      phase: pod.phase ?? 'Running',
      ...(pod.init === true ? { initContainerStatuses: statuses } : { containerStatuses: statuses }),
    },
  };
}

const SELECTOR = {
  matchLabels: { app: 'web' },
  matchExpressions: [
    { key: 'tier', operator: 'In', values: ['a', 'b'] },
    { key: 'canary', operator: 'DoesNotExist' },
    { key: 'team', operator: 'Exists' },
    { key: 'zone', operator: 'NotIn', values: ['x'] },
  ],
};

async function read(
  pods: readonly unknown[],
  workload: Workload = aWorkload(),
  artifact: Artifact = aContainer(),
): Promise<{ digests: readonly string[]; asked: readonly ApiCall[] }> {
  const asked: ApiCall[] = [];
  const client = {
    request: (call: ApiCall) => {
      asked.push(call);
      return Promise.resolve(
        call.path.endsWith('/pods') ? { items: pods } : { spec: { selector: SELECTOR } },
      );
    },
  };
  return { digests: await readRunningDigests(client, workload, artifact), asked };
}

describe('the digests that run', () => {
  it('are asked for with the selector of the workload, in its namespace', async () => {
    const { asked } = await read([]);
    expect(asked.map(({ path }) => path)).toEqual([
      '/apis/apps/v1/namespaces/shop/deployments/web',
      '/api/v1/namespaces/shop/pods',
    ]);
    expect(asked[1]?.query).toMatchObject({
      labelSelector: 'app=web,tier in (a,b),!canary,team,zone notin (x)',
    });
  });

  it.each<[string, readonly unknown[], readonly string[]]>([
    [
      'are those of its pods, each once',
      [aPod({ digest: A }), aPod({ digest: A }), aPod({ digest: B })],
      [A, B],
    ],
    [
      'are those of the youngest revision',
      [
        aPod({ hash: 'old', digest: A, created: '2026-01-01T00:00:00Z' }),
        aPod({ hash: 'new', digest: B, created: '2026-01-02T00:00:00Z' }),
        aPod({ hash: 'old', digest: A, created: '2026-01-01T10:00:00Z' }),
      ],
      [B],
    ],
    ['are not known while nothing is pulled', [aPod()], []],
    ['are not those of a pod that ends', [aPod({ digest: A, deleted: true })], []],
    ['are not those of a pod that has ended', [aPod({ digest: A, phase: 'Succeeded' })], []],
    ['are not those of a revision with another image', [aPod({ digest: A, image: 'nginx:1.24.0' })], []],
    [
      "are not those of somebody else's pods",
      [
        aPod({ digest: A, owner: { kind: 'ReplicaSet', name: 'web-2-77', uid: 'x' } }),
        aPod({ digest: A, owner: { kind: 'Job', name: 'web-77', uid: 'x' } }),
      ],
      [],
    ],
    ['are read although one pod is not', [{ metadata: 1 }, aPod({ digest: A })], [A]],
  ])('%s', async (_name, pods, digests) => {
    expect((await read(pods)).digests).toEqual(digests);
  });

  it.each(['StatefulSet', 'DaemonSet'] as const)(
    'of a %s are those of the pods that it owns',
    async (kind) => {
      const owner = { kind, name: 'web', uid: 'uid-of-web' };
      const pods = [aPod({ digest: A, owner }), aPod({ digest: B, owner: { ...owner, uid: 'another' } })];
      expect((await read(pods, aWorkload({ kind }))).digests).toEqual([A]);
    },
  );

  it('of an init container are those of init containers', async () => {
    const artifact = aContainer({ type: 'initContainer' });
    const { digests } = await read(
      [aPod({ digest: A, init: true }), aPod({ digest: B })],
      aWorkload(),
      artifact,
    );
    expect(digests).toEqual([A]);
  });
});
