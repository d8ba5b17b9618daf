import type { Clock } from '../../../core/clock.ts';
import type { ApiObject } from '../api-object.ts';
import { numberAt, objectAt, stringAt, type JsonObject } from '../json.ts';
import type { ObjectStore } from '../store.ts';
import { pruneRevisions, recordRevision, templateOfRevision } from './controller-revisions.ts';
import { createEventWriter } from './event-writer.ts';
import { isActive, isReady, ownedBy, podOf, wantedReplicas, withoutZeroes } from './owned.ts';
import { selfOrOwner, startReconcileLoop } from './reconcile-loop.ts';
import { REVISION_HASH_LABEL, withTemplateLabel } from './revision-hash.ts';

const RESOURCE = 'statefulsets';

/** Keeps the numbered pods of each StatefulSet. Answers the function that stops it. */
export function startStatefulSetController(store: ObjectStore, clock: Clock): () => void {
  const event = createEventWriter({ store, clock, component: 'statefulset-controller' });
  return startReconcileLoop({
    store,
    clock,
    resource: RESOURCE,
    concerns: selfOrOwner(RESOURCE, 'StatefulSet', ['pods']),
    reconcile: ({ namespace, name }) => {
      const set = store.get(RESOURCE, namespace, name);
      if (set === undefined || set.metadata.deletionTimestamp !== undefined) return undefined;
      const update = recordRevision(store, set).name;
      const current = stringAt(set, 'status', 'currentRevision') || update;
      const plan = { set, current, update, pods: podsByOrdinal(store, set) };
      const action = nextAction(plan);
      const acts = action !== undefined && action !== 'wait';
      if (acts) perform(action, { store, plan, event });
      const latest = { ...plan, pods: podsByOrdinal(store, set) };
      store.update(RESOURCE, { ...set, status: statusOf(latest) }, { status: true });
      pruneRevisions(store, set, new Set([current, update]));
      // Without order, the next pod is made without waiting for this one.
      return acts ? 0 : undefined;
    },
  });
}

interface Plan {
  readonly set: ApiObject;
  /** Names of ControllerRevisions: the one that is being left, and the one that is wanted. */
  readonly current: string;
  readonly update: string;
  readonly pods: ReadonlyMap<number, ApiObject>;
}

type Action =
  | { readonly kind: 'create'; readonly ordinal: number; readonly revision: string }
  | { readonly kind: 'delete'; readonly pod: ApiObject };

/**
 * One step, after https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/: pods are made upwards and
 * replaced downwards, and with the usual `OrderedReady` a pod that is not ready holds up everything else, even the
 * way back to a template that worked.
 */
function nextAction(plan: Plan): Action | 'wait' | undefined {
  return completing(plan) ?? updating(plan);
}

/** Makes the wanted number of pods. */
function completing({ set, pods, current, update }: Plan): Action | 'wait' | undefined {
  const wanted = wantedReplicas(set);
  const ordered = stringAt(set, 'spec', 'podManagementPolicy') !== 'Parallel';
  for (let ordinal = 0; ordinal < wanted; ordinal += 1) {
    const pod = pods.get(ordinal);
    if (pod === undefined)
      return { kind: 'create', ordinal, revision: ordinal < partitionOf(set) ? current : update };
    if (!isActive(pod)) return { kind: 'delete', pod };
    if (ordered && !isReady(pod)) return 'wait';
  }
  const condemned = descending(pods).find(([ordinal]) => ordinal >= wanted);
  return condemned === undefined ? undefined : { kind: 'delete', pod: condemned[1] };
}

/** Replaces pods of an older template. */
function updating({ set, pods, update }: Plan): Action | 'wait' | undefined {
  if (stringAt(set, 'spec', 'updateStrategy', 'type') === 'OnDelete') return undefined;
  for (const [ordinal, pod] of descending(pods)) {
    if (ordinal < partitionOf(set)) return undefined;
    if (revisionOf(pod) !== update) return { kind: 'delete', pod };
    if (!isReady(pod)) return 'wait';
  }
  return undefined;
}

function partitionOf(set: ApiObject): number {
  return numberAt(set, 'spec', 'updateStrategy', 'rollingUpdate', 'partition');
}

function perform(
  action: Action,
  context: {
    readonly store: ObjectStore;
    readonly plan: Plan;
    readonly event: ReturnType<typeof createEventWriter>;
  },
): void {
  const { store, plan, event } = context;
  const { set } = plan;
  if (action.kind === 'create') {
    const name = `${set.metadata.name}-${action.ordinal}`;
    store.create('pods', podOf(set, templateOf(store, plan, { name, revision: action.revision }), { name }));
    const message = `create Pod ${name} in StatefulSet ${set.metadata.name} successful`;
    event(set, { type: 'Normal', reason: 'SuccessfulCreate', message });
    return;
  }
  const { name, namespace = '' } = action.pod.metadata;
  store.remove('pods', namespace, name);
  const message = `delete Pod ${name} in StatefulSet ${set.metadata.name} successful`;
  event(set, { type: 'Normal', reason: 'SuccessfulDelete', message });
}

function templateOf(
  store: ObjectStore,
  { set }: Plan,
  { name, revision }: { readonly name: string; readonly revision: string },
): JsonObject {
  const template = templateOfRevision(store, set, revision) ?? objectAt(set, 'spec', 'template');
  const spec = {
    ...objectAt(template, 'spec'),
    hostname: name,
    subdomain: stringAt(set, 'spec', 'serviceName'),
  };
  const named = withTemplateLabel({ ...template, spec }, 'statefulset.kubernetes.io/pod-name', name);
  return withTemplateLabel(named, REVISION_HASH_LABEL, revision);
}

function statusOf({ set, pods, current, update }: Plan): JsonObject {
  const active = [...pods.values()].filter(isActive);
  const ready = active.filter(isReady).length;
  const updated = active.filter((pod) => revisionOf(pod) === update);
  const wanted = wantedReplicas(set);
  const done =
    updated.length === wanted && active.length === wanted && updated.filter(isReady).length === wanted;
  const nowCurrent = done ? update : current;
  return {
    observedGeneration: set.metadata.generation,
    replicas: active.length,
    ...withoutZeroes({
      readyReplicas: ready,
      availableReplicas: ready,
      currentReplicas: active.filter((pod) => revisionOf(pod) === nowCurrent).length,
      updatedReplicas: updated.length,
    }),
    currentRevision: nowCurrent,
    updateRevision: update,
    collisionCount: 0,
  };
}

function podsByOrdinal(store: ObjectStore, set: ApiObject): ReadonlyMap<number, ApiObject> {
  return new Map(
    ownedBy(store, 'pods', set).map((pod) => [
      Number(pod.metadata.name.slice(set.metadata.name.length + 1)),
      pod,
    ]),
  );
}

function descending(pods: ReadonlyMap<number, ApiObject>): readonly (readonly [number, ApiObject])[] {
  return [...pods].toSorted(([a], [b]) => b - a);
}

function revisionOf(pod: ApiObject): string {
  return pod.metadata.labels?.[REVISION_HASH_LABEL] ?? '';
}
