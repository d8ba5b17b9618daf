import { forbidden, invalid, notFound, type Cause } from './api-error.ts';
import type { ApiObject, ObjectDraft, ObjectMeta } from './api-object.ts';
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

const QUALIFIED_NAME = /^([a-z0-9.-]{1,253}\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
const MAX_ANNOTATIONS_BYTES = 256 * 1024;

/** What is wrong with the labels and annotations of an object. */
export function metadataProblems(metadata: ObjectMeta): readonly Cause[] {
  const labels = Object.entries(metadata.labels ?? {});
  const annotations = Object.entries(metadata.annotations ?? {});
  const bytes = annotations.reduce((sum, [key, value]) => sum + key.length + Buffer.byteLength(value), 0);
  const problem = (field: string, value: string, detail: string): Cause => ({
    reason: 'FieldValueInvalid',
    field,
    message: `Invalid value: ${JSON.stringify(value)}: ${detail}`,
  });
  const name =
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
  return [
    ...labels
      .filter(([key]) => !QUALIFIED_NAME.test(key))
      .map(([key]) => problem('metadata.labels', key, name)),
    ...labels
      .filter(([, value]) => !LABEL_VALUE.test(value))
      .map(([, value]) =>
        problem(
          'metadata.labels',
          value,
          "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', at most 63",
        ),
      ),
    ...annotations
      .filter(([key]) => !QUALIFIED_NAME.test(key.toLowerCase()))
      .map(([key]) => problem('metadata.annotations', key, name)),
    ...(bytes > MAX_ANNOTATIONS_BYTES
      ? [
          {
            reason: 'FieldValueTooLong',
            field: 'metadata.annotations',
            message: `Too long: must have at most ${MAX_ANNOTATIONS_BYTES} bytes`,
          },
        ]
      : []),
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
