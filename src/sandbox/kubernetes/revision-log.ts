import type { ApiObject } from './api-object.ts';

/** One change of one object. */
export interface StoreEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** The plural, e.g. `deployments`. */
  readonly resource: string;
  readonly revision: number;
  /** The object after the change; for DELETED its last state with the revision of the deletion. */
  readonly object: ApiObject;
  /** The object before the change. */
  readonly previous?: ApiObject;
}

export type StoreListener = (event: StoreEvent) => void;

interface Change {
  readonly type: StoreEvent['type'];
  readonly resource: string;
  readonly object: ApiObject;
}

/** Objects by key, one revision counter, and a bounded history that lists and watches can go back in. */
export class RevisionLog {
  readonly #objects = new Map<string, Map<string, ApiObject>>();
  readonly #openedAt = new Map<string, number>();
  readonly #listeners = new Set<StoreListener>();
  readonly #historyLimit: number;
  /** Ordered by revision, without gaps since `#floor`. */
  #history: StoreEvent[] = [];
  /** The revision just before the oldest event that is kept. */
  #floor: number;
  #revision: number;
  /** Events that listeners have not seen yet: a listener may write, and order must hold. */
  readonly #pending: StoreEvent[] = [];
  #delivering = false;

  constructor(options: { readonly historyLimit: number; readonly firstRevision: number }) {
    this.#historyLimit = options.historyLimit;
    this.#revision = options.firstRevision;
    this.#floor = options.firstRevision;
  }

  get revision(): number {
    return this.#revision;
  }

  /** Starts the history of `resource`: nobody can watch it from before this. */
  open(resource: string): void {
    this.#openedAt.set(resource, this.#revision);
  }

  get(resource: string, key: string): ApiObject | undefined {
    return this.#objects.get(resource)?.get(key);
  }

  /** All objects of `resource`, ordered by key, as the API server lists them. */
  list(resource: string): readonly ApiObject[] {
    return sortedValues(this.#objects.get(resource) ?? new Map());
  }

  count(resource: string): number {
    return this.#objects.get(resource)?.size ?? 0;
  }

  /** The revision that the next change will have. */
  nextRevision(): number {
    return this.#revision + 1;
  }

  /** Records `change`, whose object must carry `nextRevision()`, and tells the listeners. */
  commit(change: Change): void {
    this.#revision += 1;
    const key = keyOf(change.object);
    const objects = this.#objects.get(change.resource) ?? new Map<string, ApiObject>();
    this.#objects.set(change.resource, objects);
    const previous = objects.get(key);
    if (change.type === 'DELETED') objects.delete(key);
    else objects.set(key, change.object);
    const event = { ...change, revision: this.#revision, ...(previous === undefined ? {} : { previous }) };
    this.#remember(event);
    this.#pending.push(event);
    this.#deliver();
  }

  /** The objects of `resource` as they were at `revision`; undefined if the history no longer reaches there. */
  snapshot(resource: string, revision: number): readonly ApiObject[] | undefined {
    if (revision < this.#floor) return undefined;
    const objects = new Map(this.#objects.get(resource));
    for (const event of this.#history.toReversed()) {
      if (event.revision <= revision) break;
      if (event.resource === resource) undo(objects, event);
    }
    return sortedValues(objects);
  }

  /** The events of `resource` after `revision`; undefined if the history no longer reaches there. */
  since(resource: string, revision: number): readonly StoreEvent[] | undefined {
    if (revision < this.oldest(resource)) return undefined;
    return this.#history.filter((event) => event.revision > revision && event.resource === resource);
  }

  /** The oldest revision from which `resource` can be watched. */
  oldest(resource: string): number {
    return Math.max(this.#floor, this.#openedAt.get(resource) ?? 0);
  }

  subscribe(listener: StoreListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #remember(event: StoreEvent): void {
    this.#history.push(event);
    // Cutting only now and then keeps a write cheap.
    if (this.#history.length <= this.#historyLimit * 1.25) return;
    this.#history = this.#history.slice(-this.#historyLimit);
    this.#floor = (this.#history[0]?.revision ?? this.#revision + 1) - 1;
  }

  #deliver(): void {
    if (this.#delivering) return;
    this.#delivering = true;
    try {
      for (let event = this.#pending.shift(); event !== undefined; event = this.#pending.shift())
        for (const listener of this.#listeners) listener(event);
    } finally {
      this.#delivering = false;
    }
  }
}

/** The key of an object among its kind: `namespace/name`, with an empty namespace for cluster-wide ones. */
export function keyOf(object: ApiObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

function sortedValues(objects: ReadonlyMap<string, ApiObject>): readonly ApiObject[] {
  return [...objects]
    .sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0))
    .map(([, object]) => object);
}

function undo(objects: Map<string, ApiObject>, event: StoreEvent): void {
  const key = keyOf(event.object);
  if (event.previous === undefined) objects.delete(key);
  else objects.set(key, event.previous);
}
