import { z } from 'zod';
import { ApiError, badRequest, expired } from './api-error.ts';
import type { ApiObject } from './api-object.ts';
import type { JsonObject } from './json.ts';
import type { ResourceType } from './resource-type.ts';
import { keyOf } from './revision-log.ts';
import { fieldMatcher, labelMatcher, type Matcher } from './selectors.ts';
import type { RevisionedStore } from './store.ts';

const Token = z.object({ v: z.literal('meta.k8s.io/v1'), rv: z.int().positive(), start: z.string() });

export interface Listing {
  readonly items: readonly ApiObject[];
  /** The `metadata` of the list. */
  readonly metadata: JsonObject;
}

export interface ListScope {
  readonly store: RevisionedStore;
  readonly type: ResourceType;
  /** Undefined for all namespaces. */
  readonly namespace: string | undefined;
  readonly query: URLSearchParams;
}

/**
 * Which objects the request means: its namespace and selectors.
 * @throws ApiError 400
 */
export function matcherOf({ type, namespace, query }: Omit<ListScope, 'store'>): Matcher {
  const byLabel = labelMatcher(query.get('labelSelector') ?? '');
  const byField = fieldMatcher(type, query.get('fieldSelector') ?? '');
  return (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    byLabel(object) &&
    byField(object);
}

/**
 * One page of a list: later pages show the same moment as the first.
 * @throws ApiError 400, 410 when that moment is too long ago, 504 for a resourceVersion of the future.
 */
export function listPage(scope: ListScope): Listing {
  const { store, type, query } = scope;
  const token = readToken(query);
  const revision = token?.rv ?? revisionOf(query, store);
  const all = store.snapshot(type.key, revision);
  if (all === undefined) throw tooOld(token !== undefined);
  const matches = matcherOf(scope);
  const matching = all.filter(
    (object) => matches(object) && (token === undefined || keyOf(object) >= token.start),
  );
  const limit = limitOf(query);
  const items = matching.slice(0, limit);
  const next = matching[items.length];
  const resourceVersion = String(revision);
  if (next === undefined) return { items, metadata: { resourceVersion } };
  const selective = query.has('labelSelector') || query.has('fieldSelector');
  return {
    items,
    metadata: {
      resourceVersion,
      continue: writeToken(revision, keyOf(next)),
      // With a selector the API server does not know how many are left.
      ...(selective ? {} : { remainingItemCount: matching.length - items.length }),
    },
  };
}

/**
 * The number in the parameter `name`; undefined if it is absent or empty.
 * @throws ApiError 400
 */
export function numberParameter(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name) ?? '';
  if (text === '') return undefined;
  if (!/^\d{1,15}$/.test(text))
    throw badRequest(`${name}: Invalid value: ${JSON.stringify(text)}: must be a number`);
  return Number(text);
}

function limitOf(query: URLSearchParams): number {
  // From resourceVersion 0 the API server answers out of its cache, whole.
  if (query.get('resourceVersion') === '0') return Number.MAX_SAFE_INTEGER;
  const limit = numberParameter(query, 'limit') ?? 0;
  return limit === 0 ? Number.MAX_SAFE_INTEGER : limit;
}

function revisionOf(query: URLSearchParams, store: RevisionedStore): number {
  const wanted = numberParameter(query, 'resourceVersion') ?? 0;
  if (wanted > store.revision) throw tooLargeRevision(wanted, store.revision);
  return query.get('resourceVersionMatch') === 'Exact' && wanted > 0 ? wanted : store.revision;
}

function tooLargeRevision(wanted: number, current: number): ApiError {
  const message = 'Too large resource version';
  return new ApiError({
    code: 504,
    reason: 'Timeout',
    message: `Timeout: Too large resource version: ${wanted}, current: ${current}`,
    details: { causes: [{ reason: 'ResourceVersionTooLarge', message }], retryAfterSeconds: 1 },
  });
}

function tooOld(continued: boolean): ApiError {
  return expired(
    continued
      ? 'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.'
      : 'The resourceVersion for the provided list is too old.',
  );
}

function writeToken(rv: number, start: string): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv, start })).toString('base64url');
}

function readToken(query: URLSearchParams): z.infer<typeof Token> | undefined {
  const text = query.get('continue') ?? '';
  if (text === '') return undefined;
  if (!['', '0'].includes(query.get('resourceVersion') ?? ''))
    throw badRequest('specifying resource version is not allowed when using continue');
  const parsed = Token.safeParse(parseJson(Buffer.from(text, 'base64url').toString()));
  if (!parsed.success) throw badRequest('continue key is not valid');
  return parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
