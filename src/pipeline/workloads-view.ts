import { setImmediate as nextTurn } from 'node:timers/promises';
import type { WorkloadSettings } from '../core/annotations.ts';
import { repositoryKeyOf } from '../core/artifact-reference.ts';
import type { Blocker } from '../core/blocker.ts';
import type { Clock } from '../core/clock.ts';
import { intervalBlocker } from '../core/next-step.ts';
import { isOpen } from '../core/open-requests.ts';
import type { Policy } from '../core/policy.ts';
import { requestKey, type UpdateRequest } from '../core/update-request.ts';
import { couldHold, isStandingHold, standingHolds, type StandingHold } from '../core/standing-holds.ts';
import { artifactState, workloadState, type WorkloadState } from '../core/workload-state.ts';
import type { Artifact, Workload, WorkloadKind } from '../core/workload.ts';
import type { DecisionLog, DecisionRecord } from './decision-log.ts';
import { originOf } from './finding.ts';
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
  /** Why the last look there (`originOf`, which is asked for where there are any) told nothing about the artifact. */
  readonly troublesOf: (artifact: string, origin: () => string | undefined) => readonly Blocker[];
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
  /**
   * Works out what `outlines` needs of each workload and is not known yet, a few milliseconds at a time: of ten thousand
   * at once, the first time, it would hold up the loop.
   */
  prepare(): Promise<void>;
  /** Of one namespace, of those that `visible` is true for, or of all. */
  list(filter: WorkloadFilter): readonly WorkloadView[];
  /** The same without order and with little said of each: ten thousand of them take some milliseconds. */
  outlines(filter: WorkloadFilter): readonly WorkloadOutline[];
  /** Of the workload with this `workloadKey`. */
  outline(key: string): WorkloadOutline | undefined;
}

/** For so long the loop may be kept at a time. */
const TURN_MS = 5;

/** What every artifact runs, what was decided about it last, and why it does not update now. */
export function createWorkloadsView(options: WorkloadsViewOptions): WorkloadsView {
  const factsOf = createFacts();
  const stating = { ...options, isStandingHold: rememberStandingHolds() };
  const wanted = ({ namespace, visible }: WorkloadFilter): readonly WorkloadFacts[] =>
    Array.from(options.catalog.all())
      .filter((workload) => namespace === undefined || workload.namespace === namespace)
      .filter((workload) => visible === undefined || visible(workload.namespace))
      .map(factsOf);
  const outlineOf = (facts: WorkloadFacts): WorkloadOutline => ({
    workload: facts.workload,
    settings: facts.settings,
    state: stateOf(facts, stating),
    view: () => viewOf(facts, options),
  });
  return {
    async prepare() {
      // Those of now: while it waits, others come.
      const workloads = [...options.catalog.all()];
      let beganMs = options.clock.elapsed();
      for (const workload of workloads) {
        factsOf(workload);
        if (options.clock.elapsed() - beganMs < TURN_MS) continue;
        await nextTurn();
        beganMs = options.clock.elapsed();
      }
    },
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
  const artifacts = facts.artifacts.map((artifact) => artifactView(facts, artifact, options));
  return { kind, apiVersion, namespace, name, policy, paused, artifacts };
}

interface StatingOptions extends Pick<WorkloadsViewOptions, 'requests' | 'decisions' | 'troublesOf'> {
  readonly isStandingHold: typeof isStandingHold;
}

/**
 * How a workload stands. Ten thousand are asked for one list, so that nothing is made here that is thrown away at once:
 * what an open request waits for, and the interval, are left out, since they change nothing about the state.
 */
function stateOf(facts: WorkloadFacts, options: StatingOptions): WorkloadState {
  return workloadState(facts.artifacts.map((artifact) => artifactStateOf(facts, artifact, options)));
}

function artifactStateOf(
  { workload }: WorkloadFacts,
  { artifact, key, blockers }: ArtifactFacts,
  options: StatingOptions,
): WorkloadState | undefined {
  const requests = options.requests.ofArtifact(key);
  if (requests.some(isOpen)) return artifactState({ ...NOTHING_KNOWN, blockers, hasOpenRequest: true });
  const decision = options.decisions.get(key);
  const troubles = options.troublesOf(key, () => originOf(workload, artifact));
  const hasHold = requests.some((request) => options.isStandingHold(request, artifact.image));
  const decided = decidedBlockers(decision, hasHold);
  return artifactState({
    blockers: decided.length + troubles.length === 0 ? blockers : [...blockers, ...decided, ...troubles],
    hasOpenRequest: false,
    hasHold,
    runsDecided: runsDecided(artifact, decision),
  });
}

/** Reads a request once for each image that its artifact runs: a request is a new object whenever it changes. */
function rememberStandingHolds(): typeof isStandingHold {
  const known = new WeakMap<UpdateRequest, { readonly running: string | undefined; readonly is: boolean }>();
  return (request, running) => {
    if (!couldHold(request, running)) return false;
    const before = known.get(request);
    if (before !== undefined && before.running === running) return before.is;
    const is = isStandingHold(request, running);
    known.set(request, { running, is });
    return is;
  };
}

const NOTHING_KNOWN = { hasOpenRequest: false, hasHold: false, runsDecided: false } as const;
/** The last decision may be older than the release of a hold. */
function decidedBlockers(decision: DecisionRecord | undefined, hasHold: boolean): readonly Blocker[] {
  if (decision === undefined) return [];
  return hasHold ? decision.blockers : decision.blockers.filter(({ code }) => code !== 'held');
}

function runsDecided(artifact: Artifact, decision: DecisionRecord | undefined): boolean {
  return decision?.action === 'update' && runs(artifact, decision.candidate);
}

/** Whether what is written as the artifact's version is this tag. */
function runs({ image }: Artifact, tag: string): boolean {
  const [reference = ''] = image.split('@');
  return reference.endsWith(`:${tag}`);
}

function artifactView(
  { workload, settings, blockers: ofWorkload }: WorkloadFacts,
  { artifact, key, blockers: standing }: ArtifactFacts,
  options: WorkloadsViewOptions,
): ArtifactView {
  const requests = options.requests.ofArtifact(key);
  const open = requests.find(isOpen);
  const holds = standingHolds(requests, artifact.image);
  const decision = options.decisions.get(key);
  const interval = settings.requireApproval ? undefined : intervalBlocker(settings, options.clock.now());
  const blockers = [
    ...ofWorkload,
    ...(interval === undefined ? [] : [interval]),
    ...standing.slice(ofWorkload.length),
    ...(open === undefined
      ? decidedBlockers(decision, holds.length > 0)
      : options.waitingFor(requestKey(open))),
    // Told only while the artifact is one that is polled: its settings may have changed since.
    ...options.troublesOf(key, () => originOf(workload, artifact)),
  ];
  const running = artifact.release?.running;
  const repository = repositoryKeyOf(artifact);
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
