import { z } from 'zod';
import type { UpdateRequestSpec, UpdateRequestStatus } from '../../src/core/update-request.ts';
import type { World } from './world.ts';

const Created = z.object({ metadata: z.object({ resourceVersion: z.string() }) });

export interface PutRequest {
  readonly name: string;
  /** The Deployment that it is about; its own name unless told. */
  readonly workload?: string;
  readonly spec?: Partial<UpdateRequestSpec>;
  /** `Pending` unless told. */
  readonly status?: Partial<UpdateRequestStatus>;
}

/** Puts an UpdateRequest into a world's namespace as it would be after some time, for pages to show. */
export async function putRequest(world: World, put: PutRequest): Promise<void> {
  const { namespace } = world;
  const path = `/apis/headwind.sh/v1alpha1/namespaces/${namespace}/updaterequests`;
  const name = put.workload ?? put.name;
  const created = Created.parse(
    await world.api.expectOk('POST', path, {
      apiVersion: 'headwind.sh/v1alpha1',
      kind: 'UpdateRequest',
      metadata: { name: put.name },
      spec: {
        targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name, namespace },
        updateType: 'image',
        containerName: 'app',
        currentImage: `registry.invalid/${name}:1.0.0`,
        newImage: `registry.invalid/${name}:1.1.0`,
        policy: 'minor',
        requireApproval: true,
        ...put.spec,
      },
    }),
  );
  if (put.status === undefined) return;
  const body = { metadata: created.metadata, status: { phase: 'Pending', ...put.status } };
  const status = `${path}/${put.name}/status`;
  await world.api.expectOk('PATCH', status, body, 'application/merge-patch+json');
}
