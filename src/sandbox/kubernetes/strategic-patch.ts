import { badRequest } from './api-error.ts';
import { isJsonObject, type JsonObject } from './json.ts';

/**
 * Strategic merge patch for the built-in kinds: like a merge patch, but lists of the fields below are merged item by item
 * (https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md).
 */

/** Field name → the key by which the items of its list are told apart. */
const MERGE_KEYS: Readonly<Record<string, string>> = {
  containers: 'name',
  initContainers: 'name',
  ephemeralContainers: 'name',
  env: 'name',
  volumes: 'name',
  volumeMounts: 'mountPath',
  volumeDevices: 'devicePath',
  imagePullSecrets: 'name',
  secrets: 'name',
  hostAliases: 'ip',
  topologySpreadConstraints: 'topologyKey',
  conditions: 'type',
  addresses: 'type',
  taints: 'key',
  ownerReferences: 'uid',
};
/** Lists of plain values that are merged as sets. */
const SETS = new Set(['finalizers', 'podCIDRs']);
const ORDER = '$setElementOrder/';
const DELETE_FROM = '$deleteFromPrimitiveList/';
const RETAIN = '$retainKeys';

/**
 * `target` with `patch` merged in; neither is changed.
 * @throws ApiError 400 where an item lacks its merge key or a directive is unknown.
 */
export function strategicPatch(target: JsonObject, patch: JsonObject): JsonObject {
  return mergeObjects(target, patch, '');
}

/** `parent` is the field that the objects stand in, for `ports`, which exist in containers and in Services. */
function mergeObjects(target: JsonObject, patch: JsonObject, parent: string): JsonObject {
  const directive = patch['$patch'];
  if (directive === 'replace') return withoutDirectives(patch);
  if (directive === 'delete') return {};
  if (directive !== undefined && directive !== 'merge')
    throw badRequest(`unknown patch directive: ${JSON.stringify(directive)}`);
  const result = retained(target, patch);
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$')) continue;
    if (value == null) delete result[key];
    else result[key] = mergeField({ key, parent, before: result[key], value });
  }
  applyListDirectives(result, patch, parent);
  return result;
}

function retained(target: JsonObject, patch: JsonObject): JsonObject {
  const keys = patch[RETAIN];
  if (!Array.isArray(keys)) return { ...target };
  return Object.fromEntries(Object.entries(target).filter(([key]) => keys.includes(key)));
}

interface FieldMerge {
  readonly key: string;
  readonly parent: string;
  readonly before: unknown;
  readonly value: unknown;
}

function mergeField({ key, parent, before, value }: FieldMerge): unknown {
  if (isJsonObject(value)) return mergeObjects(isJsonObject(before) ? before : {}, value, key);
  if (!Array.isArray(value)) return value;
  const list = Array.isArray(before) ? before : [];
  if (SETS.has(key)) return [...new Set([...list, ...value])];
  const mergeKey = mergeKeyOf(key, parent);
  return mergeKey === undefined ? value : mergeLists(list, value, { mergeKey, key });
}

function mergeKeyOf(key: string, parent: string): string | undefined {
  if (key === 'ports') return parent.toLowerCase().endsWith('containers') ? 'containerPort' : 'port';
  return MERGE_KEYS[key];
}

function mergeLists(
  before: readonly unknown[],
  patch: readonly unknown[],
  { mergeKey, key }: { readonly mergeKey: string; readonly key: string },
): readonly unknown[] {
  const replaces = patch.some((item) => isJsonObject(item) && onlyDirective(item) === 'replace');
  const result = replaces ? [] : [...before];
  for (const item of patch) {
    if (!isJsonObject(item)) throw badRequest(`the items of ${key} must be objects`);
    if (onlyDirective(item) === 'replace') continue;
    mergeItem(result, item, { mergeKey, key });
  }
  return result;
}

/** The directive of an item that holds nothing else. */
function onlyDirective(item: JsonObject): unknown {
  return Object.keys(item).length === 1 ? item['$patch'] : undefined;
}

function mergeItem(
  list: unknown[],
  item: JsonObject,
  { mergeKey, key }: { readonly mergeKey: string; readonly key: string },
): void {
  const wanted = item[mergeKey];
  if (wanted === undefined)
    throw badRequest(`map: ${JSON.stringify(item)} does not contain declared merge key: ${mergeKey}`);
  const index = list.findIndex((candidate) => isJsonObject(candidate) && candidate[mergeKey] === wanted);
  const found = list[index];
  if (item['$patch'] === 'delete') {
    if (index !== -1) list.splice(index, 1);
    return;
  }
  const merged = mergeObjects(isJsonObject(found) ? found : {}, item, key);
  if (index === -1) list.push(merged);
  else list[index] = merged;
}

function applyListDirectives(result: JsonObject, patch: JsonObject, parent: string): void {
  for (const [directive, value] of Object.entries(patch)) {
    if (!Array.isArray(value)) continue;
    if (directive.startsWith(DELETE_FROM)) {
      const key = directive.slice(DELETE_FROM.length);
      const list = result[key];
      if (Array.isArray(list)) result[key] = list.filter((item) => !value.includes(item));
    }
    if (directive.startsWith(ORDER)) {
      const key = directive.slice(ORDER.length);
      const list = result[key];
      if (Array.isArray(list)) result[key] = ordered(list, value, mergeKeyOf(key, parent));
    }
  }
}

/** The items that `order` names change places among themselves; the others stay where they are. */
function ordered(
  list: readonly unknown[],
  order: readonly unknown[],
  mergeKey: string | undefined,
): readonly unknown[] {
  const identity = (item: unknown): unknown =>
    mergeKey !== undefined && isJsonObject(item) ? item[mergeKey] : item;
  const positions = new Map(order.map((item, index) => [identity(item), index]));
  const named = list
    .filter((item) => positions.has(identity(item)))
    .sort((left, right) => (positions.get(identity(left)) ?? 0) - (positions.get(identity(right)) ?? 0));
  return list.map((item) => (positions.has(identity(item)) ? named.shift() : item));
}

function withoutDirectives(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !key.startsWith('$')));
}
