import { methodNotAllowed, noSuchPath } from './api-error.ts';
import type { ApiRequest, Reply, RouteContext } from './api-exchange.ts';
import { coreVersions, groupList, groupOf, resourceList, VERSION } from './discovery.ts';
import type { JsonObject } from './json.ts';
import type { ResourceTypes } from './resource-type.ts';
import { openApiJson, openApiProtobuf } from './openapi.ts';
import { answerCollection, answerObject, type Target } from './resource-routes.ts';
import { review, REVIEW_GROUP, reviewKindOf } from './reviews.ts';

const HEALTH_PATHS = new Set(['healthz', 'readyz', 'livez']);
const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize']);

/**
 * Answers one request.
 * @throws ApiError for whatever is to be answered as a Status.
 */
export function answer(context: RouteContext, request: ApiRequest): Reply {
  const segments = request.path
    .split('/')
    .filter((part) => part !== '')
    .map(decodeSegment);
  const [root = '', ...rest] = segments;
  if (root === 'api') return answerApi(context, request, rest);
  if (root === 'apis') return answerApis(context, request, rest);
  if (request.method !== 'GET') throw noSuchPath();
  if (root === '')
    return ok({ paths: ['/api', '/apis', '/healthz', '/livez', '/openapi/v2', '/readyz', '/version'] });
  if (HEALTH_PATHS.has(root)) return { kind: 'text', text: 'ok' };
  if (root === 'version') return ok(VERSION);
  if (root === 'openapi' && rest.join('/') === 'v2') return openApi(request.accept);
  throw noSuchPath();
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw noSuchPath();
  }
}

function ok(body: JsonObject): Reply {
  return { kind: 'json', status: 200, body };
}

function found(body: JsonObject | undefined): Reply {
  if (body === undefined) throw noSuchPath();
  return ok(body);
}

function openApi(accept: string): Reply {
  if (accept.includes('proto-openapi'))
    return { kind: 'bytes', contentType: 'application/octet-stream', bytes: openApiProtobuf() };
  return ok(openApiJson());
}

function answerApi(context: RouteContext, request: ApiRequest, segments: readonly string[]): Reply {
  const [version, ...rest] = segments;
  if (version === undefined) return ok(coreVersions(request.host));
  if (version !== 'v1') throw noSuchPath();
  if (rest.length === 0) return found(resourceList(context.types, '', 'v1'));
  return answerResource(context, request, { group: '', version, segments: rest });
}

function answerApis(context: RouteContext, request: ApiRequest, segments: readonly string[]): Reply {
  const [group, version, ...rest] = segments;
  if (group === undefined) return ok(groupList(context.types));
  if (version === undefined) return found(groupOf(context.types, group));
  if (rest.length === 0) return found(resourceList(context.types, group, version));
  const kind = group === REVIEW_GROUP && version === 'v1' ? reviewKindOf(rest[0] ?? '') : undefined;
  if (kind === undefined) return answerResource(context, request, { group, version, segments: rest });
  if (request.method !== 'POST') throw methodNotAllowed();
  return { kind: 'json', status: 201, body: review(kind, request.body) };
}

interface ResourcePath {
  readonly group: string;
  readonly version: string;
  readonly segments: readonly string[];
}

function answerResource(context: RouteContext, request: ApiRequest, path: ResourcePath): Reply {
  const target = toTarget(context.types, path);
  return target.name === undefined
    ? answerCollection(context, request, target)
    : answerObject(context, request, { ...target, name: target.name });
}

/** `[namespaces/<namespace>/]<plural>[/<name>[/<subresource>]]` */
function toTarget(types: ResourceTypes, { group, version, segments }: ResourcePath): Target {
  const inNamespace = startsWithNamespace(group, segments);
  const namespace = inNamespace ? segments[1] : undefined;
  const [plural = '', name, subresource, ...beyond] = inNamespace ? segments.slice(2) : segments;
  const type = types.byPath(group, version, plural);
  if (type === undefined || beyond.length > 0) throw noSuchPath();
  // Cluster-wide objects are not found in a namespace, and others not without theirs.
  if (name !== undefined && type.namespaced !== inNamespace) throw noSuchPath();
  if (inNamespace && !type.namespaced) throw noSuchPath();
  return { type, namespace, name, subresource };
}

function startsWithNamespace(group: string, segments: readonly string[]): boolean {
  if (segments[0] !== 'namespaces' || segments.length < 3) return false;
  return group !== '' || !NAMESPACE_SUBRESOURCES.has(segments[2] ?? '');
}
