/** A container of a pod, as its status tells of it. */
export interface ContainerFacts {
  readonly name: string;
  readonly ready: boolean;
  /** All there were since the pod was made. */
  readonly restarts: number;
  /** Why it does not run, while it does not. */
  readonly waiting?: { readonly reason: string; readonly message: string };
  /** Whether it has ended, and nothing says yet what becomes of it. */
  readonly ended?: boolean;
  /** When its present run began, in milliseconds since the Unix epoch. */
  readonly runningSinceMs?: number;
  /** How long the run before that lasted, in milliseconds. */
  readonly lastRunMs?: number;
  /** How its last run ended. */
  readonly lastExit?: { readonly code: number; readonly reason: string };
}

export interface PodFacts {
  readonly uid: string;
  readonly name: string;
  /** It is being deleted, or has ended for good (evicted, say): it counts neither for nor against a version. */
  readonly leaving: boolean;
  readonly ready: boolean;
  /** Why it has no node yet. */
  readonly unschedulable?: string;
  /** Init containers too. */
  readonly containers: readonly ContainerFacts[];
}

/** What a rollout that is made of pods looks like at one moment. */
export interface PodRollout {
  readonly type: 'pods';
  /** Whether the controller has seen the present template: what it says before that is about an older one. */
  readonly observed: boolean;
  /** Which pods are the new ones; undefined while there is no ReplicaSet or ControllerRevision of the present template. */
  readonly revision: string | undefined;
  /** How many pods there shall be. */
  readonly desired: number;
  /** How many pods are ready, of whichever revision. */
  readonly readyInAll: number;
  /** Pods that keep the old template on purpose: `partition` of a StatefulSet. */
  readonly partition: number;
  /** Whether pods get the new template only when somebody deletes them. */
  readonly onDelete: boolean;
  /** `spec.paused` of a Deployment. */
  readonly paused: boolean;
  readonly minReadyMs: number;
  /** The controller's own verdict that the rollout takes too long. */
  readonly deadlineExceeded?: string;
  /** Why the controller cannot make pods: a quota, an admission webhook. */
  readonly obstacle?: string;
  /** Those of the new revision. */
  readonly pods: readonly PodFacts[];
}

/** What a Flux HelmRelease says of itself at one moment. */
export interface ReleaseRollout {
  readonly type: 'release';
  readonly observed: boolean;
  readonly suspended: boolean;
  /** The condition `Ready`. */
  readonly ready?: { readonly status: string; readonly reason: string; readonly message: string };
  /** The version that Flux tried last. */
  readonly attemptedVersion?: string;
  /** The version that is installed. */
  readonly installedVersion?: string;
}

export type Rollout = PodRollout | ReleaseRollout;
