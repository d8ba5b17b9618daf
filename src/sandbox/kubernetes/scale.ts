import type { ApiObject, ObjectDraft } from './api-object.ts';
import { toDraft } from './api-object.ts';
import { badRequest } from './api-error.ts';
import { selectorText } from './cells.ts';
import { firstAtPath, memberPath } from './json-path.ts';
import { isJsonObject, numberAt, valueAt, type JsonObject } from './json.ts';
import type { ScalePaths } from './resource-type.ts';

/** The `autoscaling/v1` Scale of an object. */
export function toScale(object: ApiObject, paths: ScalePaths): JsonObject {
  const selector = paths.labelSelector === undefined ? undefined : firstAtPath(object, paths.labelSelector);
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: numberAt(object, ...memberPath(paths.specReplicas)) },
    status: {
      replicas: numberAt(object, ...memberPath(paths.statusReplicas)),
      ...(selector === undefined
        ? {}
        : { selector: typeof selector === 'string' ? selector : selectorText(selector) }),
    },
  };
}

/**
 * The object with the number of replicas that `scale` asks for, guarded by the Scale's resourceVersion.
 * @throws ApiError 400
 */
export function withScale(object: ApiObject, scale: unknown, paths: ScalePaths): ObjectDraft {
  const draft = toDraft(scale);
  const replicas = valueAt(draft, 'spec', 'replicas') ?? 0;
  if (typeof replicas !== 'number' || !Number.isInteger(replicas) || replicas < 0)
    throw badRequest('spec.replicas must be an integer of at least 0');
  const changed = setAt(object, memberPath(paths.specReplicas), replicas);
  const resourceVersion = draft.metadata.resourceVersion ?? object.metadata.resourceVersion;
  return toDraft({ ...changed, metadata: { ...object.metadata, resourceVersion } });
}

function setAt(object: JsonObject, path: readonly string[], value: unknown): JsonObject {
  const [first, ...rest] = path;
  if (first === undefined) return object;
  if (rest.length === 0) return { ...object, [first]: value };
  const member = object[first];
  return { ...object, [first]: setAt(isJsonObject(member) ? member : {}, rest, value) };
}
