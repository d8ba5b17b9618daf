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

/** What a blocker says about the state; all others say that something is kept away. */
const MEANING: Readonly<
  Partial<Record<BlockerCode, 'invalid' | 'left-out' | 'paused' | 'held' | 'current' | 'rests'>>
> = {
  'invalid-annotation': 'invalid',
  'invalid-image': 'invalid',
  'not-selected': 'left-out',
  paused: 'paused',
  held: 'held',
  'up-to-date': 'current',
  // These lift by themselves, or say that there is nothing to do.
  'min-update-interval': 'rests',
  'not-before': 'rests',
  'awaiting-approval': 'rests',
  'newer-request': 'rests',
};

/** How one artifact stands; undefined for one that is left out by `headwind.sh/images`. */
export function artifactState(findings: ArtifactFindings): WorkloadState | undefined {
  const { blockers, hasOpenRequest, hasHold, runsDecided } = findings;
  const said = blockers.map(({ code }) => MEANING[code] ?? 'blocked');
  if (said.includes('invalid')) return 'invalid';
  if (said.includes('left-out')) return undefined;
  if (said.includes('paused')) return 'paused';
  if (hasOpenRequest) return 'open';
  if (hasHold || said.includes('held')) return 'held';
  if (said.includes('blocked')) return 'blocked';
  return runsDecided || said.includes('current') ? 'current' : 'unknown';
}

/** The most pressing of its artifacts' states; one all of whose artifacts are left out is blocked by that. */
export function workloadState(states: readonly (WorkloadState | undefined)[]): WorkloadState {
  return WORKLOAD_STATES.find((state) => states.includes(state)) ?? 'blocked';
}
