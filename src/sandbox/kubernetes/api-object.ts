import { badRequest } from './api-error.ts';
import { isJsonObject, type JsonObject } from './json.ts';

/** Who an object belongs to: it is collected when all its owners are gone. */
export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

export interface ObjectMeta {
  readonly name: string;
  readonly generateName?: string;
  /** Absent on cluster-wide objects. */
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  readonly creationTimestamp: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly finalizers?: readonly string[];
  readonly [field: string]: unknown;
}

/** An object as the store holds it: complete metadata, deeply frozen. */
export interface ApiObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

/** What may be given to the store: metadata as far as the caller knows it. */
export interface ObjectDraft {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: DraftMeta;
  readonly [field: string]: unknown;
}

export interface DraftMeta {
  readonly name?: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly finalizers?: readonly string[];
  readonly [field: string]: unknown;
}

const META_STRINGS = ['name', 'generateName', 'namespace', 'uid', 'resourceVersion'] as const;

/**
 * Reads `body` as an object with metadata of the right types.
 * @throws ApiError 400 that names the member of the wrong type.
 */
export function toDraft(body: unknown): ObjectDraft {
  if (!isJsonObject(body)) throw badRequest('the body of the request must be a JSON object');
  const metadata = body['metadata'] ?? {};
  if (!isJsonObject(metadata)) throw badRequest('metadata must be an object');
  const cleaned = withoutNulls(metadata);
  const draft: JsonObject = { ...body, metadata: cleaned };
  if (!isDraft(draft)) throw badRequest(whatIsWrong(body, cleaned));
  return draft;
}

function withoutNulls(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value != null));
}

function isDraft(value: JsonObject): value is JsonObject & ObjectDraft {
  return isJsonObject(value['metadata']) && whatIsWrong(value, value['metadata']) === '';
}

function whatIsWrong(body: JsonObject, metadata: JsonObject): string {
  for (const key of ['apiVersion', 'kind'])
    if (!isOptionalString(body[key])) return `${key} must be a string`;
  for (const key of META_STRINGS)
    if (!isOptionalString(metadata[key])) return `metadata.${key} must be a string`;
  for (const key of ['labels', 'annotations'])
    if (!isOptionalStringMap(metadata[key])) return `metadata.${key} must be a map of strings`;
  if (!isOptionalArray(metadata['finalizers'], (item) => typeof item === 'string'))
    return 'metadata.finalizers must be a list of strings';
  if (!isOptionalArray(metadata['ownerReferences'], isOwnerReference))
    return 'metadata.ownerReferences must be a list of references with apiVersion, kind, name and uid';
  return '';
}

function isOptionalString(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}

function isOptionalStringMap(value: unknown): boolean {
  if (value === undefined) return true;
  return isJsonObject(value) && Object.values(value).every((member) => typeof member === 'string');
}

function isOptionalArray(value: unknown, accepts: (item: unknown) => boolean): boolean {
  return value === undefined || (Array.isArray(value) && value.every(accepts));
}

function isOwnerReference(value: unknown): boolean {
  if (!isJsonObject(value)) return false;
  return ['apiVersion', 'kind', 'name', 'uid'].every((key) => typeof value[key] === 'string');
}
