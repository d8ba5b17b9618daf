import { badRequest, notAcceptable } from './api-error.ts';
import type { ApiObject } from './api-object.ts';
import type { JsonObject } from './json.ts';
import { apiVersionOf, type ResourceType } from './resource-type.ts';
import { toPartial, toTable, type IncludeObject } from './table.ts';

/** The forms in which objects go out. */
export type Form = 'json' | 'table' | 'partial';

export interface Representation {
  readonly form: Form;
  readonly includeObject: IncludeObject;
}

/**
 * What the client wants, by its Accept header and `includeObject`; only JSON is written.
 * @throws ApiError 400, 406
 */
export function negotiate(accept: string, query: URLSearchParams): Representation {
  const wanted = accept.trim() === '' ? ['*/*'] : accept.split(',').map((part) => part.trim());
  const form = wanted.map(formOf).find((found) => found !== undefined);
  if (form === undefined) throw notAcceptable('application/json');
  const includeObject = query.get('includeObject') ?? 'Metadata';
  if (includeObject !== 'None' && includeObject !== 'Metadata' && includeObject !== 'Object')
    throw badRequest('includeObject must be None, Metadata or Object');
  return { form, includeObject };
}

function formOf(part: string): Form | undefined {
  const [media = '', ...rawParameters] = part.split(';').map((piece) => piece.trim());
  if (!['application/json', 'application/*', '*/*'].includes(media.toLowerCase())) return undefined;
  const parameters = new Map(rawParameters.map((piece) => [piece.split('=')[0], piece.split('=')[1]]));
  const as = parameters.get('as');
  if (as === undefined) return 'json';
  if (parameters.get('g') !== 'meta.k8s.io' || parameters.get('v') !== 'v1') return undefined;
  if (as === 'Table') return 'table';
  return as.startsWith('PartialObjectMetadata') ? 'partial' : undefined;
}

interface Rendering extends Representation {
  readonly type: ResourceType;
  readonly nowMs: number;
}

/** One object in the wanted form. */
export function renderObject(object: ApiObject, rendering: Rendering, headers = true): JsonObject {
  if (rendering.form === 'partial') return toPartial(object);
  if (rendering.form === 'json') return object;
  const metadata = { resourceVersion: object.metadata.resourceVersion };
  return toTable([object], metadata, { ...rendering, headers });
}

/** A list in the wanted form. */
export function renderList(
  objects: readonly ApiObject[],
  metadata: JsonObject,
  rendering: Rendering,
): JsonObject {
  const { type, form } = rendering;
  if (form === 'table') return toTable(objects, metadata, { ...rendering, headers: true });
  if (form === 'partial')
    return {
      kind: 'PartialObjectMetadataList',
      apiVersion: 'meta.k8s.io/v1',
      metadata,
      items: objects.map(toPartial),
    };
  return {
    kind: type.listKind,
    apiVersion: apiVersionOf(type),
    metadata,
    items: objects.map((object) => itemOf(type, object)),
  };
}

/** Built-in kinds do not repeat apiVersion and kind in the items of a list, custom ones do. */
function itemOf(type: ResourceType, object: ApiObject): JsonObject {
  if (!type.builtIn) return object;
  const { apiVersion: _apiVersion, kind: _kind, ...item } = object;
  return item;
}
