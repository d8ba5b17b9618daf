import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { PodRollout, ReleaseRollout } from '../core/rollout.ts';
import type { KubernetesClient } from './client.ts';
import { LabelSelector, selectorQuery } from './label-selector.ts';
import { readPages } from './pages.ts';
import type { RolloutPod } from './pod-facts.ts';

const Count = z.number().int().min(0).catch(0);
const Text = z.string().catch('');
const Optional = z.string().optional().catch(undefined);
const Condition = z.object({
  type: z.string(),
  status: Text,
  reason: Text,
  message: Text,
  observedGeneration: Count,
});
const Conditions = z.array(Condition).catch([]);
const Metadata = z.object({
  namespace: z.string(),
  name: z.string(),
  uid: z.string(),
  generation: z.number().catch(0),
});

const PodWorkload = z.object({
  metadata: Metadata,
  spec: z.object({
    replicas: z.number().int().min(0).catch(1),
    paused: z.boolean().catch(false),
    minReadySeconds: Count,
    selector: LabelSelector,
    template: z.record(z.string(), z.unknown()),
    podManagementPolicy: Text,
    updateStrategy: z
      .object({ type: Text, rollingUpdate: z.object({ partition: Count }).catch({ partition: 0 }) })
      .catch({ type: '', rollingUpdate: { partition: 0 } }),
  }),
  status: z
    .object({
      observedGeneration: Count,
      readyReplicas: Count,
      numberReady: Count,
      desiredNumberScheduled: Count,
      updateRevision: Text,
      conditions: Conditions,
    })
    .default({
      observedGeneration: 0,
      readyReplicas: 0,
      numberReady: 0,
      desiredNumberScheduled: 0,
      updateRevision: '',
      conditions: [],
    }),
});
type PodWorkload = z.infer<typeof PodWorkload>;

const Release = z.object({
  metadata: Metadata,
  spec: z.object({ suspend: z.boolean().catch(false) }),
  status: z
    .object({
      observedGeneration: Count,
      lastAttemptedRevision: Optional,
      lastAppliedRevision: Optional,
      history: z.array(z.object({ chartVersion: Optional })).catch([]),
      conditions: Conditions,
    })
    .default({ observedGeneration: 0, history: [], conditions: [] }),
});

/** What a workload itself says of its rollout; its pods are found by `selector` and `revisionOf`. */
export interface PodHead extends Omit<PodRollout, 'pods' | 'revision'> {
  readonly kind: string;
  readonly namespace: string;
  readonly uid: string;
  readonly generation: number;
  /** Of its pods, as a query. */
  readonly selector: string;
  readonly template: unknown;
  readonly updateRevision: string;
  /** Whether a pod that is not ready holds up all others: a StatefulSet's `OrderedReady`. */
  readonly ordered: boolean;
}

export type RolloutHead = PodHead | ReleaseRollout;

/** Names the pods of the new revision. */
export interface Revision {
  /** Of the ReplicaSet, or of the workload itself. */
  readonly ownerUid: string;
  /** The value of the label that its pods carry. */
  readonly label: string;
}

const TEMPLATE_HASH = 'pod-template-hash';
const REVISION_HASH = 'controller-revision-hash';
const PAGE_SIZE = 100;
const MAX_PAGES = 5;

/** Reads what an object of this kind says of its rollout. Throws where the object is none. */
export function toRolloutHead(kind: string, object: unknown): RolloutHead {
  return kind === 'HelmRelease' ? toReleaseRollout(object) : toPodHead(kind, PodWorkload.parse(object));
}

function toPodHead(kind: string, { metadata, spec, status }: PodWorkload): PodHead {
  const isDaemonSet = kind === 'DaemonSet';
  const { namespace, uid, generation } = metadata;
  return {
    type: 'pods',
    kind,
    namespace,
    uid,
    generation,
    observed: status.observedGeneration >= generation,
    desired: isDaemonSet ? status.desiredNumberScheduled : spec.replicas,
    readyInAll: isDaemonSet ? status.numberReady : status.readyReplicas,
    partition: kind === 'StatefulSet' ? spec.updateStrategy.rollingUpdate.partition : 0,
    onDelete: spec.updateStrategy.type === 'OnDelete',
    paused: spec.paused,
    minReadyMs: spec.minReadySeconds * 1000,
    ...complaintsOf(status.conditions),
    selector: selectorQuery(spec.selector),
    template: spec.template,
    updateRevision: status.updateRevision,
    ordered: kind === 'StatefulSet' && spec.podManagementPolicy !== 'Parallel',
  };
}

function complaintsOf(
  conditions: readonly z.infer<typeof Condition>[],
): Pick<PodRollout, 'deadlineExceeded' | 'obstacle'> {
  const late = conditions.find(
    ({ type, status, reason }) =>
      type === 'Progressing' && status === 'False' && reason === 'ProgressDeadlineExceeded',
  );
  const failure = conditions.find(({ type, status }) => type === 'ReplicaFailure' && status === 'True');
  return {
    ...(late === undefined ? {} : { deadlineExceeded: late.message }),
    ...(failure === undefined ? {} : { obstacle: failure.message }),
  };
}

function toReleaseRollout(object: unknown): ReleaseRollout {
  const { metadata, spec, status } = Release.parse(object);
  const ready = status.conditions.find(({ type }) => type === 'Ready');
  const observed = Math.max(status.observedGeneration, ready?.observedGeneration ?? 0);
  const attempted = status.lastAttemptedRevision;
  const installed = status.history[0]?.chartVersion ?? status.lastAppliedRevision;
  return {
    type: 'release',
    observed: observed >= metadata.generation,
    suspended: spec.suspend,
    ...(ready === undefined ? {} : { ready }),
    ...(attempted === undefined ? {} : { attemptedVersion: attempted }),
    ...(installed === undefined ? {} : { installedVersion: installed }),
  };
}

const Owned = z.object({
  metadata: z.object({
    uid: z.string(),
    creationTimestamp: z.string().catch(''),
    labels: z.record(z.string(), z.string()).nullish(),
    ownerReferences: z.array(z.object({ uid: z.string(), controller: z.boolean().nullish() })).nullish(),
  }),
  revision: z.number().optional(),
  spec: z.object({ template: z.record(z.string(), z.unknown()) }).optional(),
});
type Owned = z.infer<typeof Owned>;

/**
 * Which pods are the new ones; undefined while nothing is there that holds the present template. A Deployment's
 * ReplicaSet is found as its controller finds it: by the template, of several equal ones the oldest. A StatefulSet names
 * its revision, a DaemonSet's is its newest ControllerRevision. Throws what the client throws.
 */
export async function revisionOf(
  client: Pick<KubernetesClient, 'request'>,
  head: PodHead,
): Promise<Revision | undefined> {
  if (!head.observed) return undefined;
  switch (head.kind) {
    case 'Deployment':
      return newReplicaSet(head, await ownedBy(client, head, 'replicasets'));
    case 'DaemonSet':
      return newestRevision(head, await ownedBy(client, head, 'controllerrevisions'));
    case 'StatefulSet':
    default:
      return head.updateRevision === '' ? undefined : { ownerUid: head.uid, label: head.updateRevision };
  }
}

async function ownedBy(
  client: Pick<KubernetesClient, 'request'>,
  { namespace, selector, uid }: PodHead,
  plural: string,
): Promise<readonly Owned[]> {
  const found: Owned[] = [];
  await readPages(
    {
      client,
      path: `/apis/apps/v1/namespaces/${encodeURIComponent(namespace)}/${plural}`,
      query: { labelSelector: selector },
      pageSize: PAGE_SIZE,
      maxPages: MAX_PAGES,
    },
    (item) => {
      const owned = Owned.safeParse(item);
      const owners = owned.success ? (owned.data.metadata.ownerReferences ?? []) : [];
      const ours = owners.some((owner) => owner.controller === true && owner.uid === uid);
      if (owned.success && ours) found.push(owned.data);
    },
  );
  return found;
}

function newReplicaSet({ template }: PodHead, sets: readonly Owned[]): Revision | undefined {
  const [oldest] = sets
    .filter((set) => isDeepStrictEqual(withoutHash(set.spec?.template), withoutHash(template)))
    .sort((a, b) => a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp));
  const label = oldest?.metadata.labels?.[TEMPLATE_HASH];
  return oldest === undefined || label === undefined ? undefined : { ownerUid: oldest.metadata.uid, label };
}

function newestRevision({ uid }: PodHead, revisions: readonly Owned[]): Revision | undefined {
  const newest = revisions.reduce<Owned | undefined>(
    (best, next) => (best === undefined || (next.revision ?? 0) > (best.revision ?? 0) ? next : best),
    undefined,
  );
  const label = newest?.metadata.labels?.[REVISION_HASH];
  return label === undefined ? undefined : { ownerUid: uid, label };
}

const Template = z.looseObject({
  metadata: z.looseObject({ labels: z.record(z.string(), z.string()).nullish() }).nullish(),
});

function withoutHash(template: unknown): unknown {
  const parsed = Template.safeParse(template);
  if (!parsed.success) return template;
  const { [TEMPLATE_HASH]: _, ...labels } = parsed.data.metadata?.labels ?? {};
  return { ...parsed.data, metadata: { ...parsed.data.metadata, labels } };
}

/** The rollout as it is judged: what the workload says, and the pods of its new revision. */
export function toRollout(
  head: PodHead,
  revision: Revision | undefined,
  pods: Iterable<RolloutPod>,
): PodRollout {
  const news = [...pods].filter(
    (pod) => pod.ownerUid === revision?.ownerUid && pod.revision === revision.label,
  );
  return { ...head, revision: revision?.label, pods: news };
}
