import { isJsonObject, valueAt, type JsonObject } from './json.ts';

/**
 * Structural schemas of custom resources: unknown fields are pruned, defaults are set
 * (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema).
 */

const ROOT_FIELDS = ['apiVersion', 'kind', 'metadata'];

/** A copy of the custom resource `object` without unknown fields and with the schema's defaults. */
export function completeBySchema(schema: JsonObject, object: JsonObject): JsonObject {
  const root = Object.fromEntries(
    ROOT_FIELDS.filter((key) => object[key] !== undefined).map((key) => [key, object[key]]),
  );
  const pruned = prune(schema, object);
  return { ...(isJsonObject(pruned) ? withDefaults(schema, pruned) : {}), ...root };
}

function prune(schema: JsonObject, value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = schema['items'];
    return isJsonObject(items) ? value.map((item) => prune(items, item)) : value;
  }
  if (!isJsonObject(value)) return value;
  const keepsUnknown = schema['x-kubernetes-preserve-unknown-fields'] === true;
  const kept: JsonObject = {};
  for (const [key, member] of Object.entries(value)) {
    const memberSchema = schemaOfMember(schema, key);
    if (memberSchema !== undefined) kept[key] = prune(memberSchema, member);
    else if (keepsUnknown) kept[key] = member;
  }
  return kept;
}

/** The schema of the member `key`: its own, or that of all additional ones. */
export function schemaOfMember(schema: JsonObject, key: string): JsonObject | undefined {
  const own = valueAt(schema, 'properties', key);
  if (isJsonObject(own)) return own;
  const additional = schema['additionalProperties'];
  if (isJsonObject(additional)) return additional;
  return additional === true ? { 'x-kubernetes-preserve-unknown-fields': true } : undefined;
}

function withDefaults(schema: JsonObject, object: JsonObject): JsonObject {
  const completed = { ...object };
  const properties = isJsonObject(schema['properties']) ? schema['properties'] : {};
  for (const [key, property] of Object.entries(properties))
    if (isJsonObject(property) && property['default'] !== undefined && isUnset(property, completed[key]))
      completed[key] = structuredClone(property['default']);
  for (const [key, member] of Object.entries(completed)) {
    const memberSchema = schemaOfMember(schema, key);
    if (memberSchema !== undefined) completed[key] = defaultsBelow(memberSchema, member);
  }
  return completed;
}

function isUnset(schema: JsonObject, value: unknown): boolean {
  return value === undefined || (value == null && schema['nullable'] !== true);
}

function defaultsBelow(schema: JsonObject, value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = schema['items'];
    return isJsonObject(items) ? value.map((item) => defaultsBelow(items, item)) : value;
  }
  return isJsonObject(value) ? withDefaults(schema, value) : value;
}
