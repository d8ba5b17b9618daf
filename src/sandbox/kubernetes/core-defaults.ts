import { badRequest } from './api-error.ts';
import {
  arrayAt,
  isJsonObject,
  numberAt,
  objectAt,
  stringAt,
  stringMapAt,
  valueAt,
  without,
  type JsonObject,
} from './json.ts';

/** The defaults of the core kinds that clients meet. Each function answers a completed copy and is idempotent. */

export function completeNamespace(object: JsonObject): JsonObject {
  return {
    ...object,
    spec: { finalizers: ['kubernetes'], ...objectAt(object, 'spec') },
    status: { phase: 'Active', ...objectAt(object, 'status') },
  };
}

export function completeSecret(object: JsonObject): JsonObject {
  const written = Object.entries(stringMapAt(object, 'stringData')).map(([key, text]) => [
    key,
    Buffer.from(text).toString('base64'),
  ]);
  const data = { ...dataOf(object, 'data'), ...Object.fromEntries(written) };
  return {
    ...without(object, 'stringData', 'data'),
    ...(Object.keys(data).length === 0 ? {} : { data }),
    type: stringAt(object, 'type') || 'Opaque',
  };
}

export function completeConfigMap(object: JsonObject): JsonObject {
  dataOf(object, 'data');
  return object;
}

function dataOf(object: JsonObject, key: string): JsonObject {
  const data = object[key] ?? {};
  if (!isJsonObject(data) || Object.values(data).some((value) => typeof value !== 'string'))
    throw badRequest(`${key} must be a map of strings`);
  return data;
}

export function completeService(object: JsonObject): JsonObject {
  const spec = objectAt(object, 'spec');
  const ports = arrayAt(spec, 'ports')
    .filter(isJsonObject)
    .map((port) => ({ protocol: 'TCP', targetPort: numberAt(port, 'port'), ...port }));
  const clusterIP = stringAt(spec, 'clusterIP') || clusterAddress(stringAt(object, 'metadata', 'uid'));
  return {
    ...object,
    spec: {
      type: 'ClusterIP',
      sessionAffinity: 'None',
      ...spec,
      clusterIP,
      ...(spec['ports'] === undefined ? {} : { ports }),
    },
    status: { loadBalancer: {}, ...objectAt(object, 'status') },
  };
}

/** An address that stays with the object; nothing listens there. */
function clusterAddress(uid: string): string {
  const byte = (start: number): number => Number.parseInt(uid.slice(start, start + 2) || '0', 16) % 254;
  return `10.96.${byte(0)}.${byte(2) + 1}`;
}

export function completeEvent(object: JsonObject): JsonObject {
  return {
    eventTime: null,
    reportingComponent: '',
    reportingInstance: '',
    source: {},
    ...object,
  };
}

export function completeNode(object: JsonObject): JsonObject {
  return { ...object, spec: objectAt(object, 'spec'), status: objectAt(object, 'status') };
}

/** The kinds that have nothing to complete. */
export function unchanged(object: JsonObject): JsonObject {
  return object;
}

/** The names by which a Secret, Event or Pod can be selected, read with one table per kind. */
export function fieldsAt(...paths: readonly string[]): (object: JsonObject) => Record<string, string> {
  return (object) =>
    Object.fromEntries(paths.map((path) => [path, fieldText(valueAt(object, ...path.split('.')))]));
}

function fieldText(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
