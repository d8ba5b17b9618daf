import { ANNOTATION, isUnclear, type AnnotationProblem, type WorkloadSettings } from './annotations.ts';
import type { Blocker, BlockerCode } from './blocker.ts';
import { findHold } from './holds.ts';
import { effectiveTag, withVersion, type ImageReference } from './image-reference.ts';
import { findNewerOpen, findSameOpen } from './open-requests.ts';
import { compilePattern } from './pattern.ts';
import { judgePushed, type PolicyRule } from './policy.ts';
import type { Result } from './result.ts';
import { selectsArtifact } from './selection.ts';
import type { Signal } from './signal.ts';
import type { UpdateRequest } from './update-request.ts';
import type { Artifact } from './workload.ts';

export type VerifyMode = 'always' | 'auto' | 'never';

/** What the registry said when it was asked for the candidate's digest. */
export type Confirmation =
  | { readonly outcome: 'found'; readonly digest: string }
  | { readonly outcome: 'missing'; readonly message: string }
  | { readonly outcome: 'unavailable'; readonly message: string; readonly retryAfterMs?: number }
  | { readonly outcome: 'not-asked' };

/** All that is known about one artifact when a signal arrives for its repository. Gathered beforehand; nothing is asked here. */
export interface ProposalInput {
  readonly artifact: Artifact;
  readonly reference: Result<ImageReference>;
  readonly settings: WorkloadSettings;
  readonly problems: readonly AnnotationProblem[];
  readonly rule: PolicyRule;
  readonly candidate: Pick<Signal, 'tag' | 'source'>;
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
  candidateIsAdmitted, //   policy, pattern, variant, order
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
 * registry lets it through unverified; under `never` the registry is not asked.
 */
export function decide(input: ProposalInput, confirmation: Confirmation, mode: VerifyMode): Decision {
  if (!input.reference.ok) return stay('invalid-image', input.reference.error);
  const reference = input.reference.value;
  const refused = refusalOf(confirmation, mode);
  if (refused !== undefined) return { action: 'stay', blockers: [refused] };
  const digest = confirmation.outcome === 'found' ? confirmation.digest : undefined;
  const { tag } = input.candidate;
  const sameTag = tag === effectiveTag(reference);
  const pinned = reference.digest !== undefined || sameTag;
  if (pinned && digest === undefined) {
    return stay('registry', `${reference.text} is pinned to a digest, and the digest of ${tag} is not known`);
  }
  if (sameTag && digest === reference.digest)
    return stay('up-to-date', `${tag} is still the digest that is set`);
  const held = findHold(input.requests, { currentImage: input.artifact.image, tag, digest });
  if (held !== undefined) return { action: 'stay', blockers: [heldBy(held)] };
  const newImage = pinned ? withVersion(reference, tag, digest) : withVersion(reference, tag);
  const same = findSameOpen(input.requests, { newImage, newDigest: digest });
  if (same !== undefined) {
    return stay('awaiting-approval', `UpdateRequest ${same.metadata.name} asks for exactly this already`);
  }
  return { action: 'update', newImage, newDigest: digest, reason: reasonFor(input, reference, confirmation) };
}

function refusalOf(confirmation: Confirmation, mode: VerifyMode): Blocker | undefined {
  if (mode === 'never') return undefined;
  if (confirmation.outcome === 'missing') return { code: 'tag-missing', message: confirmation.message };
  if (mode === 'always' && confirmation.outcome === 'unavailable') {
    return { code: 'registry', message: confirmation.message };
  }
  return undefined;
}

function reasonFor(input: ProposalInput, reference: ImageReference, confirmation: Confirmation): string {
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
  return {
    code: 'event-source',
    message: `headwind.sh/event-source is ${eventSource}, and this came by ${candidate.source}`,
  };
}

function candidateIsAdmitted({ reference, settings, rule, candidate }: ProposalInput): Blocker | undefined {
  if (!reference.ok || settings.policy === 'none') return undefined;
  const current = effectiveTag(reference.value);
  if (candidate.tag === current) return digestIsTracked(settings, rule, candidate.tag);
  const verdict = judgePushed(rule, current, candidate.tag);
  return verdict.admitted ? undefined : { code: verdict.code, message: verdict.reason };
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

const WHY_HELD: Readonly<Record<string, string>> = {
  Rejected: 'was rejected',
  RolledBack: 'was rolled back',
  Completed: 'was applied and taken back by hand since',
};

function heldBy(request: UpdateRequest): Blocker {
  const { phase, rejectedBy } = request.status;
  const who = phase === 'Rejected' && rejectedBy !== undefined ? ` by ${rejectedBy}` : '';
  const why = `${WHY_HELD[phase] ?? 'is held'}${who}`;
  return {
    code: 'held',
    message: `${request.spec.newImage} ${why} (UpdateRequest ${request.metadata.name}); a newer version or a person lifts this`,
  };
}

function stay(code: BlockerCode, message: string): Decision {
  return { action: 'stay', blockers: [{ code, message }] };
}
