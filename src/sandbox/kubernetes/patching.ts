import { badRequest, unsupportedMediaType } from './api-error.ts';
import { isJsonObject, type JsonObject } from './json.ts';
import { jsonPatch, mergePatch } from './patch.ts';
import type { ResourceType } from './resource-type.ts';
import { strategicPatch } from './strategic-patch.ts';

const JSON_PATCH = 'application/json-patch+json';
const MERGE_PATCH = 'application/merge-patch+json';
const STRATEGIC_PATCH = 'application/strategic-merge-patch+json';

interface PatchRequest {
  readonly contentType: string;
  readonly body: unknown;
}

/**
 * `current` with the patch of the request applied, by the request's media type.
 * @throws ApiError 400, 415, 422
 */
export function patched(
  type: ResourceType,
  current: JsonObject,
  { contentType, body }: PatchRequest,
): unknown {
  switch (contentType) {
    case JSON_PATCH:
      return jsonPatch(current, body);
    case MERGE_PATCH:
      return mergePatch(current, objectBody(body));
    case STRATEGIC_PATCH:
      if (type.builtIn) return strategicPatch(current, objectBody(body));
      throw unsupportedMediaType([JSON_PATCH, MERGE_PATCH]);
    default:
      throw unsupportedMediaType([JSON_PATCH, MERGE_PATCH, ...(type.builtIn ? [STRATEGIC_PATCH] : [])]);
  }
}

function objectBody(body: unknown): JsonObject {
  if (!isJsonObject(body)) throw badRequest('a patch of this media type must be a JSON object');
  return body;
}
