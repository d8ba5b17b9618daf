import pLimit from 'p-limit';
import { z } from 'zod';
import type { UpdateRequestSpec, UpdateRequestStatus } from '../../src/core/update-request.ts';
import { knownTo } from './workload-views.ts';
import { workloadOf, type World } from './world.ts';

const Created = z.object({ metadata: z.object({ uid: z.string(), resourceVersion: z.string() }) });
const CREATED_AT_ONCE = 8;

export interface PutUpdate {
  /** Of the Deployment and, with `-1` behind it, of the request. */
  readonly name: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly spec?: Partial<UpdateRequestSpec>;
  /** `Pending` unless told. */
  readonly status?: Partial<UpdateRequestStatus>;
}

/** Puts Deployments into a world's namespace, each with a request as it would be after some time, for pages to show. */
export async function putUpdates(world: World, updates: readonly PutUpdate[]): Promise<void> {
  const limit = pLimit(CREATED_AT_ONCE);
  await limit.map([...updates], async ({ name, annotations = {} }) => {
    const images = { app: `registry.invalid/${name}:1.0.0` };
    await world.create('deployments', workloadOf('Deployment', { name, images, annotations }));
  });
  // A request for a workload that Headwind does not know would fail.
  await knownTo(world, ...updates.map(({ name }) => name));
  await limit.map([...updates], (update) => putRequest(world, update));
}

/** Waits until Headwind's dashboard counts as many requests under this query. */
export async function listedWhen(world: World, query: string, total: number): Promise<void> {
  const url = `${world.headwind().urls.ui}/api/v1/dashboard/updates?${query}`;
  for (;;) {
    const answer = z.object({ total: z.number() }).parse(await (await fetch(url)).json());
    if (answer.total === total) return;
  }
}

async function putRequest(world: World, { name, spec, status }: PutUpdate): Promise<void> {
  const { namespace } = world;
  const path = `/apis/headwind.sh/v1alpha1/namespaces/${namespace}/updaterequests`;
  const created = Created.parse(
    await world.api.expectOk('POST', path, {
      apiVersion: 'headwind.sh/v1alpha1',
      kind: 'UpdateRequest',
      metadata: { name: `${name}-1` },
      spec: {
        targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name, namespace },
        updateType: 'image',
        containerName: 'app',
        currentImage: `registry.invalid/${name}:1.0.0`,
        newImage: `registry.invalid/${name}:1.1.0`,
        policy: 'minor',
        requireApproval: true,
        ...spec,
      },
    }),
  );
  if (status === undefined) return;
  const { resourceVersion } = created.metadata;
  const body = { metadata: { resourceVersion }, status: { phase: 'Pending', ...status } };
  await world.api.expectOk('PATCH', `${path}/${name}-1/status`, body, 'application/merge-patch+json');
}
