import type { Cause, ResourceName } from './api-error.ts';
import type { JsonObject } from './json.ts';

/** A cell of a Table row. */
export type Cell = string | number | boolean | null | readonly string[];

/** One column of the Table that `kubectl get` prints. */
export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly format: string;
  readonly description: string;
  /** 0 is always shown, 1 only with `-o wide`. */
  readonly priority: number;
  /** `nowMs` is the time since the Unix epoch, for ages. */
  readonly cell: (object: JsonObject, nowMs: number) => Cell;
}

/** Where the scale subresource finds its numbers; paths in the form of JSON path, `.spec.replicas`. */
export interface ScalePaths {
  readonly specReplicas: string;
  readonly statusReplicas: string;
  readonly labelSelector?: string;
}

/** What a Namespace does that other objects do not. */
export interface DeletionRules {
  /** Why the object must stay; undefined if it may go. */
  readonly refuse: (name: string) => string | undefined;
  /** Whether something still holds the object, besides `metadata.finalizers`. */
  readonly holds: (object: JsonObject) => boolean;
  /** The status of an object that is being deleted. */
  readonly status: JsonObject;
}

/** Everything that tells one kind from another; the store and the API know kinds only through this. */
export interface ResourceType extends ResourceName {
  /** Its name in the store: the plural, with the group only where two groups share a plural. */
  readonly key: string;
  readonly version: string;
  readonly singular: string;
  readonly listKind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  /** Built-in kinds take strategic merge patches, custom ones do not. */
  readonly builtIn: boolean;
  readonly statusSubresource: boolean;
  readonly scale?: ScalePaths;
  /** Which changes raise `metadata.generation`; `content` is all but metadata and status. */
  readonly generation: 'none' | 'spec' | 'spec-and-annotations' | 'content';
  /** Whether an update may leave out the resourceVersion. */
  readonly unconditionalUpdate: boolean;
  /** Whether DELETE answers the object instead of a Status. */
  readonly returnsDeleted: boolean;
  /** How the kind differs when it is deleted. */
  readonly deletion?: DeletionRules;
  /** The oldest objects beyond this number are dropped; no limit where absent. */
  readonly maxObjects?: number;
  readonly columns: readonly Column[];
  /** The object with defaults set and what the kind does not know taken away. */
  readonly complete: (object: JsonObject) => JsonObject;
  /** What is wrong with the completed object; `previous` is there when it is an update. */
  readonly validate: (object: JsonObject, previous?: JsonObject) => readonly Cause[];
  /** Fields for field selectors besides `metadata.name` and `metadata.namespace`. */
  readonly fields: (object: JsonObject) => Readonly<Record<string, string>>;
}

/** `v1` or `apps/v1`. */
export function apiVersionOf(type: Pick<ResourceType, 'group' | 'version'>): string {
  return type.group === '' ? type.version : `${type.group}/${type.version}`;
}

/** The kinds that are served now; custom ones come and go. */
export interface ResourceTypes {
  byKey(key: string): ResourceType | undefined;
  byPath(group: string, version: string, plural: string): ResourceType | undefined;
  all(): readonly ResourceType[];
  add(type: ResourceType): void;
  remove(key: string): void;
}

/** A registry that starts with `initial`. */
export function createResourceTypes(initial: readonly ResourceType[]): ResourceTypes {
  const types = new Map(initial.map((type) => [type.key, type]));
  return {
    byKey: (key) => types.get(key),
    byPath: (group, version, plural) =>
      [...types.values()].find(
        (type) => type.group === group && type.version === version && type.plural === plural,
      ),
    all: () => [...types.values()],
    add: (type) => void types.set(type.key, type),
    remove: (key) => void types.delete(key),
  };
}
