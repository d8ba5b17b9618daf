import type { NumberedEntry, RollbackWish } from '../../core/rollback-target.ts';
import type { StandingHold } from '../../core/standing-holds.ts';
import type { UpdateRequest } from '../../core/update-request.ts';
import type { WorkloadKind } from '../../core/workload.ts';

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
  close(): void;
}
