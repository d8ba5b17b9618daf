import type { Blocker, BlockerCode } from './blocker.ts';

/** How a workload stands, from what presses most: what cannot be read comes before what waits, and that before rest. */
export const WORKLOAD_STATES = [
  /** An annotation or an image that cannot be read. */
  'invalid',
  'paused',
  /** A request is Pending or Approved. */
  'open',
  /** A version is held back. */
  'held',
  /** Something keeps a version away that is there. */
  'blocked',
  /** Nothing was heard of it since Headwind started. */
  'unknown',
  'current',
] as const;
export type WorkloadState = (typeof WORKLOAD_STATES)[number];

/** What is known of one artifact. */
export interface ArtifactFindings {
  readonly blockers: readonly Blocker[];
  readonly hasOpenRequest: boolean;
  readonly hasHold: boolean;
  /** Whether it runs what was decided for it last. */
  readonly runsDecided: boolean;
}

const INVALID: ReadonlySet<BlockerCode> = new Set(['invalid-annotation', 'invalid-image']);
/** These lift by themselves, or say that there is nothing to do. */
const RESTING: ReadonlySet<BlockerCode> = new Set([
  'up-to-date',
  'min-update-interval',
  'not-before',
  'awaiting-approval',
  'newer-request',
  'not-selected',
]);

/** How one artifact stands; undefined for one that is left out by `headwind.sh/images`. */
export function artifactState(findings: ArtifactFindings): WorkloadState | undefined {
  const { blockers, hasOpenRequest, hasHold, runsDecided } = findings;
  const has = (code: BlockerCode): boolean => blockers.some((blocker) => blocker.code === code);
  if (blockers.some(({ code }) => INVALID.has(code))) return 'invalid';
  if (has('not-selected')) return undefined;
  if (has('paused')) return 'paused';
  if (hasOpenRequest) return 'open';
  if (hasHold || has('held')) return 'held';
  if (blockers.some(({ code }) => !RESTING.has(code))) return 'blocked';
  return runsDecided || has('up-to-date') ? 'current' : 'unknown';
}

/** The most pressing of its artifacts' states; one all of whose artifacts are left out is blocked by that. */
export function workloadState(states: readonly (WorkloadState | undefined)[]): WorkloadState {
  return WORKLOAD_STATES.find((state) => states.includes(state)) ?? 'blocked';
}
