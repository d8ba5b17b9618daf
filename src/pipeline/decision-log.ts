import type { Blocker } from '../core/blocker.ts';

/** The last decision about one artifact, for people who ask why. */
export interface DecisionRecord {
  /** RFC 3339. */
  readonly at: string;
  readonly action: 'update' | 'stay';
  /** The tag that was in question. */
  readonly candidate: string;
  readonly verified: boolean;
  readonly reason: string;
  readonly blockers: readonly Blocker[];
}

export interface DecisionLog {
  record(artifact: string, decision: DecisionRecord): void;
  get(artifact: string): DecisionRecord | undefined;
  /** Drops what is known of a workload's artifacts. */
  forget(artifacts: readonly string[]): void;
}

/** One decision per artifact, in memory: bounded by the artifacts that exist, since `forget` follows the workloads. */
export function createDecisionLog(): DecisionLog {
  const records = new Map<string, DecisionRecord>();
  return {
    record: (artifact, decision) => void records.set(artifact, decision),
    get: (artifact) => records.get(artifact),
    forget(artifacts) {
      for (const artifact of artifacts) records.delete(artifact);
    },
  };
}
