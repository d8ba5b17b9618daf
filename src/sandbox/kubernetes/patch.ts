import { isDeepStrictEqual } from 'node:util';
import { ApiError, badRequest } from './api-error.ts';
import { isJsonObject, type JsonObject } from './json.ts';

// As in the API server.
const MAX_OPERATIONS = 10_000;

/** Applies a JSON merge patch (RFC 7386). */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) return patch;
  const result: JsonObject = isJsonObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value == null) delete result[key];
    else result[key] = mergePatch(result[key], value);
  }
  return result;
}

interface Operation {
  readonly op: string;
  readonly path: readonly string[];
  readonly from: readonly string[];
  readonly value: unknown;
}

/**
 * Applies a JSON patch (RFC 6902); `target` is not changed.
 * @throws ApiError 400 for what is no patch, 422 for one that cannot be applied.
 */
export function jsonPatch(target: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw badRequest('a JSON patch must be a list of operations');
  if (patch.length > MAX_OPERATIONS)
    throw new ApiError({
      code: 413,
      reason: 'RequestEntityTooLarge',
      message: `The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${patch.length}`,
    });
  let result: unknown = structuredClone(target);
  for (const operation of patch.map(toOperation)) result = applied(result, operation);
  return result;
}

function toOperation(item: unknown): Operation {
  if (!isJsonObject(item) || typeof item['op'] !== 'string' || typeof item['path'] !== 'string')
    throw badRequest('an operation of a JSON patch has the members op and path');
  const from = typeof item['from'] === 'string' ? toPointer(item['from']) : [];
  return { op: item['op'], path: toPointer(item['path']), from, value: structuredClone(item['value']) };
}

function toPointer(text: string): readonly string[] {
  if (text === '') return [];
  if (!text.startsWith('/')) throw badRequest(`"${text}" is not a JSON pointer`);
  return text
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function applied(document: unknown, operation: Operation): unknown {
  const { op, path, from, value } = operation;
  switch (op) {
    case 'add':
      return added(document, path, value);
    case 'remove':
      return removed(document, path);
    case 'replace':
      read(document, path);
      return path.length === 0 ? value : added(removed(document, path), path, value);
    case 'move': {
      const moved = read(document, from);
      return added(removed(document, from), path, moved);
    }
    case 'copy':
      return added(document, path, structuredClone(read(document, from)));
    case 'test':
      if (isDeepStrictEqual(lookUp(document, path) ?? null, value ?? null)) return document;
      throw cannot(`testing value /${path.join('/')} failed`);
    default:
      throw badRequest(`"${op}" is not an operation of a JSON patch`);
  }
}

function cannot(message: string): ApiError {
  return new ApiError({
    code: 422,
    reason: 'Invalid',
    message: `the server rejected our request due to an error in our request: ${message}`,
    details: {},
  });
}

function missing(path: readonly string[]): ApiError {
  return cannot(`the path /${path.join('/')} does not exist`);
}

function lookUp(document: unknown, path: readonly string[]): unknown {
  let current = document;
  for (const step of path) {
    if (Array.isArray(current)) current = current[Number(step)];
    else if (isJsonObject(current) && Object.hasOwn(current, step)) current = current[step];
    else return undefined;
  }
  return current;
}

function read(document: unknown, path: readonly string[]): unknown {
  const found = lookUp(document, path);
  if (found === undefined) throw missing(path);
  return found;
}

function added(document: unknown, path: readonly string[], value: unknown): unknown {
  const last = path.at(-1);
  if (last === undefined) return value;
  const parent = read(document, path.slice(0, -1));
  if (Array.isArray(parent)) parent.splice(last === '-' ? parent.length : indexIn(parent, path, 1), 0, value);
  else if (isJsonObject(parent)) setMember(parent, last, value);
  else throw missing(path);
  return document;
}

function removed(document: unknown, path: readonly string[]): unknown {
  read(document, path);
  const last = path.at(-1);
  if (last === undefined) return null;
  const parent = lookUp(document, path.slice(0, -1));
  if (Array.isArray(parent)) parent.splice(indexIn(parent, path, 0), 1);
  else if (isJsonObject(parent)) delete parent[last];
  return document;
}

function indexIn(list: readonly unknown[], path: readonly string[], beyond: number): number {
  const last = path.at(-1) ?? '';
  const index = Number(last);
  if (!/^(0|[1-9]\d*)$/.test(last) || index >= list.length + beyond) throw missing(path);
  return index;
}

/** Sets an own member, also under the name `__proto__`. */
function setMember(object: JsonObject, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}
