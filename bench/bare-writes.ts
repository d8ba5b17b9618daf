import { randomUUID } from 'node:crypto';
import { ANNOTATION } from '../src/core/annotations.ts';
import { toTimestamp } from '../src/core/clock.ts';
import { formatHistory, recordUpdate } from '../src/core/history.ts';
import { requestLabels, requestName } from '../src/core/request-name.ts';
import { transition } from '../src/core/request-machine.ts';
import { API_VERSION, KIND, UpdateRequest } from '../src/core/update-request.ts';
import type { Workload } from '../src/core/workload.ts';
import { WORKLOAD_KINDS } from '../src/kubernetes/kinds.ts';
import { requestsPath } from '../src/pipeline/request-store.ts';
import type { Stage } from './stage.ts';
import { sinceStart, type Seen, type UpdateWatch } from './update-watch.ts';

const deployments = WORKLOAD_KINDS.find(({ kind }) => kind === 'Deployment');

/**
 * Makes the four writes of an automatic update, one after the other, and nothing else: create the UpdateRequest, set it
 * Approved, patch the workload, set the request Completed. They are as big as Headwind's own. Answers when the first of
 * them began, as `performance.now()` counts.
 */
export async function updateBarely(stage: Stage, name: string, tag: string): Promise<number> {
  if (deployments === undefined) throw new Error('Headwind does not know Deployments any more');
  const { client, floorNamespace: namespace } = stage;
  const path = deployments.objectPath(namespace, name);
  const workload = deployments.read(await client.request({ method: 'GET', path }));
  const artifact = workload.artifacts[0];
  if (artifact === undefined) throw new Error(`${name} has no container`);
  const newImage = artifact.image.replace(/:[^:]*$/, `:${tag}`);
  const body = requestFor(workload, artifact, newImage);

  const startedMs = performance.now();
  const collection = requestsPath(namespace);
  const created = UpdateRequest.parse(await client.request({ method: 'POST', path: collection, body }));
  const status = async (
    request: UpdateRequest,
    change: Parameters<typeof transition>[1],
  ): Promise<UpdateRequest> => {
    const next = transition(request, change, Date.now());
    if (!next.ok) throw new Error(next.error.message);
    const { name, resourceVersion } = request.metadata;
    return UpdateRequest.parse(
      await client.request({
        method: 'PATCH',
        path: `${collection}/${name}/status`,
        contentType: 'application/merge-patch+json',
        body: { metadata: { resourceVersion }, status: next.value },
      }),
    );
  };
  const approved = await status(created, { to: 'Approved', by: 'policy' });
  const timestamp = toTimestamp(Date.now());
  const history = recordUpdate([], artifact.image, {
    container: artifact.name,
    image: newImage,
    timestamp,
    updateRequestName: created.metadata.name,
    approvedBy: 'policy',
  });
  const patch = deployments.patch({
    artifact,
    image: newImage,
    annotations: { [ANNOTATION.lastUpdate]: timestamp, [ANNOTATION.updateHistory]: formatHistory(history) },
    resourceVersion: workload.resourceVersion,
  });
  await client.request({ method: 'PATCH', path, contentType: patch.contentType, body: patch.body });
  await status(approved, {
    to: 'Completed',
    message: 'Update applied successfully',
    startedAtMs: Date.now(),
    previousImage: artifact.image,
  });
  return startedMs;
}

/** The same, seen by a watch as Headwind's updates are: what it costs to look is part of both. */
export async function updateBarelySeen(
  stage: Stage,
  { watch, name, tag }: { readonly watch: UpdateWatch; readonly name: string; readonly tag: string },
): Promise<Seen> {
  const sighting = watch.update(name, tag);
  return sinceStart(sighting, await updateBarely(stage, name, tag));
}

function requestFor(workload: Workload, artifact: Workload['artifacts'][number], newImage: string): object {
  const { apiVersion, kind, namespace, name, uid } = workload;
  const newDigest = `sha256:${'0'.repeat(64)}`;
  const currentImage = artifact.image;
  return {
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: {
      name: requestName({
        target: workload,
        artifact: artifact.name,
        currentImage: `${currentImage}${randomUUID()}`,
        newImage,
        newDigest,
        attempt: 0,
      }),
      namespace,
      labels: requestLabels(workload, artifact.name),
      annotations: { 'headwind.sh/source': 'webhook' },
      ownerReferences: [{ apiVersion, kind, name, uid }],
    },
    spec: {
      targetRef: { apiVersion, kind, name, namespace },
      updateType: 'image',
      containerName: artifact.name,
      currentImage,
      newImage,
      policy: 'minor',
      reason: '1.0.1 is newer than the running 1.0.0 (patch)',
      requireApproval: false,
      expiresAt: toTimestamp(Date.now() + 86_400_000),
      newDigest,
    },
  };
}
