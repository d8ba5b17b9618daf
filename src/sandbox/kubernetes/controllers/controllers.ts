import type { Clock } from '../../../core/clock.ts';
import type { ObjectStore } from '../store.ts';
import { startDaemonSetController } from './daemon-set.ts';
import { startDeploymentController } from './deployment.ts';
import type { PullImage } from './images.ts';
import { startNodeAgent } from './node-agent.ts';
import { registerNode } from './node.ts';
import { DEMO_PACE, type Pace } from './pace.ts';
import { startReplicaSetController } from './replica-set.ts';
import { startStatefulSetController } from './stateful-set.ts';

export interface ControllersOptions {
  readonly store: ObjectStore;
  readonly clock: Clock;
  /** Answers at once whether an image can be had, and what it is. */
  readonly pullImage: PullImage;
  readonly pace?: Pace;
}

/**
 * Starts what makes objects into rollouts: the controllers of Deployment, ReplicaSet, StatefulSet and DaemonSet, and
 * one node called `demo` that reports pods as if it ran them. Answers the function that stops all of it.
 */
export function startControllers(options: ControllersOptions): () => void {
  const { store, clock, pullImage, pace = DEMO_PACE } = options;
  registerNode(store, clock.now());
  const stops = [
    startDeploymentController(store, clock),
    startReplicaSetController(store, clock),
    startStatefulSetController(store, clock),
    startDaemonSetController(store, clock),
    startNodeAgent({ store, clock, pace, pullImage }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
