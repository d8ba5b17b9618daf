import type { WorkloadSettings } from '../core/annotations.ts';
import type { Blocker } from '../core/blocker.ts';
import type { Clock } from '../core/clock.ts';
import { intervalBlocker } from '../core/next-step.ts';
import { isOpen } from '../core/open-requests.ts';
import type { Policy } from '../core/policy.ts';
import { requestKey, type UpdateRequest } from '../core/update-request.ts';
import { standingHolds, type StandingHold } from '../core/standing-holds.ts';
import { artifactState, workloadState, type WorkloadState } from '../core/workload-state.ts';
import type { Artifact, Workload, WorkloadKind } from '../core/workload.ts';
import type { DecisionLog, DecisionRecord } from './decision-log.ts';
import type { RequestStore } from './request-store.ts';
import { createFacts, type ArtifactFacts, type WorkloadFacts } from './workload-facts.ts';

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
  readonly catalog: { all(): Iterable<Workload>; get(key: string): Workload | undefined };
  readonly requests: Pick<RequestStore, 'ofArtifact'>;
  readonly decisions: Pick<DecisionLog, 'get'>;
  /** Why the last look there (`originOf`) told nothing about the artifact. */
  readonly troublesOf: (artifact: string, origin: string) => readonly Blocker[];
  /** What the open request `namespace/name` waits for. */
  readonly waitingFor: (request: string) => readonly Blocker[];
  readonly clock: Clock;
}

/** A workload with how it stands; the rest is worked out when it is asked for. */
export interface WorkloadOutline {
  readonly workload: Pick<Workload, 'kind' | 'namespace' | 'name' | 'artifacts'>;
  readonly settings: WorkloadSettings;
  readonly state: WorkloadState;
  view(): WorkloadView;
}

interface WorkloadFilter {
  readonly namespace?: string | undefined;
  readonly visible?: ((namespace: string) => boolean) | undefined;
}

export interface WorkloadsView {
  /** Of one namespace, of those that `visible` is true for, or of all. */
  list(filter: WorkloadFilter): readonly WorkloadView[];
  /** The same without order and with little said of each: ten thousand of them take some milliseconds. */
  outlines(filter: WorkloadFilter): readonly WorkloadOutline[];
  /** Of the workload with this `workloadKey`. */
  outline(key: string): WorkloadOutline | undefined;
}

/** What every artifact runs, what was decided about it last, and why it does not update now. */
export function createWorkloadsView(options: WorkloadsViewOptions): WorkloadsView {
  const factsOf = createFacts();
  const wanted = ({ namespace, visible }: WorkloadFilter): readonly WorkloadFacts[] =>
    Array.from(options.catalog.all())
      .filter((workload) => namespace === undefined || workload.namespace === namespace)
      .filter((workload) => visible === undefined || visible(workload.namespace))
      .map(factsOf);
  const outlineOf = (facts: WorkloadFacts): WorkloadOutline => ({
    workload: facts.workload,
    settings: facts.settings,
    state: stateOf(facts, options),
    view: () => viewOf(facts, options),
  });
  return {
    list: (filter) =>
      wanted(filter)
        .toSorted((a, b) => sortKey(a.workload).localeCompare(sortKey(b.workload)))
        .map((facts) => viewOf(facts, options)),
    outlines: (filter) => wanted(filter).map(outlineOf),
    outline(key) {
      const workload = options.catalog.get(key);
      return workload === undefined ? undefined : outlineOf(factsOf(workload));
    },
  };
}

function viewOf(facts: WorkloadFacts, options: WorkloadsViewOptions): WorkloadView {
  const { kind, apiVersion, namespace, name } = facts.workload;
  const { policy, paused } = facts.settings;
  const standing = standingBlockers(facts, options);
  const artifacts = facts.artifacts.map((artifact) =>
    artifactView(artifact, findingsOf(artifact, standing, options)),
  );
  return { kind, apiVersion, namespace, name, policy, paused, artifacts };
}

function stateOf(facts: WorkloadFacts, options: WorkloadsViewOptions): WorkloadState {
  const standing = standingBlockers(facts, options);
  return workloadState(facts.artifacts.map((artifact) => findingsOf(artifact, standing, options).state));
}

function standingBlockers(
  { settings, blockers }: WorkloadFacts,
  { clock }: Pick<WorkloadsViewOptions, 'clock'>,
): readonly Blocker[] {
  const interval = settings.requireApproval ? undefined : intervalBlocker(settings, clock.now());
  return interval === undefined ? blockers : [...blockers, interval];
}

interface Findings {
  readonly decision: DecisionRecord | undefined;
  readonly open: UpdateRequest | undefined;
  readonly holds: readonly StandingHold[];
  readonly blockers: readonly Blocker[];
  readonly state: WorkloadState | undefined;
}

function findingsOf(
  facts: ArtifactFacts,
  standing: readonly Blocker[],
  options: WorkloadsViewOptions,
): Findings {
  const { artifact, key, origin } = facts;
  const decision = options.decisions.get(key);
  const requests = options.requests.ofArtifact(key);
  const open = requests.find(isOpen);
  const holds = requests.length === 0 ? [] : standingHolds(requests, artifact.image);
  // The last decision may be older than the release of a hold.
  const decided = decision?.blockers.filter(({ code }) => code !== 'held' || holds.length > 0) ?? [];
  const blockers = [
    ...standing,
    ...facts.blockers,
    ...(open === undefined ? decided : options.waitingFor(requestKey(open))),
    // Told only while the artifact is one that is polled: its settings may have changed since.
    ...(origin === undefined ? [] : options.troublesOf(key, origin)),
  ];
  const state = artifactState({
    blockers,
    hasOpenRequest: open !== undefined,
    hasHold: holds.length > 0,
    runsDecided: decision?.action === 'update' && runs(artifact, decision.candidate),
  });
  return { decision, open, holds, blockers, state };
}

/** Whether what is written as the artifact's version is this tag. */
function runs({ image }: Artifact, tag: string): boolean {
  const [reference = ''] = image.split('@');
  return reference.endsWith(`:${tag}`);
}

function artifactView(
  { artifact, repository }: ArtifactFacts,
  { decision, open, holds, blockers }: Findings,
): ArtifactView {
  const running = artifact.release?.running;
  return {
    name: artifact.name,
    type: artifact.type,
    image: artifact.image,
    ...(running === undefined ? {} : { running }),
    ...(repository === undefined ? {} : { repository }),
    ...(decision === undefined ? {} : { decision }),
    blockers: distinct(blockers),
    ...(open === undefined ? {} : { openRequest: open.metadata.name }),
    holds,
  };
}

function distinct(blockers: readonly Blocker[]): readonly Blocker[] {
  return [...new Map(blockers.map((blocker) => [blocker.code, blocker])).values()];
}

function sortKey({ namespace, kind, name }: Workload): string {
  return `${namespace}/${kind}/${name}`;
}
