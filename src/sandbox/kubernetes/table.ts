import type { ApiObject } from './api-object.ts';
import type { JsonObject } from './json.ts';
import type { ResourceType } from './resource-type.ts';

/** How much of each object a Table's rows carry. */
export type IncludeObject = 'None' | 'Metadata' | 'Object';

export interface TableOptions {
  readonly type: ResourceType;
  readonly includeObject: IncludeObject;
  /** Milliseconds since the Unix epoch, for ages. */
  readonly nowMs: number;
  /** False leaves out the column definitions, as in all but the first event of a watch. */
  readonly headers: boolean;
}

/** The objects as a `meta.k8s.io/v1` Table; `metadata` is that of the list. */
export function toTable(
  objects: readonly ApiObject[],
  metadata: JsonObject,
  options: TableOptions,
): JsonObject {
  const { type, includeObject, nowMs, headers } = options;
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: headers
      ? type.columns.map(({ name, type: columnType, format, description, priority }) => ({
          name,
          type: columnType,
          format,
          description,
          priority,
        }))
      : null,
    rows: objects.map((object) => ({
      cells: type.columns.map((column) => column.cell(object, nowMs)),
      ...(includeObject === 'None'
        ? {}
        : { object: includeObject === 'Object' ? object : toPartial(object) }),
    })),
  };
}

/** The metadata alone, as a `meta.k8s.io/v1` PartialObjectMetadata. */
export function toPartial(object: ApiObject): JsonObject {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata };
}
