/**
 * The messages in which kubectl (since 1.31) writes what its `create` commands make, as far as those commands fill them
 * (the `generated.proto` files of https://github.com/kubernetes/api). Field number → name and type.
 */

export type FieldType =
  | 'string'
  | 'number'
  /** A number that is as good as absent when it is 0. */
  | 'positive'
  | 'bool'
  | 'map'
  /** A map to bytes, which JSON has as base64. */
  | 'bytesMap'
  /** The server writes it itself, so that what a client sends is of no interest. */
  | 'ignored'
  | Message;

export interface Field {
  readonly name: string;
  readonly type: FieldType;
  readonly repeated?: boolean;
}

export type Message = Readonly<Record<number, Field>>;

function field(name: string, type: FieldType = 'string'): Field {
  return { name, type };
}

function list(name: string, type: FieldType = 'string'): Field {
  return { name, type, repeated: true };
}

const OWNER_REFERENCE: Message = {
  1: field('kind'),
  3: field('name'),
  4: field('uid'),
  5: field('apiVersion'),
  6: field('controller', 'bool'),
  7: field('blockOwnerDeletion', 'bool'),
};

const METADATA: Message = {
  1: field('name'),
  2: field('generateName'),
  3: field('namespace'),
  4: field('selfLink'),
  5: field('uid'),
  6: field('resourceVersion'),
  7: field('generation', 'ignored'),
  8: field('creationTimestamp', 'ignored'),
  9: field('deletionTimestamp', 'ignored'),
  10: field('deletionGracePeriodSeconds', 'ignored'),
  11: field('labels', 'map'),
  12: field('annotations', 'map'),
  13: list('ownerReferences', OWNER_REFERENCE),
  14: list('finalizers'),
  17: field('managedFields', 'ignored'),
};

const NAME_REFERENCE: Message = { 1: field('name') };

const CONTAINER_PORT: Message = {
  1: field('name'),
  2: field('hostPort', 'positive'),
  3: field('containerPort', 'number'),
  4: field('protocol'),
  5: field('hostIP'),
};

const CONTAINER: Message = {
  1: field('name'),
  2: field('image'),
  3: list('command'),
  4: list('args'),
  5: field('workingDir'),
  6: list('ports', CONTAINER_PORT),
  7: list('env', { 1: field('name'), 2: field('value') }),
  14: field('imagePullPolicy'),
};

const POD_SPEC: Message = {
  2: list('containers', CONTAINER),
  3: field('restartPolicy'),
  4: field('terminationGracePeriodSeconds', 'number'),
  6: field('dnsPolicy'),
  7: field('nodeSelector', 'map'),
  8: field('serviceAccountName'),
  15: list('imagePullSecrets', NAME_REFERENCE),
  20: list('initContainers', CONTAINER),
};

const DEPLOYMENT_SPEC: Message = {
  1: field('replicas', 'number'),
  2: field('selector', { 1: field('matchLabels', 'map') }),
  3: field('template', { 1: field('metadata', METADATA), 2: field('spec', POD_SPEC) }),
  4: field('strategy', { 1: field('type') }),
  5: field('minReadySeconds', 'positive'),
  6: field('revisionHistoryLimit', 'number'),
  7: field('paused', 'bool'),
  9: field('progressDeadlineSeconds', 'number'),
};

const RESOURCE_ATTRIBUTES: Message = {
  1: field('namespace'),
  2: field('verb'),
  3: field('group'),
  4: field('version'),
  5: field('resource'),
  6: field('subresource'),
  7: field('name'),
};

/** By `apiVersion/kind`. */
export const PROTOBUF_MESSAGES: Readonly<Record<string, Message>> = {
  'v1/Namespace': {
    1: field('metadata', METADATA),
    2: field('spec', { 1: list('finalizers') }),
    3: field('status', 'ignored'),
  },
  'v1/ConfigMap': {
    1: field('metadata', METADATA),
    2: field('data', 'map'),
    3: field('binaryData', 'bytesMap'),
    4: field('immutable', 'bool'),
  },
  'v1/Secret': {
    1: field('metadata', METADATA),
    2: field('data', 'bytesMap'),
    3: field('type'),
    4: field('stringData', 'map'),
    5: field('immutable', 'bool'),
  },
  'v1/ServiceAccount': { 1: field('metadata', METADATA), 3: list('imagePullSecrets', NAME_REFERENCE) },
  'apps/v1/Deployment': {
    1: field('metadata', METADATA),
    2: field('spec', DEPLOYMENT_SPEC),
    3: field('status', 'ignored'),
  },
  'authorization.k8s.io/v1/SelfSubjectAccessReview': {
    1: field('metadata', METADATA),
    2: field('spec', {
      1: field('resourceAttributes', RESOURCE_ATTRIBUTES),
      2: field('nonResourceAttributes', { 1: field('path'), 2: field('verb') }),
    }),
    3: field('status', 'ignored'),
  },
  'authorization.k8s.io/v1/SelfSubjectRulesReview': {
    1: field('metadata', METADATA),
    2: field('spec', { 1: field('namespace') }),
    3: field('status', 'ignored'),
  },
};
