import type { Clock } from '../../../core/clock.ts';
import type { ApiObject } from '../api-object.ts';
import { numberAt, objectAt } from '../json.ts';
import type { ObjectStore } from '../store.ts';
import { createEventWriter } from './event-writer.ts';
import { isActive, isAvailable, isReady, ownedBy, podOf, wantedReplicas, withoutZeroes } from './owned.ts';
import { selfOrOwner, startReconcileLoop } from './reconcile-loop.ts';

/** Keeps as many pods of each ReplicaSet as it wants. Answers the function that stops it. */
export function startReplicaSetController(store: ObjectStore, clock: Clock): () => void {
  const event = createEventWriter({ store, clock, component: 'replicaset-controller' });
  const resource = 'replicasets';

  const create = (set: ApiObject): void => {
    const stem = { generateName: `${set.metadata.name}-` };
    const pod = store.create('pods', podOf(set, objectAt(set, 'spec', 'template'), stem));
    event(set, { type: 'Normal', reason: 'SuccessfulCreate', message: `Created pod: ${pod.metadata.name}` });
  };
  const remove = (set: ApiObject, { metadata }: ApiObject): void => {
    store.remove('pods', metadata.namespace ?? '', metadata.name);
    event(set, { type: 'Normal', reason: 'SuccessfulDelete', message: `Deleted pod: ${metadata.name}` });
  };

  return startReconcileLoop({
    store,
    clock,
    resource,
    concerns: selfOrOwner(resource, 'ReplicaSet', ['pods']),
    reconcile: ({ namespace, name }) => {
      const set = store.get(resource, namespace, name);
      if (set === undefined || set.metadata.deletionTimestamp !== undefined) return undefined;
      const active = ownedBy(store, 'pods', set).filter(isActive);
      const missing = wantedReplicas(set) - active.length;
      for (let made = 0; made < missing; made += 1) create(set);
      for (const pod of leastWanted(active, -missing)) remove(set, pod);

      const pods = ownedBy(store, 'pods', set).filter(isActive);
      const minReady = numberAt(set, 'spec', 'minReadySeconds');
      const ready = pods.filter(isReady).length;
      const available = pods.filter((pod) => isAvailable(pod, minReady, clock.now())).length;
      const status = {
        replicas: pods.length,
        ...withoutZeroes({
          fullyLabeledReplicas: pods.length,
          readyReplicas: ready,
          availableReplicas: available,
        }),
        observedGeneration: set.metadata.generation,
      };
      store.update(resource, { ...set, status }, { status: true });
      return ready > available ? 1000 : undefined;
    },
  });
}

/** The pods that are deleted first: those that are not ready, then the youngest. */
function leastWanted(pods: readonly ApiObject[], count: number): readonly ApiObject[] {
  if (count <= 0) return [];
  return pods
    .toSorted(
      (a, b) =>
        Number(isReady(a)) - Number(isReady(b)) ||
        b.metadata.creationTimestamp.localeCompare(a.metadata.creationTimestamp),
    )
    .slice(0, count);
}
