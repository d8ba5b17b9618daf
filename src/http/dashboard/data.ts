import type { Blocker } from '../../core/blocker.ts';
import type { UpdateRequest } from '../../core/update-request.ts';
import type { Problem } from '../problem.ts';
import type { Rollbacks } from '../rollback-api.ts';
import type { PreferencesView } from '../settings-shapes.ts';
import type { WorkloadOutline } from './workload-rows.ts';

/** What the dashboard shows beside what the API answers. */
export interface DashboardData {
  /** All requests that are known. */
  readonly requests: () => Iterable<UpdateRequest>;
  /** What the open request `namespace/name` waits for. */
  readonly waitingFor: (key: string) => readonly Blocker[];
  readonly workloads: {
    /** Makes `outlines` quick, without holding up the loop. */
    prepare(): Promise<void>;
    outlines(filter: {
      readonly visible?: ((namespace: string) => boolean) | undefined;
    }): readonly WorkloadOutline[];
    /** Of the workload with this `workloadKey`. */
    outline(key: string): WorkloadOutline | undefined;
  };
  readonly history: Rollbacks['history'];
  /** All namespaces with workloads or requests, for callers that may not see them all. */
  readonly namespaces: () => Iterable<string>;
  /** What the settings say about the page itself. */
  readonly preferences: () => PreferencesView;
  /** Whether all that there is in the cluster is known yet. */
  readonly isSynced: () => boolean;
  /** The problem that an error stands for, or undefined for one that nobody expected. */
  readonly explain: (error: unknown) => Problem | undefined;
}
