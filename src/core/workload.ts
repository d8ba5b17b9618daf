import type { Placement } from './placement.ts';

/** The kinds of object that may carry `headwind.sh/policy`. */
export type WorkloadKind = 'Deployment' | 'StatefulSet' | 'DaemonSet' | 'HelmRelease';

/** One versioned thing on a workload. */
export interface Artifact {
  readonly type: 'container' | 'initContainer' | 'chart';
  /** The container's name; a chart's own name. Unique in its workload. */
  readonly name: string;
  /** The image as written, or `<chart>:<version>`. */
  readonly image: string;
}

/** What Headwind keeps of a workload: as much as a decision needs, and no more. */
export interface Workload {
  readonly kind: WorkloadKind;
  readonly apiVersion: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** Only those under `headwind.sh/`. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly artifacts: readonly Artifact[];
  /** Names of the pod template's `imagePullSecrets`. */
  readonly pullSecrets: readonly string[];
  readonly serviceAccount: string;
  /** Absent where the pods may land on any node. */
  readonly placement?: Placement;
}

/** Names a workload in maps and logs: `Deployment/shop/web`. */
export function workloadKey(workload: {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}): string {
  return `${workload.kind}/${workload.namespace}/${workload.name}`;
}
