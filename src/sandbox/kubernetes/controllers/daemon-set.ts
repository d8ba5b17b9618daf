import type { Clock } from '../../../core/clock.ts';
import type { ApiObject } from '../api-object.ts';
import { numberAt, objectAt, stringAt, stringMapAt, valueAt, type JsonObject } from '../json.ts';
import type { ObjectStore } from '../store.ts';
import { pruneRevisions, recordRevision } from './controller-revisions.ts';
import { createEventWriter } from './event-writer.ts';
import { countOf, isActive, isAvailable, isReady, ownedBy, podOf, withoutZeroes } from './owned.ts';
import { selfOrOwner, startReconcileLoop } from './reconcile-loop.ts';
import { REVISION_HASH_LABEL, withTemplateLabel } from './revision-hash.ts';

const RESOURCE = 'daemonsets';

/** Keeps one pod of each DaemonSet on each node that it selects. Answers the function that stops it. */
export function startDaemonSetController(store: ObjectStore, clock: Clock): () => void {
  const event = createEventWriter({ store, clock, component: 'daemonset-controller' });

  const create = (set: ApiObject, hash: string): void => {
    const hashed = withTemplateLabel(objectAt(set, 'spec', 'template'), REVISION_HASH_LABEL, hash);
    const generation = String(set.metadata.generation ?? 1);
    const template = withTemplateLabel(hashed, 'pod-template-generation', generation);
    const pod = store.create('pods', podOf(set, template, { generateName: `${set.metadata.name}-` }));
    event(set, { type: 'Normal', reason: 'SuccessfulCreate', message: `Created pod: ${pod.metadata.name}` });
  };
  const remove = (set: ApiObject, { metadata }: ApiObject): void => {
    store.remove('pods', metadata.namespace ?? '', metadata.name);
    event(set, { type: 'Normal', reason: 'SuccessfulDelete', message: `Deleted pod: ${metadata.name}` });
  };

  return startReconcileLoop({
    store,
    clock,
    resource: RESOURCE,
    concerns: selfOrOwner(RESOURCE, 'DaemonSet', ['pods']),
    reconcile: ({ namespace, name }) => {
      const set = store.get(RESOURCE, namespace, name);
      if (set === undefined || set.metadata.deletionTimestamp !== undefined) return undefined;
      const revision = recordRevision(store, set);
      const wanted = store.list('nodes').filter((node) => selects(set, node)).length;
      const pods = ownedBy(store, 'pods', set);
      const active = pods.filter(isActive);
      for (const pod of [...pods.filter((pod) => !isActive(pod)), ...active.slice(wanted)]) remove(set, pod);
      for (let missing = wanted - active.length; missing > 0; missing -= 1) create(set, revision.hash);
      const facts = { wanted, hash: revision.hash, nowMs: clock.now() };
      for (const pod of outdated(set, active.slice(0, wanted), facts)) remove(set, pod);
      const left = ownedBy(store, 'pods', set).filter(isActive);
      const status = statusOf(set, left, facts);
      store.update(RESOURCE, { ...set, status }, { status: true });
      pruneRevisions(store, set, new Set([revision.name]));
      return left.some(isReady) && numberAt(status, 'numberAvailable') < wanted ? 1000 : undefined;
    },
  });
}

interface Facts {
  /** How many pods there should be. */
  readonly wanted: number;
  /** Of the present template. */
  readonly hash: string;
  readonly nowMs: number;
}

/** The pods of an older template that may go now: unavailable ones at once, others within `maxUnavailable`. */
function outdated(set: ApiObject, pods: readonly ApiObject[], facts: Facts): readonly ApiObject[] {
  const strategy = objectAt(set, 'spec', 'updateStrategy');
  if (stringAt(strategy, 'type') === 'OnDelete') return [];
  const minReady = numberAt(set, 'spec', 'minReadySeconds');
  const available = (pod: ApiObject): boolean => isAvailable(pod, minReady, facts.nowMs);
  const old = pods.filter((pod) => pod.metadata.labels?.[REVISION_HASH_LABEL] !== facts.hash);
  const useless = old.filter((pod) => !available(pod));
  const limit = Math.max(
    1,
    countOf(valueAt(strategy, 'rollingUpdate', 'maxUnavailable'), facts.wanted, 'up'),
  );
  const room = limit - (facts.wanted - pods.filter(available).length);
  return [...useless, ...old.filter(available).slice(0, Math.max(0, room))];
}

function statusOf(set: ApiObject, pods: readonly ApiObject[], facts: Facts): JsonObject {
  const minReady = numberAt(set, 'spec', 'minReadySeconds');
  const available = pods.filter((pod) => isAvailable(pod, minReady, facts.nowMs)).length;
  const updated = pods.filter((pod) => pod.metadata.labels?.[REVISION_HASH_LABEL] === facts.hash).length;
  return {
    currentNumberScheduled: pods.length,
    numberMisscheduled: 0,
    desiredNumberScheduled: facts.wanted,
    numberReady: pods.filter(isReady).length,
    observedGeneration: set.metadata.generation,
    ...withoutZeroes({
      updatedNumberScheduled: updated,
      numberAvailable: available,
      numberUnavailable: facts.wanted - available,
    }),
  };
}

function selects(set: ApiObject, node: ApiObject): boolean {
  const wanted = stringMapAt(set, 'spec', 'template', 'spec', 'nodeSelector');
  const labels = node.metadata.labels ?? {};
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}
