import { createSharedStrings } from '../core/shared-strings.ts';
import { metadataOf, type ObjectMetadata } from './object-metadata.ts';

/** What changed for the outside: an object is there (new or changed), or it is no longer there. */
export type Change<T> =
  | { readonly type: 'upsert'; readonly key: string; readonly item: T }
  | { readonly type: 'remove'; readonly key: string; readonly item: T };

export interface ProjectionStoreOptions<T> {
  /**
   * What to keep of an object, in an object of its own; undefined to keep nothing. May throw: the object is then treated as
   * not there.
   */
  readonly project: (object: unknown) => T | undefined;
  readonly keyOf: (metadata: Pick<ObjectMetadata, 'name' | 'namespace'>) => string;
  readonly onChange: (change: Change<T>) => void;
  /** An object that could not be read; `key` is undefined when not even its name could. */
  readonly onUnparsable: (key: string | undefined, error: unknown) => void;
}

interface Stored<T> {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly item: T;
}

/** The projections of one resource's objects; tells of every difference, and of nothing that stayed the same. */
export interface ProjectionStore<T> {
  /** Takes in an object as it is now. */
  apply(object: unknown): void;
  /** Forgets an object that was deleted. */
  forget(object: unknown): void;
  /** Begins a full list: what is not applied until `end` is called no longer exists. */
  beginList(): { readonly end: () => void };
  get(key: string): T | undefined;
  values(): IterableIterator<T>;
  readonly size: number;
}

/** Makes an empty store. */
export function createProjectionStore<T>(options: ProjectionStoreOptions<T>): ProjectionStore<T> {
  const { project, keyOf, onChange, onUnparsable } = options;
  const stored = new Map<string, Stored<T>>();
  const share = createSharedStrings();
  // The keys that the running list has shown so far; undefined while none runs.
  let listed: Set<string> | undefined;

  function remove(key: string): void {
    const old = stored.get(key);
    if (old === undefined) return;
    stored.delete(key);
    onChange({ type: 'remove', key, item: old.item });
  }

  function projected(object: unknown, key: string): T | undefined {
    try {
      return share(project(object));
    } catch (error) {
      onUnparsable(key, error);
      return undefined;
    }
  }

  return {
    apply(object) {
      const metadata = metadataOf(object);
      if (metadata === undefined) {
        onUnparsable(undefined, new Error('an object without name, uid or resourceVersion'));
        return;
      }
      const { uid, resourceVersion } = metadata;
      const key = keyOf(metadata);
      const old = stored.get(key);
      if (old?.uid === uid && old.resourceVersion === resourceVersion) {
        listed?.add(key);
        return;
      }
      // Another uid under the same name: the old object was deleted while nobody looked.
      if (old !== undefined && old.uid !== uid) remove(key);
      const item = projected(object, key);
      if (item === undefined) {
        remove(key);
        return;
      }
      listed?.add(key);
      stored.set(key, { uid, resourceVersion, item });
      onChange({ type: 'upsert', key, item });
    },
    forget(object) {
      const metadata = metadataOf(object);
      if (metadata !== undefined) remove(keyOf(metadata));
    },
    beginList() {
      const seen = new Set<string>();
      listed = seen;
      return {
        end: () => {
          listed = undefined;
          for (const key of stored.keys()) if (!seen.has(key)) remove(key);
        },
      };
    },
    get: (key) => stored.get(key)?.item,
    *values() {
      for (const entry of stored.values()) yield entry.item;
    },
    get size() {
      return stored.size;
    },
  };
}
