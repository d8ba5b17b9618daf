import type { Clock } from '../../core/clock.ts';
import type { ApiObject } from './api-object.ts';
import { isJsonObject, stringAt } from './json.ts';
import type { ResourceTypes } from './resource-type.ts';
import type { StoreEvent } from './revision-log.ts';
import type { RevisionedStore } from './store.ts';

interface Options {
  readonly store: RevisionedStore;
  readonly types: ResourceTypes;
  readonly clock: Clock;
}

const FOREGROUND = 'foregroundDeletion';
const ORPHAN = 'orphan';

/**
 * Removes what belongs to removed objects, as the controller manager of a real cluster does: dependents whose owners
 * are all gone, and the contents of namespaces that are being deleted. It works after the writing call has returned.
 * The returned function ends it.
 */
export function startGarbageCollector(options: Options): () => void {
  const { store, clock } = options;
  const queue: StoreEvent[] = [];
  let cancel: (() => void) | undefined;
  const work = (): void => {
    cancel = undefined;
    for (const event of queue.splice(0)) handle(options, event);
  };
  const unsubscribe = store.subscribe((event) => {
    if (!concerns(event)) return;
    queue.push(event);
    cancel ??= clock.after(0, work);
  });
  return () => {
    unsubscribe();
    cancel?.();
  };
}

/** Whether there may be something to collect; most events are of no interest. */
function concerns(event: StoreEvent): boolean {
  const { metadata } = event.object;
  if (event.type === 'DELETED' || metadata.deletionTimestamp !== undefined) return true;
  if ((metadata.ownerReferences ?? []).length > 0) return event.type === 'ADDED';
  return event.resource === 'namespaces' && event.type === 'ADDED';
}

function handle(options: Options, { type, object, resource }: StoreEvent): void {
  if (type === 'DELETED') return collectDependents(options, object);
  if (resource === 'namespaces') return tendNamespace(options, object);
  if (object.metadata.deletionTimestamp !== undefined) return finishDeletion(options, resource, object);
  // An owner may have gone before its dependent came.
  return collect(options, resource, object);
}

function collectDependents(options: Options, owner: ApiObject): void {
  for (const { resource, object } of dependentsOf(options, owner)) collect(options, resource, object);
}

interface Dependent {
  readonly resource: string;
  readonly object: ApiObject;
}

function dependentsOf({ store, types }: Options, owner: ApiObject): readonly Dependent[] {
  return types.all().flatMap((type) =>
    store
      .list(type.key)
      .filter((object) => belongsTo(object, owner))
      .map((object) => ({ resource: type.key, object })),
  );
}

function belongsTo(object: ApiObject, owner: ApiObject): boolean {
  return (object.metadata.ownerReferences ?? []).some((reference) => reference.uid === owner.metadata.uid);
}

function collect(options: Options, resource: string, object: ApiObject): void {
  const { store } = options;
  const { name, namespace = '', ownerReferences = [] } = object.metadata;
  const current = store.get(resource, namespace, name);
  if (current?.metadata.uid !== object.metadata.uid) return;
  const alive = ownerReferences.some((reference) => ownerExists(options, reference, namespace));
  if (!alive) store.remove(resource, namespace, name);
}

function ownerExists(
  { store, types }: Options,
  reference: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly name: string;
    readonly uid: string;
  },
  namespace: string,
): boolean {
  const group = reference.apiVersion.includes('/') ? (reference.apiVersion.split('/')[0] ?? '') : '';
  const type = types
    .all()
    .find((candidate) => candidate.kind === reference.kind && candidate.group === group);
  // Of a kind that is not known nothing can be said.
  if (type === undefined) return true;
  const owner = store.get(type.key, type.namespaced ? namespace : '', reference.name);
  return owner?.metadata.uid === reference.uid;
}

function finishDeletion(options: Options, resource: string, object: ApiObject): void {
  const finalizers = object.metadata.finalizers ?? [];
  if (finalizers.includes(FOREGROUND))
    for (const dependent of dependentsOf(options, object))
      removeIfThere(options.store, dependent.resource, dependent.object);
  if (finalizers.includes(ORPHAN))
    for (const dependent of dependentsOf(options, object)) orphan(options, dependent, object);
  dropFinalizers(options.store, resource, object);
}

function removeIfThere(store: RevisionedStore, resource: string, object: ApiObject): void {
  const { name, namespace = '' } = object.metadata;
  if (store.get(resource, namespace, name) !== undefined) store.remove(resource, namespace, name);
}

function orphan({ store }: Options, { resource, object }: Dependent, owner: ApiObject): void {
  const { ownerReferences = [] } = object.metadata;
  const left = ownerReferences.filter((reference) => reference.uid !== owner.metadata.uid);
  const { ownerReferences: _dropped, ...metadata } = object.metadata;
  store.update(resource, {
    ...object,
    metadata: left.length === 0 ? metadata : { ...metadata, ownerReferences: left },
  });
}

function dropFinalizers(store: RevisionedStore, resource: string, object: ApiObject): void {
  const { name, namespace = '' } = object.metadata;
  const current = store.get(resource, namespace, name);
  if (current === undefined) return;
  const finalizers = (current.metadata.finalizers ?? []).filter(
    (item) => item !== FOREGROUND && item !== ORPHAN,
  );
  store.update(resource, { ...current, metadata: { ...current.metadata, finalizers } });
}

function tendNamespace(options: Options, namespace: ApiObject): void {
  const { store, types } = options;
  const { name } = namespace.metadata;
  const current = store.get('namespaces', '', name);
  if (current === undefined) return;
  if (stringAt(current, 'status', 'phase') !== 'Terminating') {
    giveServiceAccount(store, name);
    return;
  }
  for (const type of types.all().filter((candidate) => candidate.namespaced))
    for (const object of store.list(type.key, name)) removeIfThere(store, type.key, object);
  const spec = isJsonObject(current['spec']) ? current['spec'] : {};
  store.update('namespaces', { ...current, spec: { ...spec, finalizers: [] } });
}

function giveServiceAccount(store: RevisionedStore, namespace: string): void {
  if (store.get('serviceaccounts', namespace, 'default') !== undefined) return;
  store.create('serviceaccounts', { metadata: { name: 'default', namespace } });
}
