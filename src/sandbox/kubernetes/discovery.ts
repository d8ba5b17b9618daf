import type { JsonObject } from './json.ts';
import { REVIEW_GROUP, REVIEW_KINDS } from './reviews.ts';
import { apiVersionOf, type ResourceType, type ResourceTypes } from './resource-type.ts';

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const SUBRESOURCE_VERBS = ['get', 'patch', 'update'];

/** What `/version` says; the API behaves like that of Kubernetes 1.20. */
export const VERSION = {
  major: '1',
  minor: '20',
  gitVersion: 'v1.20.2-headwind',
  gitCommit: '',
  gitTreeState: '',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: '',
  compiler: '',
  platform: 'headwind/demo',
};

/** `/api`; `address` is the `host:port` of the server. */
export function coreVersions(address: string): JsonObject {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: address }],
  };
}

/** `/apis` */
export function groupList(types: ResourceTypes): JsonObject {
  const groups = [...new Set(groupVersions(types).map(({ group }) => group))];
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map((name) => group(types, name)) };
}

/** `/apis/<group>`; undefined if there is no such group. */
export function groupOf(types: ResourceTypes, name: string): JsonObject | undefined {
  const known = groupVersions(types).some(({ group }) => group === name);
  return known ? { kind: 'APIGroup', apiVersion: 'v1', ...group(types, name) } : undefined;
}

function groupVersions(types: ResourceTypes): readonly { group: string; version: string }[] {
  return [...types.all(), { group: REVIEW_GROUP, version: 'v1' }].filter((type) => type.group !== '');
}

function group(types: ResourceTypes, name: string): JsonObject {
  const versions = [
    ...new Set(
      groupVersions(types)
        .filter((type) => type.group === name)
        .map((type) => type.version),
    ),
  ].map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions, preferredVersion: versions[0] };
}

/** `/api/v1` and `/apis/<group>/<version>`; undefined if nothing is served there. */
export function resourceList(
  types: ResourceTypes,
  groupName: string,
  version: string,
): JsonObject | undefined {
  const served = types.all().filter((type) => type.group === groupName && type.version === version);
  const reviews = groupName === REVIEW_GROUP && version === 'v1' ? REVIEW_KINDS.map(reviewResource) : [];
  const resources = [...served.flatMap(entriesOf), ...reviews];
  if (resources.length === 0) return undefined;
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: apiVersionOf({ group: groupName, version }),
    resources,
  };
}

function reviewResource(kind: string): JsonObject {
  return { name: `${kind.toLowerCase()}s`, singularName: '', namespaced: false, kind, verbs: ['create'] };
}

function entriesOf(type: ResourceType): readonly JsonObject[] {
  const { plural, namespaced, kind } = type;
  const subresource = (name: string, more: JsonObject = {}): JsonObject => ({
    name: `${plural}/${name}`,
    singularName: '',
    namespaced,
    kind,
    verbs: SUBRESOURCE_VERBS,
    ...more,
  });
  const scale = { group: 'autoscaling', version: 'v1', kind: 'Scale' };
  return [
    {
      name: plural,
      singularName: type.builtIn ? '' : type.singular,
      namespaced,
      kind,
      verbs: VERBS,
      ...(type.shortNames.length === 0 ? {} : { shortNames: type.shortNames }),
      ...(type.categories.length === 0 ? {} : { categories: type.categories }),
    },
    ...(type.statusSubresource ? [subresource('status')] : []),
    ...(type.scale === undefined ? [] : [subresource('scale', scale)]),
    ...(plural === 'pods' && type.builtIn ? [subresource('log', { verbs: ['get'] })] : []),
  ];
}
