import { forbidden, invalid, notFound, type Cause } from './api-error.ts';
import type { ApiObject, ObjectDraft } from './api-object.ts';
import { stringAt } from './json.ts';
import type { ResourceType } from './resource-type.ts';

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const MAX_LABEL_LENGTH = 63;
const MAX_SUBDOMAIN_LENGTH = 253;
// Without vowels and look-alikes, as the API server does, so that no words come out.
const SUFFIX_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
const SUFFIX_LENGTH = 5;
const MAX_GENERATED_BASE = MAX_LABEL_LENGTH - SUFFIX_LENGTH;
const LABEL_NAMED = new Set(['namespaces', 'services']);

const NAMESPACES = { group: '', plural: 'namespaces', kind: 'Namespace' };

/**
 * The name of a new object: the given one, or `generateName` with a suffix made of `uid`.
 * @throws ApiError 422 if there is neither.
 */
export function completeName(type: ResourceType, draft: ObjectDraft, uid: string): string {
  const { name = '', generateName = '' } = draft.metadata;
  if (name !== '') return name;
  if (generateName === '')
    throw invalid(type, '', [
      {
        reason: 'FieldValueRequired',
        field: 'metadata.name',
        message: 'Required value: name or generateName is required',
      },
    ]);
  return generateName.slice(0, MAX_GENERATED_BASE) + suffixOf(uid);
}

function suffixOf(uid: string): string {
  const hex = uid.replaceAll('-', '').padEnd(SUFFIX_LENGTH * 2, '0');
  return Array.from({ length: SUFFIX_LENGTH }, (_, index) => {
    const byte = Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16);
    return SUFFIX_ALPHABET.charAt(byte % SUFFIX_ALPHABET.length);
  }).join('');
}

/** What is wrong with the name of an object of this kind. */
export function nameProblems(type: ResourceType, name: string): readonly Cause[] {
  const label = type.group === '' && LABEL_NAMED.has(type.plural);
  if (label && LABEL.test(name) && name.length <= MAX_LABEL_LENGTH) return [];
  if (!label && SUBDOMAIN.test(name) && name.length <= MAX_SUBDOMAIN_LENGTH) return [];
  const rule = label
    ? "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character"
    : "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
  return [
    { reason: 'FieldValueInvalid', field: 'metadata.name', message: `Invalid value: "${name}": ${rule}` },
  ];
}

/**
 * Makes sure that an object may be created in `name`.
 * @throws ApiError 404 if the namespace is missing, 403 if it is being deleted.
 */
export function checkNamespace(
  type: ResourceType,
  name: string,
  found: ApiObject | undefined,
  namespace: string,
): void {
  if (found === undefined) throw notFound(NAMESPACES, namespace);
  if (stringAt(found, 'status', 'phase') !== 'Terminating') return;
  throw forbidden(
    type,
    name,
    `unable to create new content in namespace ${namespace} because it is being terminated`,
  );
}
