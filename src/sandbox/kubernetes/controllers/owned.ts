import type { ApiObject, ObjectDraft, OwnerReference } from '../api-object.ts';
import { arrayAt, numberAt, objectAt, stringAt, stringMapAt, type JsonObject } from '../json.ts';
import type { ObjectStore } from '../store.ts';

/** Those of `resource` that `owner` controls, oldest first. */
export function ownedBy(store: ObjectStore, resource: string, owner: ApiObject): readonly ApiObject[] {
  return store
    .list(resource, owner.metadata.namespace)
    .filter((object) =>
      (object.metadata.ownerReferences ?? []).some(
        (reference) => reference.controller === true && reference.uid === owner.metadata.uid,
      ),
    )
    .toSorted((a, b) => a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp));
}

/** The reference with which a controller marks what it made. */
export function controllerReference(owner: ApiObject): OwnerReference {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** A pod after `template`; `naming` is a name, or the stem of one. */
export function podOf(
  owner: ApiObject,
  template: JsonObject,
  naming: { readonly name: string } | { readonly generateName: string },
): ObjectDraft {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...naming,
      ...(owner.metadata.namespace === undefined ? {} : { namespace: owner.metadata.namespace }),
      labels: stringMapAt(template, 'metadata', 'labels'),
      annotations: stringMapAt(template, 'metadata', 'annotations'),
      ownerReferences: [controllerReference(owner)],
    },
    spec: objectAt(template, 'spec'),
  };
}

/** Whether the pod has not ended for good. */
export function isActive(pod: ApiObject): boolean {
  const phase = stringAt(pod, 'status', 'phase');
  return phase !== 'Succeeded' && phase !== 'Failed' && pod.metadata.deletionTimestamp === undefined;
}

/** Whether the pod's condition Ready is True. */
export function isReady(pod: ApiObject): boolean {
  return stringAt(readyCondition(pod), 'status') === 'True';
}

/** Whether the pod has been ready for `minReadySeconds` at `nowMs`. */
export function isAvailable(pod: ApiObject, minReadySeconds: number, nowMs: number): boolean {
  if (!isReady(pod)) return false;
  const since = Date.parse(stringAt(readyCondition(pod), 'lastTransitionTime'));
  return minReadySeconds === 0 || since + minReadySeconds * 1000 <= nowMs;
}

function readyCondition(pod: ApiObject): unknown {
  return arrayAt(pod, 'status', 'conditions').find((condition) => stringAt(condition, 'type') === 'Ready');
}

/** `spec.replicas`, which the API has set where it was left out. */
export function wantedReplicas(object: ApiObject): number {
  return numberAt(object, 'spec', 'replicas');
}

/** The members that are not 0: the API leaves zeroes out of a status. */
export function withoutZeroes(counts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
}

/** The number or percentage of `total` at `value`; `round` says in whose favour. */
export function countOf(value: unknown, total: number, round: 'up' | 'down'): number {
  if (typeof value === 'number') return value;
  const percent = /^(\d{1,5})%$/.exec(typeof value === 'string' ? value : '')?.[1];
  if (percent === undefined) return 0;
  const exact = (Number(percent) * total) / 100;
  return round === 'up' ? Math.ceil(exact) : Math.floor(exact);
}
