import { toTimestamp } from '../../../core/clock.ts';
import type { ApiObject } from '../api-object.ts';
import { arrayAt, isJsonObject, numberAt, stringAt, type JsonObject } from '../json.ts';
import { wantedReplicas, withoutZeroes } from './owned.ts';

export interface Rollout {
  readonly deployment: ApiObject;
  /** The ReplicaSet of the present template; undefined while a paused Deployment has none. */
  readonly current: ApiObject | undefined;
  readonly sets: readonly ApiObject[];
  /** Pods that may be missing while the Deployment still counts as available. */
  readonly maxUnavailable: number;
  /** The ReplicaSet was made, or found, just now. */
  readonly adopted: 'created' | 'found' | undefined;
}

interface ConditionText {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}

/** The status of a Deployment and how long, in milliseconds, until its deadline may pass. */
export function deploymentStatus(rollout: Rollout, nowMs: number): JsonObject {
  const { deployment, current, sets } = rollout;
  const sum = (field: string): number =>
    sets.reduce((total, set) => total + numberAt(set, 'status', field), 0);
  const available = sum('availableReplicas');
  const wantedNow = sets.reduce((total, set) => total + wantedReplicas(set), 0);
  const counts = {
    replicas: sum('replicas'),
    updatedReplicas: numberAt(current, 'status', 'replicas'),
    readyReplicas: sum('readyReplicas'),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, wantedNow - available),
  };
  const progressing = progressingOf(rollout, counts, nowMs);
  const availability = availabilityOf(rollout, available);
  return {
    observedGeneration: deployment.metadata.generation,
    ...withoutZeroes(counts),
    conditions: [
      condition(deployment, 'Available', { ...availability, touched: false }, nowMs),
      condition(deployment, 'Progressing', progressing, nowMs),
    ],
  };
}

/** Whether all pods are of the present template and available. */
export function isComplete({ deployment, current, sets }: Rollout): boolean {
  const wanted = wantedReplicas(deployment);
  const replicas = sets.reduce((total, set) => total + numberAt(set, 'status', 'replicas'), 0);
  return (
    numberAt(current, 'status', 'replicas') === wanted &&
    numberAt(current, 'status', 'availableReplicas') === wanted &&
    replicas === wanted
  );
}

/** Milliseconds until the progress deadline; undefined when nothing is in progress. */
export function untilDeadline(deployment: ApiObject, nowMs: number): number | undefined {
  const previous = conditionOf(deployment, 'Progressing');
  const reason = stringAt(previous, 'reason');
  if (['', 'NewReplicaSetAvailable', 'ProgressDeadlineExceeded', 'DeploymentPaused'].includes(reason))
    return undefined;
  const since = Date.parse(stringAt(previous, 'lastUpdateTime'));
  return Math.max(0, since + numberAt(deployment, 'spec', 'progressDeadlineSeconds') * 1000 - nowMs);
}

function availabilityOf({ deployment, maxUnavailable }: Rollout, available: number): ConditionText {
  if (available >= wantedReplicas(deployment) - maxUnavailable)
    return {
      status: 'True',
      reason: 'MinimumReplicasAvailable',
      message: 'Deployment has minimum availability.',
    };
  return {
    status: 'False',
    reason: 'MinimumReplicasUnavailable',
    message: 'Deployment does not have minimum availability.',
  };
}

/** `touched`: there was progress, so the deadline counts from now. */
function progressingOf(
  rollout: Rollout,
  counts: Readonly<Record<string, number>>,
  nowMs: number,
): ConditionText & { readonly touched: boolean } {
  const { deployment, current, adopted } = rollout;
  const name = `ReplicaSet "${current?.metadata.name ?? ''}"`;
  if (current === undefined)
    return {
      status: 'Unknown',
      reason: 'DeploymentPaused',
      message: 'Deployment is paused',
      touched: false,
    };
  if (isComplete(rollout)) {
    const message = `${name} has successfully progressed.`;
    return { status: 'True', reason: 'NewReplicaSetAvailable', message, touched: false };
  }
  if (adopted === 'created') {
    const message = `Created new replica set "${current.metadata.name}"`;
    return { status: 'True', reason: 'NewReplicaSetCreated', message, touched: true };
  }
  if (adopted === 'found') {
    const message = `Found new replica set "${current.metadata.name}"`;
    return { status: 'True', reason: 'FoundNewReplicaSet', message, touched: true };
  }
  return unfinished(deployment, counts, { name, nowMs });
}

function unfinished(
  deployment: ApiObject,
  counts: Readonly<Record<string, number>>,
  { name, nowMs }: { readonly name: string; readonly nowMs: number },
): ConditionText & { readonly touched: boolean } {
  if (madeProgress(deployment, counts))
    return {
      status: 'True',
      reason: 'ReplicaSetUpdated',
      message: `${name} is progressing.`,
      touched: true,
    };
  const previous = conditionOf(deployment, 'Progressing');
  if (untilDeadline(deployment, nowMs) === 0) {
    const message = `${name} has timed out progressing.`;
    return { status: 'False', reason: 'ProgressDeadlineExceeded', message, touched: true };
  }
  const status = stringAt(previous, 'status') === 'False' ? 'False' : 'True';
  return {
    status,
    reason: stringAt(previous, 'reason') || 'ReplicaSetUpdated',
    message: stringAt(previous, 'message') || `${name} is progressing.`,
    touched: false,
  };
}

function madeProgress(deployment: ApiObject, counts: Readonly<Record<string, number>>): boolean {
  const before = (field: string): number => numberAt(deployment, 'status', field);
  const now = (field: string): number => counts[field] ?? 0;
  return (
    now('updatedReplicas') > before('updatedReplicas') ||
    now('readyReplicas') > before('readyReplicas') ||
    now('availableReplicas') > before('availableReplicas') ||
    now('replicas') - now('updatedReplicas') < before('replicas') - before('updatedReplicas')
  );
}

function conditionOf(deployment: ApiObject, type: string): JsonObject | undefined {
  return arrayAt(deployment, 'status', 'conditions')
    .filter(isJsonObject)
    .find((candidate) => stringAt(candidate, 'type') === type);
}

function condition(
  deployment: ApiObject,
  type: string,
  { touched, ...text }: ConditionText & { readonly touched: boolean },
  nowMs: number,
): JsonObject {
  const previous = conditionOf(deployment, type);
  const now = toTimestamp(nowMs);
  const sameStatus = stringAt(previous, 'status') === text.status;
  const same = sameStatus && stringAt(previous, 'reason') === text.reason;
  return {
    type,
    ...text,
    lastUpdateTime: same && !touched ? stringAt(previous, 'lastUpdateTime') : now,
    lastTransitionTime: sameStatus ? stringAt(previous, 'lastTransitionTime') : now,
  };
}
