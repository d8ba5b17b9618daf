import { isDeepStrictEqual } from 'node:util';
import { toTimestamp, type Clock } from '../../core/clock.ts';
import { alreadyExists, ApiError, conflict, forbidden, invalid, noSuchPath, notFound } from './api-error.ts';
import type { ApiObject, ObjectDraft } from './api-object.ts';
import { deepFreeze, without, type JsonObject } from './json.ts';
import { checkNamespace, completeName, metadataProblems, nameProblems } from './naming.ts';
import type { ResourceType, ResourceTypes } from './resource-type.ts';
import { apiVersionOf } from './resource-type.ts';
import { RevisionLog, type StoreEvent, type StoreListener } from './revision-log.ts';

/** How the objects that belong to a deleted one are treated. */
export type Propagation = 'Background' | 'Foreground' | 'Orphan';

export interface RemoveOptions {
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly propagation?: Propagation;
  readonly dryRun?: boolean;
}

export interface WriteOptions {
  /** Write the status and nothing else; without it the status stays as it is. */
  readonly status?: boolean;
  readonly dryRun?: boolean;
}

/** What came of a deletion: `gone` is false while finalizers hold the object. */
export interface Removal {
  readonly object: ApiObject;
  readonly gone: boolean;
}

/**
 * The objects of the embedded Kubernetes API, with the rules of the real one: names, uids, resourceVersions,
 * generations, defaults, validation, finalizers. `resource` is the plural (`deployments`), the namespace of a
 * cluster-wide object is ''. Objects are deeply frozen; every method answers at once.
 */
export interface ObjectStore {
  /** @throws ApiError 404 if there is no such resource (not: no such object). */
  get(resource: string, namespace: string, name: string): ApiObject | undefined;
  /** Ordered by namespace and name; of all namespaces if none is given. */
  list(resource: string, namespace?: string): readonly ApiObject[];
  /** @throws ApiError 404 (namespace), 409 AlreadyExists, 422 Invalid. */
  create(resource: string, object: ObjectDraft, options?: WriteOptions): ApiObject;
  /**
   * Replaces the object; if `object` carries a resourceVersion it must be the current one.
   * Changing nothing makes no event and no new resourceVersion.
   * @throws ApiError 404, 409 Conflict, 422 Invalid.
   */
  update(resource: string, object: ObjectDraft, options?: WriteOptions): ApiObject;
  /** @throws ApiError 404, 409 Conflict if a precondition does not hold. */
  remove(resource: string, namespace: string, name: string, options?: RemoveOptions): Removal;
  /**
   * Calls `listener` after every change, in the order of the revisions, before the writing call returns
   * (a change made by a listener: after the current one is delivered). It must not throw.
   */
  subscribe(listener: StoreListener): () => void;
}

/** The store as the API's lists and watches need it. */
export interface RevisionedStore extends ObjectStore {
  readonly revision: number;
  /** The objects as they were; undefined if that is too long ago. */
  snapshot(resource: string, revision: number): readonly ApiObject[] | undefined;
  /** What happened since; undefined if that is too long ago. */
  since(resource: string, revision: number): readonly StoreEvent[] | undefined;
  /** The oldest revision that a watch of `resource` can start from. */
  oldest(resource: string): number;
  /** Starts the history of a new kind. */
  open(resource: string): void;
}

export interface StoreOptions {
  readonly types: ResourceTypes;
  readonly clock: Clock;
  /** A new UUID. */
  readonly newUid: () => string;
  /** How many events are kept for watches and paged lists; default 10,000. */
  readonly historyLimit?: number;
}

// A watch from revision 1 is too old for a server that has been up for a moment; so it is here.
const FIRST_REVISION = 100;
const DEFAULT_HISTORY_LIMIT = 10_000;

/** A store without objects. */
export function createObjectStore(options: StoreOptions): RevisionedStore {
  return new MemoryStore(options);
}

class MemoryStore implements RevisionedStore {
  readonly #types: ResourceTypes;
  readonly #clock: Clock;
  readonly #newUid: () => string;
  readonly #log: RevisionLog;

  constructor(options: StoreOptions) {
    this.#types = options.types;
    this.#clock = options.clock;
    this.#newUid = options.newUid;
    const historyLimit = options.historyLimit ?? DEFAULT_HISTORY_LIMIT;
    this.#log = new RevisionLog({ historyLimit, firstRevision: FIRST_REVISION });
  }

  get revision(): number {
    return this.#log.revision;
  }

  get(resource: string, namespace: string, name: string): ApiObject | undefined {
    return this.#log.get(this.#type(resource).key, `${namespace}/${name}`);
  }

  list(resource: string, namespace?: string): readonly ApiObject[] {
    const all = this.#log.list(this.#type(resource).key);
    return namespace === undefined ? all : all.filter((object) => object.metadata.namespace === namespace);
  }

  create(resource: string, draft: ObjectDraft, options: WriteOptions = {}): ApiObject {
    const type = this.#type(resource);
    const object = this.#newObject(type, draft);
    if (this.#log.get(type.key, `${object.metadata.namespace ?? ''}/${object.metadata.name}`) !== undefined)
      throw alreadyExists(type, object.metadata.name);
    const causes = [
      ...nameProblems(type, object.metadata.name),
      ...metadataProblems(object.metadata),
      ...type.validate(object),
    ];
    if (causes.length > 0) throw invalid(type, object.metadata.name, causes);
    const created = this.#stamp(object);
    if (options.dryRun === true) return created;
    this.#log.commit({ type: 'ADDED', resource: type.key, object: created });
    this.#trim(type);
    return created;
  }

  update(resource: string, draft: ObjectDraft, options: WriteOptions = {}): ApiObject {
    const type = this.#type(resource);
    const name = draft.metadata.name ?? '';
    const previous = this.#log.get(type.key, `${this.#namespaceOf(type, draft)}/${name}`);
    if (previous === undefined) throw notFound(type, name);
    checkPreconditions(type, draft, previous);
    const next = merged(type, draft, previous, options.status === true);
    const causes = [...metadataProblems(next.metadata), ...type.validate(next, previous)];
    if (causes.length > 0) throw invalid(type, name, causes);
    // As in the API server: what changes nothing is not written.
    if (isDeepStrictEqual(next, previous)) return previous;
    const stored = this.#stamp(next);
    if (options.dryRun === true) return stored;
    this.#log.commit({ type: 'MODIFIED', resource: type.key, object: stored });
    if (stored.metadata.deletionTimestamp !== undefined && !isHeld(type, stored)) this.#delete(type, stored);
    return stored;
  }

  remove(resource: string, namespace: string, name: string, options: RemoveOptions = {}): Removal {
    const type = this.#type(resource);
    const object = this.#log.get(type.key, `${namespace}/${name}`);
    if (object === undefined) throw notFound(type, name);
    checkRemoval(type, object, options);
    if (options.dryRun === true) return { object, gone: !isHeld(type, object) };
    const held = withPropagation(object, options.propagation ?? 'Background');
    if (!isHeld(type, held)) return { object: this.#delete(type, held), gone: true };
    if (object.metadata.deletionTimestamp !== undefined) return { object, gone: false };
    const deletionTimestamp = toTimestamp(this.#clock.now());
    const metadata = { ...held.metadata, deletionTimestamp, deletionGracePeriodSeconds: 0 };
    const status = type.deletion === undefined ? {} : { status: type.deletion.status };
    const marked = this.#stamp({ ...held, ...status, metadata });
    this.#log.commit({ type: 'MODIFIED', resource: type.key, object: marked });
    return { object: marked, gone: false };
  }

  subscribe(listener: StoreListener): () => void {
    return this.#log.subscribe(listener);
  }

  snapshot(resource: string, revision: number): readonly ApiObject[] | undefined {
    return this.#log.snapshot(resource, revision);
  }

  since(resource: string, revision: number): readonly StoreEvent[] | undefined {
    return this.#log.since(resource, revision);
  }

  oldest(resource: string): number {
    return this.#log.oldest(resource);
  }

  open(resource: string): void {
    this.#log.open(resource);
  }

  #type(resource: string): ResourceType {
    const type = this.#types.byKey(resource);
    if (type === undefined) throw noSuchPath();
    return type;
  }

  #namespaceOf(type: ResourceType, draft: ObjectDraft): string {
    return type.namespaced ? (draft.metadata.namespace ?? 'default') : '';
  }

  #newObject(type: ResourceType, draft: ObjectDraft): ApiObject {
    if ((draft.metadata.resourceVersion ?? '') !== '')
      throw new ApiError({
        code: 500,
        reason: '',
        message: 'resourceVersion should not be set on objects to be created',
      });
    const uid = this.#newUid();
    const name = completeName(type, draft, uid);
    const namespace = this.#namespaceOf(type, draft);
    if (type.namespaced) checkNamespace(type, name, this.#log.get('namespaces', `/${namespace}`), namespace);
    const dropped = [
      'deletionTimestamp',
      'deletionGracePeriodSeconds',
      'selfLink',
      'managedFields',
      'namespace',
    ];
    const metadata = {
      ...without(draft.metadata, ...dropped, 'generation', 'resourceVersion'),
      name,
      ...(type.namespaced ? { namespace } : {}),
      uid,
      resourceVersion: '',
      ...(type.generation === 'none' ? {} : { generation: 1 }),
      creationTimestamp: toTimestamp(this.#clock.now()),
    };
    const { status, ...withoutStatus } = draft;
    const body = type.statusSubresource || status === undefined ? withoutStatus : draft;
    return { ...completed(type, { ...body, metadata }), metadata };
  }

  /** The object with the revision it is about to be written at. */
  #stamp(object: ApiObject): ApiObject {
    const resourceVersion = String(this.#log.nextRevision());
    return deepFreeze({ ...object, metadata: { ...object.metadata, resourceVersion } });
  }

  #delete(type: ResourceType, object: ApiObject): ApiObject {
    const last = this.#stamp(object);
    this.#log.commit({ type: 'DELETED', resource: type.key, object: last });
    return last;
  }

  #trim(type: ResourceType): void {
    if (type.maxObjects === undefined || this.#log.count(type.key) <= type.maxObjects) return;
    const byAge = [...this.#log.list(type.key)].sort(
      (left, right) => Number(left.metadata.resourceVersion) - Number(right.metadata.resourceVersion),
    );
    for (const old of byAge.slice(0, byAge.length - type.maxObjects)) this.#delete(type, old);
  }
}

function completed(
  type: ResourceType,
  object: JsonObject,
): JsonObject & Pick<ApiObject, 'apiVersion' | 'kind'> {
  return { ...type.complete(object), apiVersion: apiVersionOf(type), kind: type.kind };
}

function checkPreconditions(type: ResourceType, draft: ObjectDraft, previous: ApiObject): void {
  const { uid, resourceVersion = '' } = draft.metadata;
  const name = previous.metadata.name;
  if (uid !== undefined && uid !== '' && uid !== previous.metadata.uid)
    throw conflict(type, name, uidMismatch(uid, previous));
  if (resourceVersion === '' && !type.unconditionalUpdate)
    throw invalid(type, name, [
      {
        reason: 'FieldValueInvalid',
        field: 'metadata.resourceVersion',
        message: 'Invalid value: 0x0: must be specified for an update',
      },
    ]);
  if (resourceVersion !== '' && resourceVersion !== previous.metadata.resourceVersion)
    throw conflict(type, name);
}

function uidMismatch(uid: string, object: ApiObject): string {
  return `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${object.metadata.uid}`;
}

function checkRemoval(type: ResourceType, object: ApiObject, options: RemoveOptions): void {
  const { uid, resourceVersion } = options;
  const { name } = object.metadata;
  const refusal = type.deletion?.refuse(name);
  if (refusal !== undefined) throw forbidden(type, name, refusal);
  if (uid !== undefined && uid !== object.metadata.uid) throw conflict(type, name, uidMismatch(uid, object));
  if (resourceVersion !== undefined && resourceVersion !== object.metadata.resourceVersion)
    throw conflict(
      type,
      name,
      `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${object.metadata.resourceVersion}`,
    );
}

/** What an update makes of `previous`: the status alone, or all but the status and what the server owns. */
function merged(type: ResourceType, draft: ObjectDraft, previous: ApiObject, status: boolean): ApiObject {
  if (status) {
    const body = { ...without(previous, 'status'), ...statusOf(draft) };
    return { ...completed(type, body), metadata: previous.metadata };
  }
  const owned = {
    name: previous.metadata.name,
    uid: previous.metadata.uid,
    resourceVersion: previous.metadata.resourceVersion,
    creationTimestamp: previous.metadata.creationTimestamp,
  };
  const metadata = {
    ...without(
      draft.metadata,
      'generation',
      'deletionTimestamp',
      'deletionGracePeriodSeconds',
      'selfLink',
      'managedFields',
    ),
    ...pick(previous.metadata, 'namespace', 'generation', 'deletionTimestamp', 'deletionGracePeriodSeconds'),
    ...owned,
  };
  const body = type.statusSubresource ? { ...without(draft, 'status'), ...statusOf(previous) } : draft;
  const next = { ...completed(type, { ...body, metadata }), metadata };
  if (!raisesGeneration(type, next, previous)) return next;
  return { ...next, metadata: { ...metadata, generation: (previous.metadata.generation ?? 0) + 1 } };
}

function statusOf(object: { readonly [field: string]: unknown }): JsonObject {
  return object['status'] === undefined ? {} : { status: object['status'] };
}

function pick(object: { readonly [field: string]: unknown }, ...keys: readonly string[]): JsonObject {
  return Object.fromEntries(keys.filter((key) => object[key] !== undefined).map((key) => [key, object[key]]));
}

function raisesGeneration(type: ResourceType, next: ApiObject, previous: ApiObject): boolean {
  if (type.generation === 'none') return false;
  if (type.generation === 'content') {
    const ignored = ['metadata', ...(type.statusSubresource ? ['status'] : [])];
    return !isDeepStrictEqual(without(next, ...ignored), without(previous, ...ignored));
  }
  if (!isDeepStrictEqual(next['spec'], previous['spec'])) return true;
  if (type.generation === 'spec') return false;
  return !isDeepStrictEqual(next.metadata.annotations ?? {}, previous.metadata.annotations ?? {});
}

function isHeld(type: ResourceType, object: ApiObject): boolean {
  return (object.metadata.finalizers ?? []).length > 0 || type.deletion?.holds(object) === true;
}

/** Foreground and Orphan are finalizers that the garbage collector takes away when it is done. */
function withPropagation(object: ApiObject, propagation: Propagation): ApiObject {
  if (propagation === 'Background') return object;
  const finalizer = propagation === 'Foreground' ? 'foregroundDeletion' : 'orphan';
  const finalizers = [...new Set([...(object.metadata.finalizers ?? []), finalizer])];
  return { ...object, metadata: { ...object.metadata, finalizers } };
}
