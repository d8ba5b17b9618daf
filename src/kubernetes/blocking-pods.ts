import { z } from 'zod';
import type { KubernetesClient } from './client.ts';
import { isAbsent, KubernetesError, lacksRight } from './errors.ts';
import { WORKLOAD_KINDS } from './kinds.ts';
import { readPages } from './pages.ts';
import { toRolloutPod } from './pod-facts.ts';
import { toRolloutHead, type PodHead } from './rollout-head.ts';

export type Unblocked =
  /** The controller has not seen the change yet: nobody knows which pods are in its way. */
  | { readonly kind: 'not-yet' }
  | {
      readonly kind: 'done';
      /** Names of the pods that were deleted. */
      readonly deleted: readonly string[];
      /** Names of those that Headwind may not delete. */
      readonly refused: readonly string[];
    };

const NOTHING: Unblocked = { kind: 'done', deleted: [], refused: [] };
const PAGE_SIZE = 100;
const MAX_PAGES = 10;

const WithImages = z.object({
  spec: z.object({ containers: z.array(z.object({ name: z.string(), image: z.string() })) }),
});

/**
 * Deletes the pods of a StatefulSet that keep it from moving on: under `OrderedReady` its controller waits for a pod
 * that is not ready, even where it is about to replace it
 * (https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#forced-rollback). Those are pods of another
 * revision than the wanted one, not ready, in which `container` runs one of `images`: nothing but what was found
 * wanting. Throws what the client throws.
 */
export async function deleteBlockingPods(
  client: Pick<KubernetesClient, 'request'>,
  target: { readonly kind: string; readonly namespace: string; readonly name: string },
  unwanted: { readonly container: string; readonly images: readonly string[] },
): Promise<Unblocked> {
  const kind = WORKLOAD_KINDS.find((known) => known.kind === target.kind);
  if (kind?.kind !== 'StatefulSet') return NOTHING;
  const path = kind.objectPath(target.namespace, target.name);
  const head = toRolloutHead(kind.kind, await client.request({ method: 'GET', path }));
  if (head.type !== 'pods' || !head.ordered) return NOTHING;
  if (!head.observed || head.updateRevision === '') return { kind: 'not-yet' };
  const deleted: string[] = [];
  const refused: string[] = [];
  for (const { name, uid } of await blockingPods(client, head, unwanted)) {
    const gone = await remove(client, { namespace: head.namespace, name, uid });
    (gone ? deleted : refused).push(name);
  }
  return { kind: 'done', deleted, refused };
}

async function blockingPods(
  client: Pick<KubernetesClient, 'request'>,
  head: PodHead,
  { container, images }: { readonly container: string; readonly images: readonly string[] },
): Promise<readonly { readonly name: string; readonly uid: string }[]> {
  const found: { name: string; uid: string }[] = [];
  await readPages(
    {
      client,
      path: `/api/v1/namespaces/${encodeURIComponent(head.namespace)}/pods`,
      query: { labelSelector: head.selector },
      pageSize: PAGE_SIZE,
      maxPages: MAX_PAGES,
    },
    (object) => {
      const pod = toRolloutPod(object);
      const runs = WithImages.parse(object).spec.containers.some(
        (one) => one.name === container && images.includes(one.image),
      );
      const isOld = pod.ownerUid === head.uid && pod.revision !== head.updateRevision;
      if (runs && isOld && !pod.ready && !pod.leaving) found.push({ name: pod.name, uid: pod.uid });
    },
  );
  return found;
}

/** False where Headwind may not delete pods. */
async function remove(
  client: Pick<KubernetesClient, 'request'>,
  { namespace, name, uid }: { readonly namespace: string; readonly name: string; readonly uid: string },
): Promise<boolean> {
  try {
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}`;
    await client.request({ method: 'DELETE', path, body: { preconditions: { uid } } });
    return true;
  } catch (error) {
    if (lacksRight(error)) return false;
    // Gone, or another one of the same name by now: then it is in nobody's way.
    if (isAbsent(error) || (error instanceof KubernetesError && error.status === 409)) return true;
    throw error;
  }
}
