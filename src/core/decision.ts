import { ANNOTATION, isUnclear, type AnnotationProblem, type WorkloadSettings } from './annotations.ts';
import type { Blocker, BlockerCode } from './blocker.ts';
import { findHold, heldBy } from './holds.ts';
import { isChart, type ArtifactReference } from './artifact-reference.ts';
import { effectiveTag, withVersion } from './image-reference.ts';
import { findNewerOpen, findSameOpen } from './open-requests.ts';
import { compilePattern } from './pattern.ts';
import type { PlatformFinding } from './platform.ts';
import { judgeListed, judgePushed, type PolicyRule } from './policy.ts';
import { compareRunning, type RunningDigests } from './running.ts';
import type { Result } from './result.ts';
import { belowRunning } from './release-chart.ts';
import { selectsArtifact } from './selection.ts';
import type { Signal } from './signal.ts';
import type { UpdateRequest } from './update-request.ts';
import type { Artifact } from './workload.ts';

export type VerifyMode = 'always' | 'auto' | 'never';

/** What the registry said when it was asked for the candidate's digest. */
export type Confirmation =
  | { readonly outcome: 'found'; readonly digest: string }
  | {
      readonly outcome: 'missing';
      readonly message: string;
      /** Something else stands there under that name: it does not appear by waiting a moment. */
      readonly isOther?: true;
    }
  | {
      readonly outcome: 'unavailable';
      readonly message: string;
      readonly retryAfterMs?: number;
      /** The registry answered, and refused whoever asked. */
      readonly denied?: boolean;
    }
  | { readonly outcome: 'not-asked' };

/** What is known beside the registry's word on the tag; what was not looked up is absent. */
export interface Evidence {
  /** For a new digest under the running tag of an image that is not pinned. */
  readonly running?: RunningDigests | undefined;
  readonly platform?: PlatformFinding | undefined;
}

/** All that is known about one artifact when a signal arrives for its repository. Gathered beforehand; nothing is asked here. */
export interface ProposalInput {
  readonly artifact: Artifact;
  readonly reference: Result<ArtifactReference>;
  readonly settings: WorkloadSettings;
  readonly problems: readonly AnnotationProblem[];
  readonly rule: PolicyRule;
  /** `type` as the sender says it; absent where nobody had to. */
  readonly candidate: Pick<Signal, 'tag' | 'source'> & Partial<Pick<Signal, 'type'>>;
  /** All requests of this artifact, open and finished. */
  readonly requests: readonly UpdateRequest[];
}

export type Decision =
  | { readonly action: 'stay'; readonly blockers: readonly Blocker[] }
  | {
      readonly action: 'update';
      readonly newImage: string;
      readonly newDigest: string | undefined;
      readonly reason: string;
    };

/** The rule that a workload's annotations make; an invalid pattern is one of their problems already, and blocks by itself. */
export function toPolicyRule({ policy, pattern, prerelease }: WorkloadSettings): PolicyRule {
  const compiled = pattern === undefined ? undefined : compilePattern(pattern);
  return { policy, prerelease, pattern: compiled?.ok === true ? compiled.value : undefined };
}

type Check = (input: ProposalInput) => Blocker | undefined;

/** Asked before the registry is, cheapest first; every one that speaks up is told, not only the first. */
const CHECKS: readonly Check[] = [
  annotationsAreValid,
  imageIsReadable,
  artifactIsSelected, //    headwind.sh/images
  policyAllowsUpdates, //   headwind.sh/policy: none
  sourceIsHeard, //         headwind.sh/event-source
  chartCanBeSet, //         a range, a source that cannot be followed
  candidateIsAdmitted, //   policy, pattern, variant, order
  chartIsNotOlder, //       than the version that a release runs
  noNewerRequestIsOpen,
  candidateIsNotHeld, //    rejected, rolled back, taken back by hand
];

/** Why this candidate is not even worth asking the registry about; empty if it is. */
export function proposalBlockers(input: ProposalInput): readonly Blocker[] {
  return CHECKS.flatMap((check) => check(input) ?? []);
}

/**
 * The decision about a candidate that has no blockers of its own, once the registry has answered.
 * Under `always` only what is confirmed passes; under `auto` a definite "no such tag" blocks and an unreachable
 * registry lets through unverified what a webhook brought; under `never` the registry is not asked.
 */
export function decide(
  input: ProposalInput,
  confirmation: Confirmation,
  mode: VerifyMode,
  evidence: Evidence = {},
): Decision {
  if (!input.reference.ok) return stay('invalid-image', input.reference.error);
  const reference = input.reference.value;
  const digest = confirmation.outcome === 'found' ? confirmation.digest : undefined;
  const { tag } = input.candidate;
  const newImage = withVersion(reference, tag, isPinned(reference, tag) ? digest : undefined);
  const blocker =
    refusalOf(input, confirmation, mode) ??
    missingDigest(reference, tag, confirmation) ??
    sameDigest(input, reference, digest, evidence) ??
    refusedBefore(input, { newImage, digest }) ??
    platformBlocker(evidence);
  if (blocker !== undefined) return { action: 'stay', blockers: [blocker] };
  const reason = `${reasonFor(input, reference, confirmation)}${platformNote(evidence)}`;
  return { action: 'update', newImage, newDigest: digest === '' ? undefined : digest, reason };
}

/** Whether the new image has to name its digest: the old one does, or nothing else changes. A chart never does. */
function isPinned(reference: ArtifactReference, tag: string): boolean {
  if (isChart(reference)) return false;
  return reference.digest !== undefined || tag === effectiveTag(reference);
}

function missingDigest(
  reference: ArtifactReference,
  tag: string,
  confirmation: Confirmation,
): Blocker | undefined {
  if (confirmation.outcome === 'found' || !isPinned(reference, tag)) return undefined;
  const why = confirmation.outcome === 'unavailable' ? `: ${confirmation.message}` : '';
  return {
    code: isDenied(confirmation) ? 'registry-auth' : 'registry',
    message: `${reference.text} is pinned to a digest, and the digest of ${tag} is not known${why}`,
  };
}

/** Under the running tag only another digest is an update. */
function sameDigest(
  { candidate }: ProposalInput,
  reference: ArtifactReference,
  digest: string | undefined,
  { running }: Evidence,
): Blocker | undefined {
  const { tag, source } = candidate;
  if (isChart(reference) || tag !== effectiveTag(reference)) return undefined;
  if (digest === reference.digest) return upToDate(`${tag} is still the digest that is set`);
  if (reference.digest !== undefined || running === undefined) return undefined;
  const order = compareRunning(running, digest ?? '');
  if (order === 'same') return upToDate(`${tag} is still the digest that runs`);
  // What was just pushed is new, whether anything runs or not; a poll only knows that it is there.
  if (order === 'different' || source === 'webhook') return undefined;
  return upToDate(`nothing is known to run ${tag} that its digest could be compared with`);
}

/** A no to it, or a request that asks for it already. */
function refusedBefore(
  { requests, artifact, candidate }: ProposalInput,
  { newImage, digest }: { readonly newImage: string; readonly digest: string | undefined },
): Blocker | undefined {
  const held = findHold(requests, { currentImage: artifact.image, tag: candidate.tag, digest });
  if (held !== undefined) return heldBy(held);
  const open = findSameOpen(requests, { newImage, newDigest: digest });
  if (open === undefined) return undefined;
  const message = `UpdateRequest ${open.metadata.name} asks for exactly this already`;
  return { code: 'awaiting-approval', message };
}

function platformBlocker({ platform }: Evidence): Blocker | undefined {
  return platform?.fits === 'no' ? { code: 'platform', message: platform.message } : undefined;
}

function platformNote({ platform }: Evidence): string {
  return platform?.fits === 'unknown' && platform.message !== '' ? ` (${platform.message})` : '';
}

function upToDate(message: string): Blocker {
  return { code: 'up-to-date', message };
}

function isDenied(confirmation: Confirmation): boolean {
  return confirmation.outcome === 'unavailable' && confirmation.denied === true;
}

function refusalOf(
  { candidate, reference }: ProposalInput,
  confirmation: Confirmation,
  mode: VerifyMode,
): Blocker | undefined {
  const chart = reference.ok && isChart(reference.value);
  if (mode === 'never' && !chart) return undefined;
  if (confirmation.outcome === 'missing') return { code: 'tag-missing', message: confirmation.message };
  // A push is told once, so that it must not be lost; the next poll finds again what this one could not confirm.
  // And where nobody says that a chart was pushed, it may have been an image of the same name.
  const mustKnow =
    mode === 'always' || candidate.source !== 'webhook' || (chart && candidate.type !== 'chart');
  if (mustKnow && confirmation.outcome === 'unavailable') {
    return { code: isDenied(confirmation) ? 'registry-auth' : 'registry', message: confirmation.message };
  }
  return undefined;
}

function reasonFor(input: ProposalInput, reference: ArtifactReference, confirmation: Confirmation): string {
  const { tag } = input.candidate;
  const current = effectiveTag(reference);
  const what = tag === current ? `New digest of ${reference.name}:${tag}` : `${current} -> ${tag}`;
  const base = tag === current ? what : `New version available for ${reference.name}: ${what}`;
  if (confirmation.outcome === 'found') return base;
  if (confirmation.outcome === 'not-asked') return `${base} (not verified: HEADWIND_VERIFY_IMAGES is never)`;
  return `${base} (not verified: ${confirmation.message})`;
}

function annotationsAreValid({ problems }: ProposalInput): Blocker | undefined {
  return problems.length === 0 ? undefined : invalidAnnotations(problems);
}

/** One blocker that names every annotation that cannot be read, its value, and what would be right. */
export function invalidAnnotations(problems: readonly AnnotationProblem[]): Blocker {
  const told = problems.map(({ key, value, expected }) => `${key}: "${value}" is not ${expected}`);
  return { code: 'invalid-annotation', message: told.join('; ') };
}

function imageIsReadable({ reference }: ProposalInput): Blocker | undefined {
  return reference.ok ? undefined : { code: 'invalid-image', message: reference.error };
}

function artifactIsSelected({ settings, artifact, reference }: ProposalInput): Blocker | undefined {
  if (!reference.ok || selectsArtifact(settings.images, artifact.name, reference.value)) return undefined;
  return {
    code: 'not-selected',
    message: `headwind.sh/images names neither ${artifact.name} nor ${artifact.image}`,
  };
}

function policyAllowsUpdates({ settings, problems }: ProposalInput): Blocker | undefined {
  return settings.policy === 'none' && !isUnclear(problems, ANNOTATION.policy)
    ? { code: 'policy-none', message: 'headwind.sh/policy is none' }
    : undefined;
}

function sourceIsHeard({ settings, problems, candidate }: ProposalInput): Blocker | undefined {
  const { eventSource } = settings;
  if (isUnclear(problems, ANNOTATION.eventSource)) return undefined;
  if (eventSource === 'both' || eventSource === candidate.source) return undefined;
  if (eventSource === 'polling' && candidate.source === 'discovery') return undefined;
  return {
    code: 'event-source',
    message: `headwind.sh/event-source is ${eventSource}, and this came by ${candidate.source}`,
  };
}

function candidateIsAdmitted(input: ProposalInput): Blocker | undefined {
  const { reference, settings, rule, candidate, artifact } = input;
  if (!reference.ok || settings.policy === 'none' || artifact.release?.obstacle !== undefined)
    return undefined;
  const current = effectiveTag(reference.value);
  if (candidate.tag === current) {
    return isChart(reference.value)
      ? upToDate(`${current} is set already, and of a chart only the version is followed, not its digest`)
      : digestIsTracked(settings, rule, candidate.tag);
  }
  const judge = candidate.source === 'webhook' ? judgePushed : judgeListed;
  const verdict = judge(rule, current, candidate.tag);
  return verdict.admitted ? undefined : { code: verdict.code, message: verdict.reason };
}

function chartCanBeSet({ artifact }: ProposalInput): Blocker | undefined {
  return artifact.release?.obstacle;
}

/** Only `force` may go back, and only to what was just pushed. */
function chartIsNotOlder({ artifact, candidate, settings }: ProposalInput): Blocker | undefined {
  if (settings.policy === 'force' && candidate.source === 'webhook') return undefined;
  return belowRunning(artifact.release?.running, candidate.tag);
}

function digestIsTracked(settings: WorkloadSettings, rule: PolicyRule, tag: string): Blocker | undefined {
  if (!settings.trackDigest) {
    return { code: 'up-to-date', message: `${tag} runs already, and headwind.sh/track-digest is not "true"` };
  }
  if (rule.pattern === undefined || rule.pattern.matches(tag)) return undefined;
  return { code: 'pattern', message: `${tag} does not match headwind.sh/pattern ${settings.pattern ?? ''}` };
}

function noNewerRequestIsOpen({ requests, candidate, settings }: ProposalInput): Blocker | undefined {
  const newer = findNewerOpen(requests, candidate.tag, settings.policy);
  if (newer === undefined) return undefined;
  return {
    code: 'newer-request',
    message: `UpdateRequest ${newer.metadata.name} for ${newer.spec.newImage} is open, which is above ${candidate.tag}`,
  };
}

function candidateIsNotHeld({ requests, artifact, candidate }: ProposalInput): Blocker | undefined {
  const held = findHold(requests, { currentImage: artifact.image, tag: candidate.tag, digest: undefined });
  return held === undefined ? undefined : heldBy(held);
}

function stay(code: BlockerCode, message: string): Decision {
  return { action: 'stay', blockers: [{ code, message }] };
}
