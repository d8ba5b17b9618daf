import { ANNOTATION, isUnclear, settingsOf, type WorkloadSettings } from '../core/annotations.ts';
import { parseArtifact } from '../core/artifact-reference.ts';
import type { Blocker } from '../core/blocker.ts';
import { invalidAnnotations } from '../core/decision.ts';
import { pausedBlocker } from '../core/next-step.ts';
import { suspendedBlocker } from '../core/release-chart.ts';
import { selectsArtifact } from '../core/selection.ts';
import type { Artifact, Workload } from '../core/workload.ts';
import { artifactKey } from './request-store.ts';

/** What a workload says by itself, whatever else is known: as little as says how it stands. */
export interface WorkloadFacts {
  readonly workload: Workload;
  readonly settings: WorkloadSettings;
  /** What keeps all of its artifacts from being updated, but for time. */
  readonly blockers: readonly Blocker[];
  readonly artifacts: readonly ArtifactFacts[];
}

export interface ArtifactFacts {
  readonly artifact: Artifact;
  /** Its `artifactKey`. */
  readonly key: string;
  /** Those of the workload, and then its own. */
  readonly blockers: readonly Blocker[];
}

const NONE: readonly Blocker[] = [];

/** Answers the facts of a workload, which are worked out once: a workload is a new object whenever it changes. */
export function createFacts(): (workload: Workload) => WorkloadFacts {
  const known = new WeakMap<Workload, WorkloadFacts>();
  return (workload) => {
    const before = known.get(workload);
    if (before !== undefined) return before;
    const facts = factsOf(workload);
    known.set(workload, facts);
    return facts;
  };
}

function factsOf(workload: Workload): WorkloadFacts {
  const { settings, problems } = settingsOf(workload);
  const blockers = [
    ...(problems.length > 0 ? [invalidAnnotations(problems)] : []),
    ...(settings.policy === 'none' && !isUnclear(problems, ANNOTATION.policy) ? [POLICY_NONE] : []),
    ...(settings.paused && !isUnclear(problems, ANNOTATION.paused) ? [pausedBlocker()] : []),
    ...(settings.eventSource === 'none' && !isUnclear(problems, ANNOTATION.eventSource) ? [NO_SOURCE] : []),
    ...(workload.suspended === true ? [suspendedBlocker()] : []),
  ];
  const all = blockers.length === 0 ? NONE : blockers;
  return {
    workload,
    settings,
    blockers: all,
    artifacts: workload.artifacts.map((artifact) => ({
      artifact,
      key: artifactKey(workload, artifact.name),
      blockers: withOwn(all, artifact, settings.images),
    })),
  };
}

const POLICY_NONE: Blocker = { code: 'policy-none', message: 'headwind.sh/policy is none' };
const NO_SOURCE: Blocker = { code: 'event-source', message: 'headwind.sh/event-source is none' };

function withOwn(
  ofWorkload: readonly Blocker[],
  artifact: Artifact,
  images: readonly string[],
): readonly Blocker[] {
  const own = ofReference(artifact, images);
  const { obstacle } = artifact.release ?? {};
  if (own.length === 0 && obstacle === undefined) return ofWorkload;
  return [...ofWorkload, ...own, ...(obstacle === undefined ? NONE : [obstacle])];
}

function ofReference(artifact: Artifact, images: readonly string[]): readonly Blocker[] {
  const reference = parseArtifact(artifact);
  if (!reference.ok) return [{ code: 'invalid-image', message: reference.error }];
  if (selectsArtifact(images, artifact.name, reference.value)) return NONE;
  const message = `headwind.sh/images names neither ${artifact.name} nor ${artifact.image}`;
  return [{ code: 'not-selected', message }];
}
