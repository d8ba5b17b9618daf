import type { ContainerFacts, PodFacts, PodRollout } from '../src/core/rollout.ts';
import type { Baseline, Verification } from '../src/core/update-request.ts';
import { NOON } from './builders.ts';

/** Builders for rollouts: a healthy one, and what a test is about as changes to it. */

/** Container `web`, which has run and been ready for an hour. */
export function aContainerState(change: Partial<ContainerFacts> = {}): ContainerFacts {
  return { name: 'web', ready: true, restarts: 0, runningSinceMs: NOON - 3_600_000, ...change };
}

/** A container that cannot run for this reason, as kubelet gives it. */
export function aWaitingContainer(reason: string, change: Partial<ContainerFacts> = {}): ContainerFacts {
  const { runningSinceMs: _, ...state } = aContainerState({ ready: false, waiting: { reason, message: '' } });
  return { ...state, ...change };
}

/** A ready pod of the new revision. */
export function aPod(change: Partial<PodFacts> = {}): PodFacts {
  const name = change.name ?? 'web-1';
  return {
    uid: `uid-of-${name}`,
    name,
    leaving: false,
    ready: true,
    containers: [aContainerState()],
    ...change,
  };
}

/** A pod that is not ready, and why: its containers. */
export function anUnreadyPod(...containers: readonly ContainerFacts[]): PodFacts {
  const all = containers.length === 0 ? [aContainerState({ ready: false })] : containers;
  return aPod({ ready: false, containers: all });
}

/** A Deployment of one pod, rolled out and ready. */
export function aRollout(change: Partial<PodRollout> = {}): PodRollout {
  return {
    type: 'pods',
    observed: true,
    revision: 'new',
    desired: 1,
    readyInAll: 1,
    partition: 0,
    onDelete: false,
    paused: false,
    minReadyMs: 0,
    pods: [aPod()],
    ...change,
  };
}

export function aBaseline(change: Partial<Baseline> = {}): Baseline {
  return {
    at: '2026-01-01T11:59:00Z',
    healthy: true,
    message: '1 new pods are ready',
    missing: 0,
    ...change,
  };
}

/** A watch that has just begun, over an update from nginx:1.25.0. */
export function aVerification(change: Partial<Verification> = {}): Verification {
  return { restoreImage: 'nginx:1.25.0', baseline: aBaseline(), failedChecks: 0, ...change };
}
