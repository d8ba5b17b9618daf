import { badRequest } from './api-error.ts';
import { isJsonObject, objectAt, stringAt, valueAt, type JsonObject } from './json.ts';

/**
 * The defaults of https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/ that clients meet:
 * pod templates and the three kinds of workload. Each function answers a completed copy and is idempotent.
 */

const PROBES = ['livenessProbe', 'readinessProbe', 'startupProbe'];

export function completeDeployment(object: JsonObject): JsonObject {
  return withSpec(object, (spec) => ({
    replicas: 1,
    ...spec,
    strategy: completeStrategy(objectAt(spec, 'strategy')),
    revisionHistoryLimit: valueAt(spec, 'revisionHistoryLimit') ?? 10,
    progressDeadlineSeconds: valueAt(spec, 'progressDeadlineSeconds') ?? 600,
  }));
}

export function completeReplicaSet(object: JsonObject): JsonObject {
  return withSpec(object, (spec) => ({ replicas: 1, ...spec }));
}

export function completeStatefulSet(object: JsonObject): JsonObject {
  return withSpec(object, (spec) => ({
    replicas: 1,
    podManagementPolicy: 'OrderedReady',
    revisionHistoryLimit: 10,
    ...spec,
    updateStrategy: completeRolling(objectAt(spec, 'updateStrategy'), { partition: 0 }),
  }));
}

export function completeDaemonSet(object: JsonObject): JsonObject {
  return withSpec(object, (spec) => ({
    revisionHistoryLimit: 10,
    ...spec,
    updateStrategy: completeRolling(objectAt(spec, 'updateStrategy'), { maxUnavailable: 1 }),
  }));
}

export function completePod(object: JsonObject): JsonObject {
  const spec = completePodSpec(specOf(object));
  const account = stringAt(spec, 'serviceAccountName') || stringAt(spec, 'serviceAccount') || 'default';
  const status = objectAt(object, 'status');
  return {
    ...object,
    spec: { enableServiceLinks: true, ...spec, serviceAccountName: account, serviceAccount: account },
    status: { phase: 'Pending', ...status },
  };
}

function withSpec(object: JsonObject, complete: (spec: JsonObject) => JsonObject): JsonObject {
  const spec = complete(dropNulls(specOf(object)));
  const replicas = spec['replicas'];
  if (replicas !== undefined && !Number.isInteger(replicas))
    throw badRequest('spec.replicas must be an integer');
  const template = objectAt(spec, 'template');
  const podSpec = completePodSpec(objectAt(template, 'spec'));
  return {
    ...object,
    spec: { ...spec, template: { ...template, spec: podSpec } },
    status: objectAt(object, 'status'),
  };
}

function specOf(object: JsonObject): JsonObject {
  const spec = object['spec'] ?? {};
  if (!isJsonObject(spec)) throw badRequest('spec must be an object');
  return spec;
}

function dropNulls(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value != null));
}

function completeStrategy(strategy: JsonObject): JsonObject {
  return completeRolling(strategy, { maxUnavailable: '25%', maxSurge: '25%' });
}

function completeRolling(strategy: JsonObject, rolling: JsonObject): JsonObject {
  const type = stringAt(strategy, 'type') || 'RollingUpdate';
  if (type !== 'RollingUpdate') return { ...dropNulls(strategy), type };
  return {
    ...strategy,
    type,
    rollingUpdate: { ...rolling, ...dropNulls(objectAt(strategy, 'rollingUpdate')) },
  };
}

function completePodSpec(spec: JsonObject): JsonObject {
  const completed: JsonObject = {
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
    ...dropNulls(spec),
  };
  for (const key of ['containers', 'initContainers'])
    if (completed[key] !== undefined)
      completed[key] = objectsOf(completed[key], `spec.${key}`).map(completeContainer);
  if (completed['volumes'] !== undefined)
    completed['volumes'] = objectsOf(completed['volumes'], 'spec.volumes').map(completeVolume);
  return completed;
}

function objectsOf(value: unknown, path: string): readonly JsonObject[] {
  if (!Array.isArray(value) || !value.every(isJsonObject))
    throw badRequest(`${path} must be a list of objects`);
  return value;
}

function completeContainer(container: JsonObject): JsonObject {
  if (container['image'] !== undefined && typeof container['image'] !== 'string')
    throw badRequest('the image of a container must be a string');
  const completed: JsonObject = {
    resources: {},
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: pullPolicyOf(stringAt(container, 'image')),
    ...dropNulls(container),
  };
  if (completed['ports'] !== undefined)
    completed['ports'] = objectsOf(completed['ports'], 'ports').map((port) => ({ protocol: 'TCP', ...port }));
  for (const probe of PROBES)
    if (completed[probe] !== undefined) completed[probe] = completeProbe(objectAt(completed, probe));
  if (completed['env'] !== undefined)
    completed['env'] = objectsOf(completed['env'], 'env').map(completeVariable);
  return completed;
}

function pullPolicyOf(image: string): string {
  if (image.includes('@')) return 'IfNotPresent';
  const tag = image.slice(image.lastIndexOf('/') + 1).split(':')[1] ?? 'latest';
  return tag === 'latest' ? 'Always' : 'IfNotPresent';
}

function completeProbe(probe: JsonObject): JsonObject {
  const numbers = { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 };
  if (probe['httpGet'] === undefined) return { ...numbers, ...probe };
  const httpGet = { path: '/', scheme: 'HTTP', ...objectAt(probe, 'httpGet') };
  return { ...numbers, ...probe, httpGet };
}

function completeVariable(variable: JsonObject): JsonObject {
  if (valueAt(variable, 'valueFrom', 'fieldRef') === undefined) return variable;
  const fieldRef = { apiVersion: 'v1', ...objectAt(variable, 'valueFrom', 'fieldRef') };
  return { ...variable, valueFrom: { ...objectAt(variable, 'valueFrom'), fieldRef } };
}

function completeVolume(volume: JsonObject): JsonObject {
  const completed = { ...volume };
  for (const source of ['secret', 'configMap', 'projected', 'downwardAPI'])
    if (isJsonObject(volume[source])) completed[source] = { defaultMode: 420, ...volume[source] };
  const sources = Object.keys(volume).filter((key) => key !== 'name');
  return sources.length === 0 ? { ...completed, emptyDir: {} } : completed;
}
