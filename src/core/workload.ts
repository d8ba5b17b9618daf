import type { Blocker } from './blocker.ts';
import type { Repository } from './image-reference.ts';
import type { Placement } from './placement.ts';

/** The kinds of object that may carry `headwind.sh/policy`. */
export type WorkloadKind = 'Deployment' | 'StatefulSet' | 'DaemonSet' | 'HelmRelease';

/** One versioned thing on a workload. */
export interface Artifact {
  readonly type: 'container' | 'initContainer' | 'chart';
  /** The container's name; a chart's own name. Unique in its workload. */
  readonly name: string;
  /** The image as written, or `<chart>:<version>` with the version as written. */
  readonly image: string;
  /** Of a chart, and of nothing else. */
  readonly release?: ReleaseChart;
}

/** What is known of a release's chart beside its name and the version that is set. */
export interface ReleaseChart {
  /** The object that says where the chart comes from; absent where that is none that can be followed. */
  readonly source?: {
    readonly kind: 'HelmRepository' | 'OCIRepository';
    readonly namespace: string;
    readonly name: string;
  };
  /** Where the version is set: in the release, or in the source that it names by `spec.chartRef`. */
  readonly setIn: 'release' | 'source';
  /** The chart's own repository, where it comes from a registry and the source is known. */
  readonly repository?: Repository;
  /** The version that runs, where that is another one than the one that is set. */
  readonly running?: string;
  /** How often the release itself wants to know, in milliseconds, where it says. */
  readonly intervalMs?: number;
  /** Why no version can be set, whichever it is. */
  readonly obstacle?: Blocker;
  /** The source that sets the version is not known (yet), and with it neither chart nor version. */
  readonly unresolved?: boolean;
  /** Of the source that sets the version: the state that was read, and the request that set it last. */
  readonly sourceState?: { readonly resourceVersion: string; readonly appliedBy?: string };
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
  /** Whether Flux has been told to leave the release as it is (`spec.suspend`). */
  readonly suspended?: boolean;
}

/** Names a workload in maps and logs: `Deployment/shop/web`. */
export function workloadKey(workload: {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}): string {
  return `${workload.kind}/${workload.namespace}/${workload.name}`;
}
