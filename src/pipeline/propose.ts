import pLimit from 'p-limit';
import { parseAnnotations } from '../core/annotations.ts';
import type { Blocker } from '../core/blocker.ts';
import { toTimestamp, type Clock } from '../core/clock.ts';
import type { Credential } from '../core/credential.ts';
import {
  decide,
  proposalBlockers,
  toPolicyRule,
  type Confirmation,
  type Decision,
  type ProposalInput,
  type VerifyMode,
} from '../core/decision.ts';
import {
  effectiveTag,
  parseImageReference,
  repositoryKey,
  type Repository,
} from '../core/image-reference.ts';
import { isAbout, sourceOf, toNewRequest } from '../core/new-request.ts';
import { isOpen } from '../core/open-requests.ts';
import type { Signal } from '../core/signal.ts';
import { requestKey, type UpdateRequest } from '../core/update-request.ts';
import { workloadKey, type Artifact, type Workload } from '../core/workload.ts';
import { isAbsent, KubernetesError, lacksRight } from '../kubernetes/errors.ts';
import type { Log } from '../telemetry/log.ts';
import type { DecisionLog } from './decision-log.ts';
import { artifactKey, type RequestStore } from './request-store.ts';

export interface AcceptOutcome {
  /** Artifacts that use the repository. */
  readonly matched: number;
  /** Requests that did not exist before. */
  readonly created: number;
  /** Artifacts about which nothing could be made durable: the sender should try again. */
  readonly unresolved: number;
}

export interface ProposerOptions {
  readonly catalog: {
    get(key: string): Workload | undefined;
    byRepository(key: string): readonly { readonly workload: Workload; readonly artifact: Artifact }[];
  };
  readonly requests: RequestStore;
  /** Asks the registry for one tag's digest. Never throws for what a registry may answer. */
  readonly confirm: (query: {
    readonly repository: Repository;
    readonly tag: string;
    readonly credentials: () => Promise<readonly Credential[]>;
  }) => Promise<Confirmation>;
  readonly credentialsFor: (workload: Workload, repository: Repository) => Promise<readonly Credential[]>;
  readonly decisions: DecisionLog;
  readonly verifyMode: VerifyMode;
  /** How long a pending request lives, in milliseconds; 0 means for ever. */
  readonly requestExpiryMs: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Told of every decision, e.g. to count it. */
  readonly onDecision?: (outcome: Blocker['code'] | 'update') => void;
  /** Told of every request that did not exist before. */
  readonly onCreated?: (request: UpdateRequest, workload: Workload) => void;
}

export interface Proposer {
  /** Resolves when all that the signals caused is durable. */
  accept(signals: readonly Signal[]): Promise<AcceptOutcome>;
  /** Proposes a request's version again from what the workload runs now; answers the request that stands for it. */
  repropose(request: UpdateRequest, workload: Workload): Promise<UpdateRequest | undefined>;
}

type Outcome =
  | { readonly kind: 'created' | 'known'; readonly request: UpdateRequest }
  | { readonly kind: 'stay' }
  | { readonly kind: 'unresolved' };
interface Candidate extends Pick<Signal, 'tag' | 'source'> {
  /** Until when a registry that does not know the tag is asked again, in milliseconds since the Unix epoch. */
  readonly patientUntilMs: number;
}

const PROPOSALS_AT_ONCE = 16;
/**
 * Registries tell of a push before the tag can be read: distribution notifies when the manifest is stored and links the
 * tag after that, and those on object stores lag behind. Within this time "no such tag" is not believed.
 */
const TAG_APPEARS_WITHIN_MS = 2000;
const ASK_AGAIN_MS = 200;
/** More attempts at one and the same update than this mean that something proposes it in a circle. */
const MAX_ATTEMPTS = 50;

/** From a signal to requests: gathers what is known of each artifact, decides, and makes the decision durable. */
export function createProposer(options: ProposerOptions): Proposer {
  const { catalog, requests, decisions, clock, log } = options;
  const limit = pLimit(PROPOSALS_AT_ONCE);

  async function accept(signals: readonly Signal[]): Promise<AcceptOutcome> {
    const patientUntilMs = clock.now() + TAG_APPEARS_WITHIN_MS;
    const work = distinct(signals).flatMap((signal) =>
      catalog
        .byRepository(repositoryKey(signal.repository))
        .map(({ workload, artifact }) =>
          limit(() => consider(workload, artifact, { ...signal, patientUntilMs })),
        ),
    );
    const outcomes = await Promise.all(work);
    return {
      matched: outcomes.length,
      created: outcomes.filter(({ kind }) => kind === 'created').length,
      unresolved: outcomes.filter(({ kind }) => kind === 'unresolved').length,
    };
  }

  async function consider(seen: Workload, artifact: Artifact, candidate: Candidate): Promise<Outcome> {
    // While this waited for its turn the workload may have changed, or vanished.
    const workload = catalog.get(workloadKey(seen));
    const current = workload?.artifacts.find(({ name }) => name === artifact.name);
    if (workload === undefined || current === undefined) return { kind: 'stay' };
    return proposeFor(workload, current, candidate, undefined);
  }

  async function proposeFor(
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
    const confirmation = await confirm(workload, input, candidate.patientUntilMs);
    // Asking took time, in which another signal may have been decided: look at the requests again.
    const decision = decide(gather(), confirmation, options.verifyMode);
    if (decision.action === 'stay') {
      stayed(workload, artifact, candidate, decision.blockers);
      const askAgain =
        confirmation.outcome === 'unavailable' && decision.blockers.some(({ code }) => code === 'registry');
      return { kind: askAgain ? 'unresolved' : 'stay' };
    }
    try {
      return await makeDurable(workload, artifact, candidate, decision);
    } catch (error) {
      return notDurable(workload, artifact, candidate, error);
    }
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

  async function confirm(
    workload: Workload,
    input: ProposalInput,
    patientUntilMs: number,
  ): Promise<Confirmation> {
    if (!input.reference.ok) return { outcome: 'not-asked' };
    const reference = input.reference.value;
    const { tag } = input.candidate;
    const needsDigest = reference.digest !== undefined || tag === effectiveTag(reference);
    if (options.verifyMode === 'never' && !needsDigest) return { outcome: 'not-asked' };
    const { repository } = reference;
    const credentials = (): Promise<readonly Credential[]> => options.credentialsFor(workload, repository);
    for (let pauseMs = ASK_AGAIN_MS; ; pauseMs *= 2) {
      const answer = await options.confirm({ repository, tag, credentials });
      if (answer.outcome !== 'missing' || clock.now() + pauseMs > patientUntilMs) return answer;
      await pause(pauseMs);
    }
  }

  function pause(durationMs: number): Promise<void> {
    return new Promise((resolve) => {
      clock.after(durationMs, resolve);
    });
  }

  function stayed(
    workload: Workload,
    artifact: Artifact,
    candidate: Candidate,
    blockers: readonly Blocker[],
  ): Outcome {
    const reason = blockers.map(({ message }) => message).join('; ');
    remember(workload, artifact, {
      action: 'stay',
      candidate: candidate.tag,
      verified: false,
      reason,
      blockers,
    });
    for (const { code } of blockers) options.onDecision?.(code);
    return { kind: 'stay' };
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

  async function makeDurable(
    workload: Workload,
    artifact: Artifact,
    candidate: Candidate,
    decision: Extract<Decision, { action: 'update' }>,
  ): Promise<Outcome> {
    const { settings } = parseAnnotations(workload.annotations);
    const { source } = candidate;
    const expiryMs = options.requestExpiryMs;
    const common = { workload, artifact, settings, source, expiryMs, nowMs: clock.now() };
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const body = toNewRequest({ ...decision, ...common, attempt });
      const known = requests.get(requestKey(body));
      if (known !== undefined && !isOpen(known)) continue;
      const { created, request } =
        known === undefined ? await requests.create(body) : { created: false, request: known };
      if (!created && !isOpen(request)) continue;
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
      options.onDecision?.('update');
      options.onCreated?.(request, workload);
      return { kind: 'created', request };
    }
    throw new Error(`the same update of ${workloadKey(workload)} has been tried ${MAX_ATTEMPTS} times`);
  }

  /** A refusal is told to people; unless it is for good, the sender shall try again. */
  function notDurable(workload: Workload, artifact: Artifact, candidate: Candidate, error: unknown): Outcome {
    const { kind, namespace, name } = workload;
    log.warn(
      { kind, namespace, name, artifact: artifact.name, candidate: candidate.tag, error },
      'could not create the request',
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
    async repropose(request, workload) {
      const artifact = workload.artifacts.find(({ name }) => name === request.spec.containerName);
      const wanted = parseImageReference(request.spec.newImage);
      const source = sourceOf(request);
      if (artifact === undefined || !wanted.ok || wanted.value.tag === undefined) return undefined;
      if (source === undefined) return undefined;
      const candidate: Candidate = { tag: wanted.value.tag, source, patientUntilMs: clock.now() };
      const outcome = await proposeFor(workload, artifact, candidate, request);
      if (outcome.kind === 'unresolved') throw new Error('the registry or the cluster could not be asked');
      return outcome.kind === 'stay' ? undefined : outcome.request;
    },
  };
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
  const { settings, problems } = parseAnnotations(workload.annotations);
  const reference = parseImageReference(artifact.image);
  return { artifact, reference, settings, problems, rule: toPolicyRule(settings), candidate, requests };
}

/** Several signals for one tag, as a burst or a careless sender brings them, are one question. */
function distinct(signals: readonly Signal[]): readonly Signal[] {
  const images = signals.filter(({ type }) => type === 'image');
  return [
    ...new Map(
      images.map((signal) => [`${repositoryKey(signal.repository)}:${signal.tag}`, signal]),
    ).values(),
  ];
}
