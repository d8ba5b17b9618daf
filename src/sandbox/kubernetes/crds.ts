import { toTimestamp, type Clock } from '../../core/clock.ts';
import type { Cause } from './api-error.ts';
import type { ApiObject } from './api-object.ts';
import { invalidValue, required } from './built-in-rules.ts';
import { defineBuiltIn } from './built-in-types.ts';
import { AGE_COLUMN, ageOf, NAME_COLUMN } from './cells.ts';
import { CRD_COLUMNS } from './core-columns.ts';
import { firstAtPath } from './json-path.ts';
import { arrayAt, isJsonObject, objectAt, stringAt, valueAt, type JsonObject } from './json.ts';
import type { Cell, Column, ResourceType, ResourceTypes, ScalePaths } from './resource-type.ts';
import { schemaProblems } from './schema-validation.ts';
import { completeBySchema } from './schema.ts';
import type { RevisionedStore } from './store.ts';

const CRDS = 'customresourcedefinitions';
const COLUMN_TYPES = ['string', 'integer', 'number', 'boolean', 'date'] as const;

/** The kind CustomResourceDefinition itself. */
export const CRD_TYPE: ResourceType = defineBuiltIn({
  plural: CRDS,
  kind: 'CustomResourceDefinition',
  group: 'apiextensions.k8s.io',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  namespaced: false,
  statusSubresource: true,
  generation: 'spec',
  unconditionalUpdate: false,
  columns: CRD_COLUMNS,
  complete: completeCrd,
  validate: crdProblems,
});

function completeCrd(object: JsonObject): JsonObject {
  const spec = objectAt(object, 'spec');
  const names = objectAt(spec, 'names');
  const kind = stringAt(names, 'kind');
  return {
    ...object,
    spec: {
      conversion: { strategy: 'None' },
      ...spec,
      names: { singular: kind.toLowerCase(), listKind: `${kind}List`, ...names },
    },
    status: objectAt(object, 'status'),
  };
}

function crdProblems(object: JsonObject, previous?: JsonObject): readonly Cause[] {
  const spec = object['spec'];
  const [group, plural] = [stringAt(spec, 'group'), stringAt(spec, 'names', 'plural')];
  const name = stringAt(object, 'metadata', 'name');
  const scope = stringAt(spec, 'scope');
  const stored = arrayAt(spec, 'versions').filter((version) => valueAt(version, 'storage') === true);
  const before = previous === undefined ? scope : stringAt(previous, 'spec', 'scope');
  return [
    ...(group === '' ? [required('spec.group')] : []),
    ...(plural === '' ? [required('spec.names.plural')] : []),
    ...(stringAt(spec, 'names', 'kind') === '' ? [required('spec.names.kind')] : []),
    ...(name === `${plural}.${group}`
      ? []
      : [invalidValue('metadata.name', name, 'must be spec.names.plural+"."+spec.group')]),
    ...(['Namespaced', 'Cluster'].includes(scope) ? [] : [required('spec.scope')]),
    ...(scope === before ? [] : [invalidValue('spec.scope', scope, 'field is immutable')]),
    ...(stored.length === 1
      ? []
      : [
          invalidValue(
            'spec.versions',
            stored.length,
            'must have exactly one version marked as storage version',
          ),
        ]),
    ...arrayAt(spec, 'versions').flatMap(versionProblems),
  ];
}

function versionProblems(version: unknown, index: number): readonly Cause[] {
  const field = `spec.versions[${index}].schema.openAPIV3Schema`;
  const schema = valueAt(version, 'schema', 'openAPIV3Schema');
  return isJsonObject(schema) ? structureProblems(schema, field) : [required(field, 'schemas are required')];
}

/** A structural schema gives the type of every field. */
function structureProblems(schema: JsonObject, field: string): readonly Cause[] {
  const free =
    schema['x-kubernetes-int-or-string'] === true || schema['x-kubernetes-preserve-unknown-fields'] === true;
  const own =
    stringAt(schema, 'type') === '' && !free
      ? [required(`${field}.type`, 'must not be empty for specified object fields')]
      : [];
  const members = Object.entries(objectAt(schema, 'properties')).flatMap(([key, member]) =>
    isJsonObject(member) ? structureProblems(member, `${field}.properties[${key}]`) : [],
  );
  const { items } = schema;
  return [...own, ...members, ...(isJsonObject(items) ? structureProblems(items, `${field}.items`) : [])];
}

/** Serves the custom resources of every CustomResourceDefinition in the store, as they come, change and go. */
export function followCrds(options: {
  readonly store: RevisionedStore;
  readonly types: ResourceTypes;
  readonly clock: Clock;
}): () => void {
  const { store, types, clock } = options;
  return store.subscribe((event) => {
    if (event.resource !== CRDS) return;
    if (event.type === 'DELETED') forget(store, types, event.object);
    else serve({ store, types, clock }, event.object);
  });
}

function forget(store: RevisionedStore, types: ResourceTypes, crd: ApiObject): void {
  const key = keyFor(types, crd);
  if (types.byKey(key) === undefined) return;
  for (const object of store.list(key))
    store.remove(key, object.metadata.namespace ?? '', object.metadata.name);
  types.remove(key);
}

function serve(
  { store, types, clock }: { store: RevisionedStore; types: ResourceTypes; clock: Clock },
  crd: ApiObject,
): void {
  const key = keyFor(types, crd);
  const isNew = types.byKey(key) === undefined;
  types.add(toResourceType(crd, key));
  if (isNew) store.open(key);
  if (arrayAt(crd, 'status', 'conditions').length > 0) return;
  store.update(CRDS, { ...crd, status: establishedStatus(crd, toTimestamp(clock.now())) }, { status: true });
}

function keyFor(types: ResourceTypes, crd: ApiObject): string {
  const plural = stringAt(crd, 'spec', 'names', 'plural');
  const taken = types.byKey(plural);
  if (taken === undefined || taken.group === stringAt(crd, 'spec', 'group')) return plural;
  return crd.metadata.name;
}

function establishedStatus(crd: ApiObject, now: string): JsonObject {
  const condition = (type: string, reason: string, message: string): JsonObject => ({
    type,
    status: 'True',
    lastTransitionTime: now,
    reason,
    message,
  });
  return {
    acceptedNames: objectAt(crd, 'spec', 'names'),
    storedVersions: [stringAt(storedVersion(crd), 'name')],
    conditions: [
      condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
      condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
    ],
  };
}

function storedVersion(crd: JsonObject): JsonObject {
  const found = arrayAt(crd, 'spec', 'versions').find((version) => valueAt(version, 'storage') === true);
  return isJsonObject(found) ? found : {};
}

function toResourceType(crd: ApiObject, key: string): ResourceType {
  const version = storedVersion(crd);
  const names = objectAt(crd, 'spec', 'names');
  const schema = objectAt(version, 'schema', 'openAPIV3Schema');
  const scale = scaleOf(version);
  const strings = (value: readonly unknown[]): readonly string[] =>
    value.filter((item) => typeof item === 'string');
  return {
    key,
    group: stringAt(crd, 'spec', 'group'),
    version: stringAt(version, 'name'),
    plural: stringAt(names, 'plural'),
    singular: stringAt(names, 'singular'),
    kind: stringAt(names, 'kind'),
    listKind: stringAt(names, 'listKind'),
    shortNames: strings(arrayAt(names, 'shortNames')),
    categories: strings(arrayAt(names, 'categories')),
    namespaced: stringAt(crd, 'spec', 'scope') === 'Namespaced',
    builtIn: false,
    statusSubresource: isJsonObject(valueAt(version, 'subresources', 'status')),
    ...(scale === undefined ? {} : { scale }),
    generation: 'content',
    unconditionalUpdate: false,
    returnsDeleted: false,
    columns: columnsOf(version),
    complete: (object) => completeBySchema(schema, object),
    validate: (object) => schemaProblems(schema, object),
    fields: () => ({}),
  };
}

function scaleOf(version: JsonObject): ScalePaths | undefined {
  const scale = valueAt(version, 'subresources', 'scale');
  if (!isJsonObject(scale)) return undefined;
  const labelSelector = stringAt(scale, 'labelSelectorPath');
  return {
    specReplicas: stringAt(scale, 'specReplicasPath'),
    statusReplicas: stringAt(scale, 'statusReplicasPath'),
    ...(labelSelector === '' ? {} : { labelSelector }),
  };
}

function columnsOf(version: JsonObject): readonly Column[] {
  const own = arrayAt(version, 'additionalPrinterColumns').filter(isJsonObject);
  return own.length === 0 ? [NAME_COLUMN, AGE_COLUMN] : [NAME_COLUMN, ...own.map(toColumn)];
}

function toColumn(definition: JsonObject): Column {
  const path = stringAt(definition, 'jsonPath');
  const type = COLUMN_TYPES.find((name) => name === definition['type']) ?? 'string';
  return {
    name: stringAt(definition, 'name'),
    type,
    format: stringAt(definition, 'format'),
    description:
      stringAt(definition, 'description') ||
      `Custom resource definition column (in JSONPath format): ${path}`,
    priority: definition['priority'] === 1 ? 1 : 0,
    cell: (object, nowMs) => cellOf(type, firstAtPath(object, path), nowMs),
  };
}

function cellOf(type: Column['type'], value: unknown, nowMs: number): Cell {
  if (value == null) return null;
  if (type === 'date') return typeof value === 'string' ? ageOf(value, nowMs) : null;
  if (type === 'string') return typeof value === 'string' ? value : JSON.stringify(value);
  if (type === 'boolean') return typeof value === 'boolean' ? value : null;
  return typeof value === 'number' ? value : null;
}
