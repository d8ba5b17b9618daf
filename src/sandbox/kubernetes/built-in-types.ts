import * as rules from './built-in-rules.ts';
import { AGE_COLUMN, NAME_COLUMN } from './cells.ts';
import * as columns from './core-columns.ts';
import * as defaults from './core-defaults.ts';
import { arrayAt } from './json.ts';
import { POD_COLUMNS } from './pod-columns.ts';
import type { ResourceType } from './resource-type.ts';
import * as workloadColumns from './workload-columns.ts';
import * as workloads from './workload-defaults.ts';

type Differences = Partial<ResourceType> & Pick<ResourceType, 'plural' | 'kind'>;

const WORKLOAD_SCALE = {
  specReplicas: '.spec.replicas',
  statusReplicas: '.status.replicas',
};

const PERMANENT = new Set(['default', 'kube-system', 'kube-public']);

// Events are kept for an hour by the API server; here as many as a person may want to read.
const MAX_EVENTS = 2000;

function builtIn(differences: Differences): ResourceType {
  return {
    key: differences.plural,
    group: '',
    version: 'v1',
    singular: differences.kind.toLowerCase(),
    listKind: `${differences.kind}List`,
    shortNames: [],
    categories: [],
    namespaced: true,
    builtIn: true,
    statusSubresource: false,
    generation: 'none',
    unconditionalUpdate: true,
    returnsDeleted: false,
    columns: [NAME_COLUMN, AGE_COLUMN],
    complete: defaults.unchanged,
    validate: rules.noProblems,
    fields: defaults.fieldsAt(),
    ...differences,
  };
}

function workload(differences: Differences): ResourceType {
  return builtIn({
    group: 'apps',
    categories: ['all'],
    statusSubresource: true,
    generation: 'spec',
    validate: rules.workloadProblems,
    ...differences,
  });
}

/** The kinds of the core group. */
const CORE: readonly ResourceType[] = [
  builtIn({
    plural: 'namespaces',
    kind: 'Namespace',
    shortNames: ['ns'],
    namespaced: false,
    statusSubresource: true,
    columns: columns.NAMESPACE_COLUMNS,
    deletion: {
      refuse: (name) => (PERMANENT.has(name) ? 'this namespace may not be deleted' : undefined),
      holds: (object) => arrayAt(object, 'spec', 'finalizers').length > 0,
      status: { phase: 'Terminating' },
    },
    complete: defaults.completeNamespace,
    fields: defaults.fieldsAt('status.phase'),
  }),
  builtIn({
    plural: 'nodes',
    kind: 'Node',
    shortNames: ['no'],
    namespaced: false,
    statusSubresource: true,
    columns: columns.NODE_COLUMNS,
    complete: defaults.completeNode,
    fields: defaults.fieldsAt('spec.unschedulable'),
  }),
  builtIn({
    plural: 'pods',
    kind: 'Pod',
    shortNames: ['po'],
    categories: ['all'],
    statusSubresource: true,
    returnsDeleted: true,
    columns: POD_COLUMNS,
    complete: workloads.completePod,
    validate: rules.podProblems,
    fields: defaults.fieldsAt(
      'spec.nodeName',
      'spec.restartPolicy',
      'spec.schedulerName',
      'spec.serviceAccountName',
      'status.phase',
      'status.podIP',
      'status.nominatedNodeName',
    ),
  }),
  builtIn({
    plural: 'services',
    kind: 'Service',
    shortNames: ['svc'],
    categories: ['all'],
    statusSubresource: true,
    columns: columns.SERVICE_COLUMNS,
    complete: defaults.completeService,
    validate: rules.serviceProblems,
  }),
  builtIn({
    plural: 'endpoints',
    kind: 'Endpoints',
    shortNames: ['ep'],
    columns: columns.ENDPOINTS_COLUMNS,
  }),
  builtIn({
    plural: 'configmaps',
    kind: 'ConfigMap',
    shortNames: ['cm'],
    columns: columns.CONFIG_MAP_COLUMNS,
    complete: defaults.completeConfigMap,
    validate: rules.dataKeyProblems,
  }),
  builtIn({
    plural: 'secrets',
    kind: 'Secret',
    columns: columns.SECRET_COLUMNS,
    complete: defaults.completeSecret,
    validate: rules.secretProblems,
    fields: defaults.fieldsAt('type'),
  }),
  builtIn({
    plural: 'serviceaccounts',
    kind: 'ServiceAccount',
    shortNames: ['sa'],
    returnsDeleted: true,
    columns: columns.SERVICE_ACCOUNT_COLUMNS,
  }),
  builtIn({
    plural: 'events',
    kind: 'Event',
    shortNames: ['ev'],
    maxObjects: MAX_EVENTS,
    columns: columns.EVENT_COLUMNS,
    complete: defaults.completeEvent,
    validate: rules.eventProblems,
    fields: defaults.fieldsAt(
      'involvedObject.kind',
      'involvedObject.namespace',
      'involvedObject.name',
      'involvedObject.uid',
      'involvedObject.apiVersion',
      'involvedObject.resourceVersion',
      'involvedObject.fieldPath',
      'reason',
      'source',
      'type',
    ),
  }),
];

/** The kinds of the other groups. */
const OTHERS: readonly ResourceType[] = [
  workload({
    plural: 'deployments',
    kind: 'Deployment',
    shortNames: ['deploy'],
    // Unlike its siblings, a Deployment counts changes of annotations too.
    generation: 'spec-and-annotations',
    scale: { ...WORKLOAD_SCALE, labelSelector: '.spec.selector' },
    columns: workloadColumns.DEPLOYMENT_COLUMNS,
    complete: workloads.completeDeployment,
  }),
  workload({
    plural: 'replicasets',
    kind: 'ReplicaSet',
    shortNames: ['rs'],
    scale: { ...WORKLOAD_SCALE, labelSelector: '.spec.selector' },
    columns: workloadColumns.REPLICA_SET_COLUMNS,
    complete: workloads.completeReplicaSet,
  }),
  workload({
    plural: 'statefulsets',
    kind: 'StatefulSet',
    shortNames: ['sts'],
    scale: { ...WORKLOAD_SCALE, labelSelector: '.spec.selector' },
    columns: workloadColumns.STATEFUL_SET_COLUMNS,
    complete: workloads.completeStatefulSet,
    validate: rules.statefulSetProblems,
  }),
  workload({
    plural: 'daemonsets',
    kind: 'DaemonSet',
    shortNames: ['ds'],
    columns: workloadColumns.DAEMON_SET_COLUMNS,
    complete: workloads.completeDaemonSet,
  }),
  builtIn({
    group: 'apps',
    plural: 'controllerrevisions',
    kind: 'ControllerRevision',
    columns: workloadColumns.CONTROLLER_REVISION_COLUMNS,
  }),
  builtIn({
    group: 'coordination.k8s.io',
    plural: 'leases',
    kind: 'Lease',
    unconditionalUpdate: false,
    columns: columns.LEASE_COLUMNS,
  }),
];

/** The kinds that every cluster has, except CustomResourceDefinition, whose rules are in crds.ts. */
export const BUILT_IN_TYPES: readonly ResourceType[] = [...CORE, ...OTHERS];

/** A built-in kind of which only the differences from the usual are given. */
export const defineBuiltIn = builtIn;
