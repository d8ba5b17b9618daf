import pLimit from 'p-limit';
import { settingsOf } from '../core/annotations.ts';
import { isChart, parseArtifact, requestedTag } from '../core/artifact-reference.ts';
import type { Blocker } from '../core/blocker.ts';
import { toTimestamp } from '../core/clock.ts';
import {
  decide,
  proposalBlockers,
  toPolicyRule,
  type Confirmation,
  type Decision,
  type Evidence,
  type ProposalInput,
} from '../core/decision.ts';
import { effectiveTag, repositoryKey } from '../core/image-reference.ts';
import { isAbout, sourceOf, toNewRequest } from '../core/new-request.ts';
import { findSameOpen } from '../core/open-requests.ts';
import { versionOfTag } from '../core/release-chart.ts';
import { compareRunning } from '../core/running.ts';
import type { Signal } from '../core/signal.ts';
import { requestKey, type UpdateRequest } from '../core/update-request.ts';
import { workloadKey, type Artifact, type Workload } from '../core/workload.ts';
import { isAbsent, KubernetesError, lacksRight } from '../kubernetes/errors.ts';
import type { Log } from '../telemetry/log.ts';
import { createAsk, type AskerOptions, type Candidate } from './ask.ts';
import type { DecisionLog } from './decision-log.ts';
import type { EvidenceGatherer } from './evidence.ts';
import {
  MAX_RESULTS,
  toResult,
  toUnmatched,
  type AcceptOutcome,
  type Outcome,
  type SignalResult,
} from './outcome.ts';
import { artifactKey, type RequestStore } from './request-store.ts';
import { confirmSpans, proposeSpan } from './spans.ts';

export interface ProposerOptions extends AskerOptions {
  readonly catalog: {
    get(key: string): Workload | undefined;
    byRepository(key: string): readonly { readonly workload: Workload; readonly artifact: Artifact }[];
  };
  readonly requests: RequestStore;
  readonly evidence: Pick<EvidenceGatherer, 'running' | 'platform'>;
  readonly decisions: DecisionLog;
  /** How long a pending request lives, in milliseconds; 0 means for ever. */
  readonly requestExpiryMs: number;
  readonly log: Log;
  /** Told of every decision, e.g. to count it. */
  readonly onDecision?: (outcomes: readonly (Blocker['code'] | 'update')[], artifact: Artifact) => void;
  /** Told, before it is asked about, of a workload that is to be patched at once if the answer is yes. */
  readonly onExpected?: (workload: Workload) => void;
  /** Told of every request that did not exist before. */
  readonly onCreated?: (request: UpdateRequest, workload: Workload) => void;
}

export interface Proposer {
  /** Resolves when all that the signals caused is durable. */
  accept(signals: readonly Signal[]): Promise<AcceptOutcome>;
  /** Resolves when what the candidate causes for this one artifact is durable. */
  consider(workload: Workload, artifact: Artifact, candidate: Candidate): Promise<Outcome>;
  /** Records that there is nothing to propose. */
  stay(workload: Workload, artifact: Artifact, tag: string, blockers: readonly Blocker[]): Outcome;
  /** Proposes a request's version again from what the workload runs now; answers the request that stands for it. */
  repropose(request: UpdateRequest, workload: Workload): Promise<UpdateRequest | undefined>;
}

const PROPOSALS_AT_ONCE = 16;
/**
 * Registries tell of a push before the tag can be read: distribution notifies when the manifest is stored and links the
 * tag after that, and those on object stores lag behind. Within this time "no such tag" is not believed.
 */
const TAG_APPEARS_WITHIN_MS = 2000;
/** More attempts at one and the same update than this mean that something proposes it in a circle. */
const MAX_ATTEMPTS = 50;

/** From a signal to requests: gathers what is known of each artifact, decides, and makes the decision durable. */
export function createProposer(options: ProposerOptions): Proposer {
  const { catalog, requests, decisions, clock, log } = options;
  const limit = pLimit(PROPOSALS_AT_ONCE);
  const ask = confirmSpans(createAsk(options));

  async function accept(signals: readonly Signal[]): Promise<AcceptOutcome> {
    const patientUntilMs = clock.elapsed() + TAG_APPEARS_WITHIN_MS;
    const unmatched: SignalResult[] = [];
    const work = distinct(signals).flatMap((signal) => {
      const found = concerned(catalog.byRepository(repositoryKey(signal.repository)), signal);
      if (found.length === 0) unmatched.push(toUnmatched(signal));
      return found.map(({ workload, artifact }) =>
        limit(async () => {
          const tag = artifact.type === 'chart' ? versionOfTag(signal.tag) : signal.tag;
          const outcome = await consider(workload, artifact, { ...signal, tag, patientUntilMs });
          return toResult(workload, artifact, outcome);
        }),
      );
    });
    const results = await Promise.all(work);
    return {
      matched: results.length,
      created: results.filter(({ result }) => result === 'created').length,
      unresolved: results.filter(({ result }) => result === 'unresolved').length,
      results: [...results, ...unmatched].slice(0, MAX_RESULTS),
    };
  }

  async function consider(seen: Workload, artifact: Artifact, candidate: Candidate): Promise<Outcome> {
    // While this waited for its turn the workload may have changed, or vanished.
    const workload = catalog.get(workloadKey(seen));
    const current = workload?.artifacts.find(({ name }) => name === artifact.name);
    if (workload === undefined || current === undefined) return { kind: 'stay', blockers: [] };
    return proposeFor(workload, current, candidate, undefined);
  }

  function proposeFor(
    workload: Workload,
    artifact: Artifact,
    candidate: Candidate,
    replaced: UpdateRequest | undefined,
  ): Promise<Outcome> {
    return proposeSpan(workload, artifact, candidate.tag, () =>
      decideAndRecord(workload, artifact, candidate, replaced),
    );
  }

  async function decideAndRecord(
    workload: Workload,
    artifact: Artifact,
    candidate: Candidate,
    replaced: UpdateRequest | undefined,
  ): Promise<Outcome> {
    const gather = (): ProposalInput =>
      gatherInput(workload, artifact, candidate, requestsBut(workload, artifact, replaced));
    const input = gather();
    const blockers = proposalBlockers(input);
    if (blockers.length > 0) return stayed(workload, artifact, candidate, blockers);
    try {
      return await settle(workload, input, candidate, gather);
    } catch (error) {
      return notDurable(workload, artifact, candidate, error);
    }
  }

  /** Asks all that has to be asked, decides, and makes the decision durable. */
  async function settle(
    workload: Workload,
    input: ProposalInput,
    candidate: Candidate,
    gather: () => ProposalInput,
  ): Promise<Outcome> {
    const { artifact } = input;
    if (!input.settings.requireApproval) options.onExpected?.(workload);
    const confirmation = await ask(workload, input, candidate);
    // Asking takes time, in which another signal may have been decided: look at the requests again each time.
    const running = await gatherRunning(workload, input, confirmation);
    let decision = decide(gather(), confirmation, options.verifyMode, { running });
    if (decision.action === 'update') {
      const platform = await gatherPlatform(workload, input, confirmation);
      decision = decide(gather(), confirmation, options.verifyMode, { running, platform });
    }
    if (decision.action === 'update') return record(workload, candidate, decision, gather);
    const outcome = stayed(workload, artifact, candidate, decision.blockers);
    const asked = decision.blockers.some(({ code }) => code === 'registry' || code === 'registry-auth');
    if (asked && confirmation.outcome === 'unavailable') return { kind: 'unresolved' };
    return { ...outcome, unsure: running !== undefined && compareRunning(running, '') === 'unknown' };
  }

  function requestsBut(
    workload: Workload,
    artifact: Artifact,
    replaced: UpdateRequest | undefined,
  ): readonly UpdateRequest[] {
    const all = requests.ofArtifact(artifactKey(workload, artifact.name));
    return all.filter(
      (request) => request.metadata.uid !== replaced?.metadata.uid && isAbout(request, workload),
    );
  }

  /** Only where a digest is new under the running tag of an image that names none: there the pods know what it was. */
  async function gatherRunning(
    workload: Workload,
    { artifact, reference, candidate }: ProposalInput,
    confirmation: Confirmation,
  ): Promise<Evidence['running']> {
    if (!reference.ok || confirmation.outcome !== 'found') return undefined;
    if (isChart(reference.value)) return undefined;
    const { repository, digest: pinned } = reference.value;
    if (pinned !== undefined || candidate.tag !== effectiveTag(reference.value)) return undefined;
    return options.evidence.running({ workload, artifact, repository, digest: confirmation.digest });
  }

  async function gatherPlatform(
    workload: Workload,
    { artifact, reference }: ProposalInput,
    confirmation: Confirmation,
  ): Promise<Evidence['platform']> {
    if (!reference.ok || confirmation.outcome !== 'found') return undefined;
    if (isChart(reference.value)) return undefined;
    const { repository } = reference.value;
    return options.evidence.platform({ workload, artifact, repository, digest: confirmation.digest });
  }

  function stayed(
    workload: Workload,
    artifact: Artifact,
    candidate: Pick<Candidate, 'tag'>,
    blockers: readonly Blocker[],
  ): Extract<Outcome, { kind: 'stay' }> {
    const reason = blockers.map(({ message }) => message).join('; ');
    remember(workload, artifact, {
      action: 'stay',
      candidate: candidate.tag,
      verified: false,
      reason,
      blockers,
    });
    options.onDecision?.(
      blockers.map(({ code }) => code),
      artifact,
    );
    return { kind: 'stay', blockers };
  }

  function remember(
    workload: Workload,
    artifact: Artifact,
    decision: Omit<Parameters<DecisionLog['record']>[1], 'at'>,
  ): void {
    decisions.record(artifactKey(workload, artifact.name), { at: toTimestamp(clock.now()), ...decision });
    const { action, candidate, reason } = decision;
    const { kind, namespace, name } = workload;
    log.debug({ kind, namespace, name, artifact: artifact.name, action, candidate, reason }, 'decided');
  }

  /** Makes an update durable, unless what is known by now speaks against it. */
  async function record(
    workload: Workload,
    candidate: Candidate,
    decision: Extract<Decision, { action: 'update' }>,
    gather: () => ProposalInput,
  ): Promise<Outcome> {
    for (let tries = 0; tries < MAX_ATTEMPTS; tries += 1) {
      const input = gather();
      // A newer one may have been proposed while this was asked about: then this one is not proposed a second time.
      const blockers = proposalBlockers(input);
      if (blockers.length > 0) return stayed(workload, input.artifact, candidate, blockers);
      const outcome = await makeDurable(workload, input.artifact, candidate, decision);
      if (outcome !== 'unforeseen') return outcome;
    }
    throw triedTooOften(workload);
  }

  /** `unforeseen`: another one of its name has been made already, of which we did not know; it may be a hold. */
  async function makeDurable(
    workload: Workload,
    artifact: Artifact,
    candidate: Candidate,
    decision: Extract<Decision, { action: 'update' }>,
  ): Promise<Outcome | 'unforeseen'> {
    const { settings } = settingsOf(workload);
    const { source } = candidate;
    const expiryMs = options.requestExpiryMs;
    const common = { workload, artifact, settings, source, expiryMs, nowMs: clock.now() };
    const isSameOpen = (request: UpdateRequest): boolean => findSameOpen([request], decision) !== undefined;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const body = toNewRequest({ ...decision, ...common, attempt });
      const known = requests.get(requestKey(body));
      if (known !== undefined && !isSameOpen(known)) continue;
      const { created, request } =
        known === undefined ? await requests.create(body) : { created: false, request: known };
      if (!created && !isSameOpen(request)) return 'unforeseen';
      const { newDigest, reason } = decision;
      const verified = newDigest !== undefined;
      remember(workload, artifact, {
        action: 'update',
        candidate: candidate.tag,
        verified,
        reason,
        blockers: [],
      });
      if (!created) return { kind: 'known', request };
      options.onDecision?.(['update'], artifact);
      options.onCreated?.(request, workload);
      return { kind: 'created', request };
    }
    throw triedTooOften(workload);
  }

  /** A refusal is told to people; unless it is for good, the sender shall try again. */
  function notDurable(workload: Workload, artifact: Artifact, candidate: Candidate, error: unknown): Outcome {
    const { kind, namespace, name } = workload;
    log.warn(
      { kind, namespace, name, artifact: artifact.name, candidate: candidate.tag, error },
      'could not decide, or not record it',
    );
    if (!(error instanceof KubernetesError)) return { kind: 'unresolved' };
    const forGood = isRefusedForGood(error);
    if (!forGood && !lacksRight(error)) return { kind: 'unresolved' };
    const message = `Kubernetes refused the UpdateRequest: ${error.message}`;
    const outcome = stayed(workload, artifact, candidate, [{ code: 'cluster', message }]);
    return forGood ? outcome : { kind: 'unresolved' };
  }

  return {
    accept,
    consider: (workload, artifact, candidate) => limit(() => consider(workload, artifact, candidate)),
    stay: (workload, artifact, tag, blockers) => stayed(workload, artifact, { tag }, blockers),
    async repropose(request, workload) {
      const artifact = workload.artifacts.find(({ name }) => name === request.spec.containerName);
      const tag = requestedTag(request.spec);
      const source = sourceOf(request);
      if (artifact === undefined || tag === undefined || source === undefined) return undefined;
      const candidate: Candidate = { tag, source };
      const outcome = await proposeFor(workload, artifact, candidate, request);
      if (outcome.kind === 'unresolved') throw new Error('the registry or the cluster could not be asked');
      return outcome.kind === 'stay' ? undefined : outcome.request;
    },
  };
}

function triedTooOften(workload: Workload): Error {
  return new Error(`the same update of ${workloadKey(workload)} has been tried ${MAX_ATTEMPTS} times`);
}

/** Whether the same UpdateRequest would be refused again, whatever time passes. */
function isRefusedForGood(error: KubernetesError): boolean {
  return isAbsent(error) || ([400, 403, 422].includes(error.status) && !lacksRight(error));
}

function gatherInput(
  workload: Workload,
  artifact: Artifact,
  candidate: Candidate,
  requests: readonly UpdateRequest[],
): ProposalInput {
  const { settings, problems } = settingsOf(workload);
  const reference = parseArtifact(artifact);
  return { artifact, reference, settings, problems, rule: toPolicyRule(settings), candidate, requests };
}

/** Where nobody says that a chart was pushed, it may be one all the same: many registries do not tell. */
function concerned<T extends { readonly artifact: Artifact }>(
  found: readonly T[],
  { type }: Signal,
): readonly T[] {
  return type === 'image' ? found : found.filter(({ artifact }) => artifact.type === 'chart');
}

/** Several signals for one tag, as a burst or a careless sender brings them, are one question. */
function distinct(signals: readonly Signal[]): readonly Signal[] {
  return [
    ...new Map(
      signals.map((signal) => [`${signal.type} ${repositoryKey(signal.repository)}:${signal.tag}`, signal]),
    ).values(),
  ];
}
