import { z } from 'zod';
import { digestOfImageId } from '../core/running.ts';
import type { Artifact, Workload } from '../core/workload.ts';
import type { KubernetesClient } from './client.ts';
import { WORKLOAD_KINDS } from './kinds.ts';
import { LabelSelector, selectorQuery } from './label-selector.ts';
import { readPages } from './pages.ts';

const PAGE_SIZE = 100;
/** Of more pods than these the rest is not looked at: they are copies of each other. */
const MAX_PAGES = 10;

const WithSelector = z.object({ spec: z.object({ selector: LabelSelector }) });

const Containers = z.array(z.object({ name: z.string(), image: z.string().catch('') })).nullish();
const Statuses = z.array(z.object({ name: z.string(), imageID: z.string().catch('') })).nullish();
const Pod = z.object({
  metadata: z.object({
    creationTimestamp: z.string().catch(''),
    deletionTimestamp: z.string().nullish(),
    labels: z.record(z.string(), z.string()).nullish(),
    ownerReferences: z
      .array(
        z.object({ kind: z.string(), name: z.string(), uid: z.string(), controller: z.boolean().nullish() }),
      )
      .nullish(),
  }),
  spec: z.object({ containers: Containers, initContainers: Containers }),
  status: z
    .object({
      phase: z.string().optional(),
      containerStatuses: Statuses,
      initContainerStatuses: Statuses,
    })
    .nullish(),
});
type Pod = z.infer<typeof Pod>;

/** What one pod of the right workload tells. */
interface Witness {
  readonly revision: string;
  readonly createdAt: string;
  readonly digest: string | undefined;
}

/**
 * The digests that the pods of a workload's current revision run in one of its containers, from their status; empty where
 * none is known. Pods that end or have ended do not count. Throws what the client throws.
 *
 * The current revision is that of the youngest pod: who reads nothing but pods needs no rights on ReplicaSets and
 * ControllerRevisions.
 */
export async function readRunningDigests(
  client: Pick<KubernetesClient, 'request'>,
  workload: Workload,
  artifact: Artifact,
): Promise<readonly string[]> {
  const kind = WORKLOAD_KINDS.find((descriptor) => descriptor.kind === workload.kind);
  if (kind === undefined) return [];
  const path = kind.objectPath(workload.namespace, workload.name);
  const object = WithSelector.parse(await client.request({ method: 'GET', path }));
  const witnesses: Witness[] = [];
  await readPages(
    {
      client,
      path: `/api/v1/namespaces/${encodeURIComponent(workload.namespace)}/pods`,
      query: { labelSelector: selectorQuery(object.spec.selector) },
      pageSize: PAGE_SIZE,
      maxPages: MAX_PAGES,
    },
    (item) => {
      const pod = Pod.safeParse(item);
      if (pod.success) witnesses.push(...witnessOf(pod.data, workload, artifact));
    },
  );
  const youngest = witnesses.reduce<Witness | undefined>(
    (best, witness) => (best === undefined || witness.createdAt > best.createdAt ? witness : best),
    undefined,
  );
  const current = witnesses.filter(({ revision }) => revision === youngest?.revision);
  return [...new Set(current.flatMap(({ digest }) => digest ?? []))];
}

function witnessOf(pod: Pod, workload: Workload, artifact: Artifact): readonly Witness[] {
  if (hasEnded(pod) || !isOwned(pod, workload)) return [];
  const { containers, statuses } = listsOf(pod, artifact.type);
  const container = containers.find(({ name }) => name === artifact.name);
  // A pod of a revision that had another image is none of the current one.
  if (container?.image !== artifact.image) return [];
  const imageId = statuses.find(({ name }) => name === artifact.name)?.imageID ?? '';
  const { creationTimestamp: createdAt } = pod.metadata;
  return [{ revision: revisionOf(pod), createdAt, digest: digestOfImageId(imageId) }];
}

function listsOf(
  { spec, status }: Pod,
  type: Artifact['type'],
): {
  readonly containers: NonNullable<z.infer<typeof Containers>>;
  readonly statuses: NonNullable<z.infer<typeof Statuses>>;
} {
  return type === 'initContainer'
    ? { containers: spec.initContainers ?? [], statuses: status?.initContainerStatuses ?? [] }
    : { containers: spec.containers ?? [], statuses: status?.containerStatuses ?? [] };
}

function hasEnded({ metadata, status }: Pod): boolean {
  return metadata.deletionTimestamp != null || status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

/** A selector may match other workloads' pods too. A Deployment's are its ReplicaSets', which bear its name and their hash. */
function isOwned({ metadata }: Pod, workload: Workload): boolean {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  if (owner === undefined) return false;
  if (workload.kind !== 'Deployment') return owner.uid === workload.uid;
  const hash = metadata.labels?.['pod-template-hash'] ?? '';
  return owner.kind === 'ReplicaSet' && hash !== '' && owner.name === `${workload.name}-${hash}`;
}

function revisionOf({ metadata }: Pod): string {
  const labels = metadata.labels ?? {};
  return labels['pod-template-hash'] ?? labels['controller-revision-hash'] ?? '';
}
