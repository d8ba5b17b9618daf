import {
  ANNOTATION,
  isUnclear,
  settingsOf,
  type AnnotationProblem,
  type WorkloadSettings,
} from '../core/annotations.ts';
import { parseArtifact, repositoryKeyOf } from '../core/artifact-reference.ts';
import type { Blocker } from '../core/blocker.ts';
import type { Clock } from '../core/clock.ts';
import { invalidAnnotations } from '../core/decision.ts';
import { intervalBlocker, pausedBlocker } from '../core/next-step.ts';
import { isOpen } from '../core/open-requests.ts';
import type { Policy } from '../core/policy.ts';
import { suspendedBlocker } from '../core/release-chart.ts';
import { selectsArtifact } from '../core/selection.ts';
import { requestKey, type UpdateRequest } from '../core/update-request.ts';
import { standingHolds, type StandingHold } from '../core/standing-holds.ts';
import type { Artifact, Workload, WorkloadKind } from '../core/workload.ts';
import type { DecisionLog, DecisionRecord } from './decision-log.ts';
import { originOf } from './finding.ts';
import { artifactKey, type RequestStore } from './request-store.ts';

export interface ArtifactView {
  readonly name: string;
  readonly type: Artifact['type'];
  readonly image: string;
  /** The version of a chart that runs, where it is another than the one that is set. */
  readonly running?: string;
  readonly repository?: string;
  /** The last decision since this Headwind started; absent if there was no signal for it yet. */
  readonly decision?: DecisionRecord;
  /** Everything that keeps it from being updated now. */
  readonly blockers: readonly Blocker[];
  /** The name of the open request, if there is one. */
  readonly openRequest?: string;
  /** Versions that are not proposed, newest first. */
  readonly holds: readonly StandingHold[];
}

export interface WorkloadView {
  readonly kind: WorkloadKind;
  readonly apiVersion: string;
  readonly namespace: string;
  readonly name: string;
  readonly policy: Policy;
  readonly paused: boolean;
  readonly artifacts: readonly ArtifactView[];
}

export interface WorkloadsViewOptions {
  readonly catalog: { all(): Iterable<Workload> };
  readonly requests: Pick<RequestStore, 'ofArtifact'>;
  readonly decisions: Pick<DecisionLog, 'get'>;
  /** Why the last look there (`originOf`) told nothing about the artifact. */
  readonly troublesOf: (artifact: string, origin: string) => readonly Blocker[];
  /** What the open request `namespace/name` waits for. */
  readonly waitingFor: (request: string) => readonly Blocker[];
  readonly clock: Clock;
}

export interface WorkloadsView {
  /** Of one namespace, of those that `visible` is true for, or of all. */
  list(filter: {
    readonly namespace?: string | undefined;
    readonly visible?: ((namespace: string) => boolean) | undefined;
  }): readonly WorkloadView[];
}

/** What every artifact runs, what was decided about it last, and why it does not update now. */
export function createWorkloadsView(options: WorkloadsViewOptions): WorkloadsView {
  return {
    list: ({ namespace, visible }) =>
      [...options.catalog.all()]
        .filter((workload) => namespace === undefined || workload.namespace === namespace)
        .filter((workload) => visible === undefined || visible(workload.namespace))
        .sort((a, b) => sortKey(a).localeCompare(sortKey(b)))
        .map((workload) => viewOf(workload, options)),
  };
}

function viewOf(workload: Workload, options: WorkloadsViewOptions): WorkloadView {
  const { settings, problems } = settingsOf(workload);
  const standing = [
    ...(problems.length > 0 ? [invalidAnnotations(problems)] : []),
    ...standingBlockers(settings, problems, options.clock.now()),
    ...(workload.suspended === true ? [suspendedBlocker()] : []),
  ];
  const { kind, apiVersion, namespace, name } = workload;
  const artifacts = workload.artifacts.map((artifact) =>
    artifactView(workload, artifact, settings, { ...options, standing }),
  );
  return { kind, apiVersion, namespace, name, policy: settings.policy, paused: settings.paused, artifacts };
}

function standingBlockers(
  settings: WorkloadSettings,
  problems: readonly AnnotationProblem[],
  nowMs: number,
): readonly Blocker[] {
  const blockers: Blocker[] = [];
  if (settings.policy === 'none' && !isUnclear(problems, ANNOTATION.policy))
    blockers.push({ code: 'policy-none', message: 'headwind.sh/policy is none' });
  if (settings.paused && !isUnclear(problems, ANNOTATION.paused)) blockers.push(pausedBlocker());
  if (settings.eventSource === 'none' && !isUnclear(problems, ANNOTATION.eventSource)) {
    blockers.push({ code: 'event-source', message: 'headwind.sh/event-source is none' });
  }
  const interval = settings.requireApproval ? undefined : intervalBlocker(settings, nowMs);
  return interval === undefined ? blockers : [...blockers, interval];
}

function artifactView(
  workload: Workload,
  artifact: Artifact,
  settings: WorkloadSettings,
  options: WorkloadsViewOptions & { readonly standing: readonly Blocker[] },
): ArtifactView {
  const key = artifactKey(workload, artifact.name);
  const decision = options.decisions.get(key);
  const requests = options.requests.ofArtifact(key);
  const open = requests.find(isOpen);
  const holds = standingHolds(requests, artifact.image);
  // The last decision may be older than the release of a hold.
  const decided = decision?.blockers?.filter(({ code }) => code !== 'held' || holds.length > 0) ?? [];
  const blockers = [
    ...options.standing,
    ...unreadable(artifact),
    ...notSelected(artifact, settings),
    ...obstacleOf(artifact),
    ...(open === undefined ? decided : waitsOf(open, options)),
    ...pollTroubles(workload, artifact, options),
  ];
  return {
    name: artifact.name,
    type: artifact.type,
    image: artifact.image,
    ...originView(artifact),
    ...(decision === undefined ? {} : { decision }),
    blockers: distinct(blockers),
    ...(open === undefined ? {} : { openRequest: open.metadata.name }),
    holds,
  };
}

function unreadable(artifact: Artifact): readonly Blocker[] {
  const reference = parseArtifact(artifact);
  return reference.ok ? [] : [{ code: 'invalid-image', message: reference.error }];
}

function obstacleOf({ release }: Artifact): readonly Blocker[] {
  return release?.obstacle === undefined ? [] : [release.obstacle];
}

function originView(artifact: Artifact): Pick<ArtifactView, 'repository' | 'running'> {
  const repository = repositoryKeyOf(artifact);
  const running = artifact.release?.running;
  return {
    ...(running === undefined ? {} : { running }),
    ...(repository === undefined ? {} : { repository }),
  };
}

function notSelected(artifact: Artifact, { images }: WorkloadSettings): readonly Blocker[] {
  const reference = parseArtifact(artifact);
  if (!reference.ok || selectsArtifact(images, artifact.name, reference.value)) return [];
  return [
    {
      code: 'not-selected',
      message: `headwind.sh/images names neither ${artifact.name} nor ${artifact.image}`,
    },
  ];
}

/** Told only while the artifact is one that is polled: its settings may have changed since. */
function pollTroubles(
  workload: Workload,
  artifact: Artifact,
  options: WorkloadsViewOptions,
): readonly Blocker[] {
  const origin = originOf(workload, artifact);
  return origin === undefined ? [] : options.troublesOf(artifactKey(workload, artifact.name), origin);
}

function waitsOf(open: UpdateRequest, options: WorkloadsViewOptions): readonly Blocker[] {
  return options.waitingFor(requestKey(open));
}

function distinct(blockers: readonly Blocker[]): readonly Blocker[] {
  return [...new Map(blockers.map((blocker) => [blocker.code, blocker])).values()];
}

function sortKey({ namespace, kind, name }: Workload): string {
  return `${namespace}/${kind}/${name}`;
}
