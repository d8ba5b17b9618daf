import type { NumberedEntry, RollbackWish } from '../../core/rollback-target.ts';
import type { Result } from '../../core/result.ts';
import type { StandingHold } from '../../core/standing-holds.ts';
import type { UpdateRequest } from '../../core/update-request.ts';
import type { WorkloadKind } from '../../core/workload.ts';
import type { WorkloadView } from '../../http/api-shapes.ts';
import type { Selector } from './label-selector.ts';

export interface RequestName {
  readonly namespace: string;
  readonly name: string;
}

/** A workload by its name; the kind is needed where several have it. */
export interface WorkloadName extends RequestName {
  readonly kind: WorkloadKind | undefined;
}

export interface WorkloadHistory {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** What runs. */
  readonly containers: readonly { readonly container: string; readonly image: string }[];
  /** Newest first. */
  readonly entries: readonly NumberedEntry[];
}

export interface RollbackOrder {
  readonly workload: WorkloadName;
  readonly container: string | undefined;
  readonly wish: RollbackWish;
  readonly dryRun: boolean;
  readonly by: string | undefined;
  readonly reason: string | undefined;
}

/** What a rollback does, or would do. */
export interface RollbackReport {
  readonly kind: string;
  readonly namespace: string;
  readonly workload: string;
  readonly container: string;
  readonly previousImage: string;
  readonly image: string;
  readonly index: number;
  /** The names of the requests that it takes back. */
  readonly takesBack: readonly string[];
  /** The rollback's own request; absent for a dry run. */
  readonly request?: UpdateRequest;
}

export interface PlacedHold extends StandingHold {
  readonly namespace: string;
  readonly kind: string;
  readonly workload: string;
  readonly artifact: string;
}

/** Which workloads are asked about. */
export interface WorkloadQuery {
  /** Undefined for all. */
  readonly namespace: string | undefined;
  /** Empty for all of them. */
  readonly names: readonly WorkloadName[];
  readonly selector: Selector | undefined;
}

/** Why workloads do not update, as far as it is known. */
export interface Explanation {
  /** `headwind`: the running one told. `kubernetes`: read from what the cluster holds. */
  readonly source: 'headwind' | 'kubernetes';
  readonly workloads: readonly WorkloadView[];
  /** What is not known, and why; one sentence each. */
  readonly notes: readonly string[];
}

/** What came of pausing a workload, or of letting it go on. */
export interface PauseReport {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly paused: boolean;
  /** Whether it was otherwise before. */
  readonly changed: boolean;
}

/** Where the plugin's commands act: the Kubernetes API, or Headwind's own. Refusals are FailedErrors. */
export interface Backend {
  /** All requests of a namespace, or of all; in no particular order. */
  list(namespace: string | undefined): Promise<readonly UpdateRequest[]>;
  /** Undefined if there is none of this name. */
  get(request: RequestName): Promise<UpdateRequest | undefined>;
  /** Records the approval, in the name of `by` or of whoever the backend says the caller is. Does not wait for the rest. */
  approve(request: RequestName, by: string | undefined): Promise<UpdateRequest>;
  reject(request: RequestName, by: string | undefined, reason: string | undefined): Promise<UpdateRequest>;
  history(workload: WorkloadName): Promise<WorkloadHistory>;
  /** Makes and approves the rollback, unless it is a dry run. May come back before it is applied. */
  rollBack(order: RollbackOrder): Promise<RollbackReport>;
  /** All holds of a namespace, or of all. */
  holds(namespace: string | undefined): Promise<readonly PlacedHold[]>;
  /** Lets the version be proposed again; answers it. */
  releaseHold(request: RequestName, by: string | undefined, reason: string | undefined): Promise<string>;
  explain(query: WorkloadQuery): Promise<Explanation>;
  /** Sets or takes away the pause of a workload. */
  setPaused(workload: WorkloadName, paused: boolean, by: string | undefined): Promise<PauseReport>;
  /** The version of the running Headwind, or why it is not known. */
  serverVersion(): Promise<Result<string>>;
  close(): void;
}
