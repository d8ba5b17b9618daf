import { badRequest, invalid, methodNotAllowed, noSuchPath, notFound } from './api-error.ts';
import type { ApiRequest, Reply, RouteContext } from './api-exchange.ts';
import { toDraft, type ApiObject, type ObjectDraft } from './api-object.ts';
import { isJsonObject, stringAt, valueAt, type JsonObject } from './json.ts';
import { listPage, matcherOf } from './listing.ts';
import { podLog } from './logs.ts';
import { patched } from './patching.ts';
import { negotiate, renderList, renderObject } from './representation.ts';
import { apiVersionOf, type ResourceType } from './resource-type.ts';
import { toScale, withScale } from './scale.ts';
import type { Propagation, Removal, RemoveOptions } from './store.ts';
import { isTrue, prepareWatch } from './watch.ts';

/** What a path speaks of. */
export interface Target {
  readonly type: ResourceType;
  /** Undefined for a cluster-wide kind and for all namespaces. */
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
}

type Named = Target & { readonly name: string };

/** List, watch, create, delete many. */
export function answerCollection(context: RouteContext, request: ApiRequest, target: Target): Reply {
  switch (request.method) {
    case 'GET':
      return isWatch(request.query) ? watch(context, request, target) : list(context, request, target);
    case 'POST':
      return create(context, request, target);
    case 'DELETE':
      return removeMany(context, request, target);
    default:
      throw methodNotAllowed();
  }
}

/** Get, replace, patch, delete, and the subresources. */
export function answerObject(context: RouteContext, request: ApiRequest, target: Named): Reply {
  switch (target.subresource) {
    case undefined:
      return answerMain(context, request, target);
    case 'status':
      if (!target.type.statusSubresource) throw noSuchPath();
      return answerWritable(context, request, target);
    case 'scale':
      return answerScale(context, request, target);
    case 'log':
      return answerLog(context, request, target);
    default:
      throw noSuchPath();
  }
}

function isWatch(query: URLSearchParams): boolean {
  const value = query.get('watch');
  return value != null && isTrue(value);
}

function watch(context: RouteContext, request: ApiRequest, target: Target): Reply {
  const representation = negotiate(request.accept, request.query);
  const { type, namespace } = target;
  const { store, clock } = context;
  return {
    kind: 'watch',
    start: prepareWatch({ store, clock, type, namespace, query: request.query, representation }),
  };
}

function list(context: RouteContext, request: ApiRequest, target: Target): Reply {
  const { type, namespace } = target;
  const rendering = { ...negotiate(request.accept, request.query), type, nowMs: context.clock.now() };
  const page = listPage({ store: context.store, type, namespace, query: request.query });
  return { kind: 'json', status: 200, body: renderList(page.items, page.metadata, rendering) };
}

function create(context: RouteContext, request: ApiRequest, target: Target): Reply {
  const { type, namespace } = target;
  if (type.namespaced && namespace === undefined) throw methodNotAllowed();
  const draft = inNamespace(toDraft(request.body), target);
  checkKind(type, draft);
  const created = context.store.create(type.key, draft, { dryRun: isDryRun(request.query) });
  return written(context, request, { target, status: 201 }, created);
}

function written(
  context: RouteContext,
  request: ApiRequest,
  { target, status }: { readonly target: Target; readonly status: number },
  object: ApiObject,
): Reply {
  const { type } = target;
  const rendering = { ...negotiate(request.accept, request.query), type, nowMs: context.clock.now() };
  return { kind: 'json', status, body: renderObject(object, rendering) };
}

function isDryRun(query: URLSearchParams): boolean {
  const value = query.get('dryRun') ?? '';
  if (value !== '' && value !== 'All') throw badRequest('dryRun: Unsupported value: must be All');
  return value === 'All';
}

function inNamespace(draft: ObjectDraft, { type, namespace }: Target): ObjectDraft {
  if (!type.namespaced) return draft;
  const given = draft.metadata.namespace ?? '';
  if (given !== '' && given !== namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  return { ...draft, metadata: { ...draft.metadata, ...(namespace === undefined ? {} : { namespace }) } };
}

function checkKind(type: ResourceType, draft: ObjectDraft): void {
  const expected = apiVersionOf(type);
  const { apiVersion = type.builtIn ? expected : '', kind = type.builtIn ? type.kind : '' } = draft;
  if (apiVersion !== expected)
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${expected})`,
    );
  if (kind === type.kind) return;
  if (type.builtIn || kind === '')
    throw badRequest(`${kind} in version "${type.version}" cannot be handled as a ${type.kind}`);
  const message = `Invalid value: ${JSON.stringify(kind)}: must be ${type.kind}`;
  throw invalid({ ...type, kind }, draft.metadata.name ?? '', [
    { reason: 'FieldValueInvalid', field: 'kind', message },
  ]);
}

function find(context: RouteContext, { type, namespace, name }: Named): ApiObject {
  const object = context.store.get(type.key, namespace ?? '', name);
  if (object === undefined) throw notFound(type, name);
  return object;
}

function answerMain(context: RouteContext, request: ApiRequest, target: Named): Reply {
  if (request.method === 'DELETE') return remove(context, request, target);
  return answerWritable(context, request, target);
}

/** The object itself or its status, which are read and written alike. */
function answerWritable(context: RouteContext, request: ApiRequest, target: Named): Reply {
  const current = find(context, target);
  const options = { status: target.subresource === 'status', dryRun: isDryRun(request.query) };
  switch (request.method) {
    case 'GET':
      return written(context, request, { target, status: 200 }, current);
    case 'PUT': {
      const draft = inNamespace(toDraft(request.body), target);
      checkKind(target.type, draft);
      checkName(target, draft);
      const stored = context.store.update(target.type.key, draft, options);
      return written(context, request, { target, status: 200 }, stored);
    }
    case 'PATCH': {
      const draft = inNamespace(toDraft(patched(target.type, current, request)), target);
      checkKind(target.type, draft);
      checkPatchedName(target, draft);
      const stored = context.store.update(target.type.key, draft, options);
      return written(context, request, { target, status: 200 }, stored);
    }
    default:
      throw methodNotAllowed();
  }
}

function checkName({ name }: Named, draft: ObjectDraft): void {
  const given = draft.metadata.name ?? '';
  if (given === '') throw badRequest('name must be provided');
  if (given !== name)
    throw badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`);
}

function checkPatchedName({ type, name }: Named, draft: ObjectDraft): void {
  if (draft.metadata.name === name) return;
  const message = `Invalid value: ${JSON.stringify(draft.metadata.name)}: field is immutable`;
  throw invalid(type, name, [{ reason: 'FieldValueInvalid', field: 'metadata.name', message }]);
}

function answerScale(context: RouteContext, request: ApiRequest, target: Named): Reply {
  const { type } = target;
  if (type.scale === undefined) throw noSuchPath();
  const object = find(context, target);
  const scale = toScale(object, type.scale);
  if (request.method === 'GET') return { kind: 'json', status: 200, body: scale };
  if (request.method !== 'PUT' && request.method !== 'PATCH') throw methodNotAllowed();
  const wanted = request.method === 'PUT' ? request.body : patched(type, scale, request);
  const stored = context.store.update(type.key, withScale(object, wanted, type.scale), {
    dryRun: isDryRun(request.query),
  });
  return { kind: 'json', status: 200, body: toScale(stored, type.scale) };
}

function answerLog(context: RouteContext, request: ApiRequest, target: Named): Reply {
  if (!target.type.builtIn || target.type.plural !== 'pods') throw noSuchPath();
  if (request.method !== 'GET') throw methodNotAllowed();
  return { kind: 'text', text: podLog(find(context, target), request.query.get('container'), context.log) };
}

function removeOptions(request: ApiRequest): RemoveOptions {
  const body = isJsonObject(request.body) ? request.body : {};
  const propagation = request.query.get('propagationPolicy') ?? stringAt(body, 'propagationPolicy');
  const uid = stringAt(body, 'preconditions', 'uid');
  const resourceVersion = stringAt(body, 'preconditions', 'resourceVersion');
  return {
    propagation: toPropagation(propagation, valueAt(body, 'orphanDependents') === true),
    dryRun: isDryRun(request.query) || valueAt(body, 'dryRun') !== undefined,
    ...(uid === '' ? {} : { uid }),
    ...(resourceVersion === '' ? {} : { resourceVersion }),
  };
}

function toPropagation(text: string, orphan: boolean): Propagation {
  if (text === 'Foreground' || text === 'Orphan' || text === 'Background') return text;
  if (text !== '') throw badRequest(`"${text}" is not a propagationPolicy`);
  return orphan ? 'Orphan' : 'Background';
}

function remove(context: RouteContext, request: ApiRequest, target: Named): Reply {
  const { type, namespace, name } = target;
  const removal = context.store.remove(type.key, namespace ?? '', name, removeOptions(request));
  return { kind: 'json', status: 200, body: removalBody(type, removal) };
}

function removalBody(type: ResourceType, { object, gone }: Removal): JsonObject {
  if (!gone || type.returnsDeleted) return object;
  const { name, uid } = object.metadata;
  const details = { name, ...(type.group === '' ? {} : { group: type.group }), kind: type.plural, uid };
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
}

function removeMany(context: RouteContext, request: ApiRequest, target: Target): Reply {
  const { type, namespace } = target;
  if (type.namespaced && namespace === undefined) throw methodNotAllowed();
  const matches = matcherOf({ type, namespace, query: request.query });
  const options = removeOptions(request);
  const removed = context.store
    .list(type.key)
    .filter(matches)
    .map(
      ({ metadata }) =>
        context.store.remove(type.key, metadata.namespace ?? '', metadata.name, options).object,
    );
  const rendering = { form: 'json', includeObject: 'None', type, nowMs: context.clock.now() } as const;
  const metadata = { resourceVersion: String(context.store.revision) };
  return { kind: 'json', status: 200, body: renderList(removed, metadata, rendering) };
}
