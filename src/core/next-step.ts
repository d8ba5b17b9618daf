import { ANNOTATION, isUnclear, type AnnotationProblem, type WorkloadSettings } from './annotations.ts';
import { isSameArtifact, parseRequested } from './artifact-reference.ts';
import type { Blocker } from './blocker.ts';
import { toTimestamp } from './clock.ts';
import { invalidAnnotations } from './decision.ts';
import { findSuccessor } from './open-requests.ts';
import { suspendedBlocker } from './release-chart.ts';
import { isFinished, type Change } from './request-machine.ts';
import { APPROVED_BY_AUTO_ROLLBACK, APPROVED_BY_POLICY, type UpdateRequest } from './update-request.ts';
import type { Artifact } from './workload.ts';

/** The workload that a request is about, as far as the next step depends on it. */
export interface Target {
  readonly settings: WorkloadSettings;
  readonly problems: readonly AnnotationProblem[];
  /** Whether `headwind.sh/policy` is still there. */
  readonly annotated: boolean;
  /** The container (or chart) that the request names; undefined if the workload has none of that name. */
  readonly artifact: Artifact | undefined;
  /** Whether the workload's own history says that this very request has been applied. */
  readonly appliedByThis: boolean;
  /** Whether only that history is missing: the version is set in another object, which says that this request set it. */
  readonly halfAppliedByThis?: boolean;
  /** `spec.suspend` of a release. */
  readonly suspended?: boolean;
  /** Whether the workload's last update brought this very version to another of its containers. */
  readonly sameRollout: boolean;
}

export interface StepInput {
  readonly request: UpdateRequest;
  /** Undefined if there is no such workload. */
  readonly target: Target | undefined;
  /** The other requests of the same artifact. */
  readonly siblings: readonly UpdateRequest[];
  readonly nowMs: number;
}

/** What is to be done about a request now. */
export type Step =
  | {
      readonly kind: 'change';
      readonly change: Exclude<Change, { to: 'Approved' | 'Rejected' | 'Completed' }>;
    }
  | { readonly kind: 'approve-by-policy' }
  /** The workload moved on its own: propose the same version again from where it is now, then end this. */
  | { readonly kind: 'moved'; readonly message: string; readonly to: 'Superseded' | 'Failed' }
  | { readonly kind: 'apply'; readonly artifact: Artifact }
  /** It is what the workload runs: only the record is missing. */
  | { readonly kind: 'complete'; readonly message: string }
  | { readonly kind: 'wait'; readonly blockers: readonly Blocker[]; readonly wakeAtMs: number | undefined }
  | { readonly kind: 'finished' };

export const APPLIED_MESSAGE = 'Update applied successfully';

/** The next step of a request: the state machine's edges that nobody has to ask for. */
export function nextStep(input: StepInput): Step {
  const { phase } = input.request.status;
  if (isFinished(phase)) return { kind: 'finished' };
  return phase === 'Pending' ? nextOfPending(input) : nextOfApproved(input);
}

function nextOfPending(input: StepInput): Step {
  const { request, target, siblings, nowMs } = input;
  const expiresAtMs = timeOf(request.spec.expiresAt);
  if (expiresAtMs !== undefined && expiresAtMs <= nowMs) {
    return change('Expired', `Nobody approved it by ${request.spec.expiresAt ?? ''}`);
  }
  const successor = findSuccessor(request, siblings);
  if (successor !== undefined) return supersededBy(successor);
  if (target !== undefined) {
    const drift = driftOf(request, target);
    if (drift !== undefined) return drift;
    if (isApprovedByPolicy(request, target)) return { kind: 'approve-by-policy' };
  }
  const liftsAt = expiresAtMs === undefined ? {} : { liftsAt: toTimestamp(expiresAtMs) };
  const waiting: Blocker = {
    code: 'awaiting-approval',
    message: 'A person has to approve or reject it',
    ...liftsAt,
  };
  return { kind: 'wait', blockers: [waiting], wakeAtMs: expiresAtMs };
}

/** The workload no longer runs what the request starts from. */
function driftOf(request: UpdateRequest, target: Target): Step | undefined {
  if (target.artifact === undefined)
    return change('Superseded', `The workload has no ${artifactOf(request)} any more`);
  if (target.artifact.release?.unresolved === true) return undefined;
  const running = target.artifact.image;
  if (running === request.spec.newImage) return change('Superseded', `The workload runs ${running} already`);
  if (running === request.spec.currentImage) return undefined;
  return { kind: 'moved', message: `The workload moved on its own, to ${running}`, to: 'Superseded' };
}

/** The request says so and the workload still says so: a request alone cannot approve itself. */
function isApprovedByPolicy(request: UpdateRequest, target: Target): boolean {
  return !request.spec.requireApproval && !target.settings.requireApproval && target.problems.length === 0;
}

function nextOfApproved(input: StepInput): Step {
  const { request, target } = input;
  const outOfScope = scopeViolation(request);
  if (outOfScope !== undefined) return change('Failed', outOfScope);
  if (target === undefined) return change('Failed', `There is no ${nameOf(request)}`);
  if (target.appliedByThis) return { kind: 'complete', message: APPLIED_MESSAGE };
  if (!target.annotated) return change('Failed', `${nameOf(request)} no longer carries headwind.sh/policy`);
  const { artifact } = target;
  if (artifact === undefined) return change('Failed', `${nameOf(request)} has no ${artifactOf(request)}`);
  if (target.halfAppliedByThis === true) return { kind: 'apply', artifact };
  return nextOfApplicable(input, target, artifact);
}

function nextOfApplicable(input: StepInput, target: Target, artifact: Artifact): Step {
  const { request, siblings } = input;
  const { obstacle, unresolved } = artifact.release ?? {};
  if (unresolved === true && obstacle !== undefined)
    return { kind: 'wait', blockers: [obstacle], wakeAtMs: undefined };
  if (artifact.image === request.spec.newImage) {
    return { kind: 'complete', message: `The workload runs ${artifact.image} already` };
  }
  const byPolicy = request.status.approvedBy === APPROVED_BY_POLICY;
  if (artifact.image !== request.spec.currentImage) return overtaken(request, artifact.image, byPolicy);
  const successor = findSuccessor(request, siblings);
  if (successor !== undefined) return supersededBy(successor);
  const blockers = applyBlockers(input, target, byPolicy);
  return blockers.length === 0 ? { kind: 'apply', artifact } : heldUp(request, blockers);
}

/**
 * What was approved started from something else than what runs now. A person's approval was for that change and does not
 * count for another one, so they are asked anew; nobody proposes a rollback anew, since it may be wrong by now.
 */
function overtaken(request: UpdateRequest, running: string, byPolicy: boolean): Step {
  const message = `The workload moved on its own, to ${running}`;
  if (request.spec.rollback === true) return change(isAutomatic(request) ? 'Superseded' : 'Failed', message);
  return { kind: 'moved', message, to: byPolicy ? 'Superseded' : 'Failed' };
}

/** A rollback that nobody asked for does not wait until a person's pause ends: by then it may be wrong. */
function heldUp(request: UpdateRequest, blockers: readonly Blocker[]): Step {
  if (isAutomatic(request)) return change('Superseded', blockers.map(({ message }) => message).join('; '));
  return { kind: 'wait', blockers, wakeAtMs: latestLift(blockers) };
}

function isAutomatic({ spec, status }: UpdateRequest): boolean {
  return spec.rollback === true && status.approvedBy === APPROVED_BY_AUTO_ROLLBACK;
}

/** Whoever may write requests in a namespace gains nothing beyond it, and no other image. */
function scopeViolation({ metadata, spec }: UpdateRequest): string | undefined {
  if (spec.targetRef.namespace !== metadata.namespace) {
    return `The target is in namespace ${spec.targetRef.namespace}, the request in ${metadata.namespace}`;
  }
  if ((spec.updateType === 'helmChart') !== (spec.targetRef.kind === 'HelmRelease'))
    return `spec.updateType is ${spec.updateType}, and the target a ${spec.targetRef.kind}`;
  if (spec.containerName === undefined) return 'spec.containerName is missing';
  const before = parseRequested(spec, spec.currentImage);
  const after = parseRequested(spec, spec.newImage);
  if (!before.ok) return `spec.currentImage: ${before.error}`;
  if (!after.ok) return `spec.newImage: ${after.error}`;
  if (spec.updateType === 'helmChart' && after.value.tag === undefined)
    return `spec.newImage: "${spec.newImage}" names no version`;
  if (isSameArtifact(before.value, after.value)) return undefined;
  const what = spec.updateType === 'helmChart' ? 'chart' : 'repository';
  return `${spec.newImage} is another ${what} than ${spec.currentImage}`;
}

/** What keeps an approved update from being applied now. A person's approval overrides intervals, not a pause. */
function applyBlockers({ request, nowMs }: StepInput, target: Target, byPolicy: boolean): readonly Blocker[] {
  const blockers: Blocker[] = [];
  const pauseUnclear = isUnclear(target.problems, ANNOTATION.paused);
  if (target.problems.length > 0 && (byPolicy || pauseUnclear))
    blockers.push(invalidAnnotations(target.problems));
  if (target.settings.paused && !pauseUnclear) blockers.push(pausedBlocker());
  blockers.push(...releaseBlockers(target));
  if (!byPolicy) return blockers;
  const interval = target.sameRollout ? undefined : intervalBlocker(target.settings, nowMs);
  if (interval !== undefined) blockers.push(interval);
  const early = interval === undefined ? notBeforeBlocker(request, nowMs) : undefined;
  if (early !== undefined) blockers.push(early);
  return blockers;
}

/** What Flux would make nothing of, or what cannot be set. */
function releaseBlockers({ suspended, artifact }: Target): readonly Blocker[] {
  const obstacle = artifact?.release?.obstacle;
  return [...(suspended === true ? [suspendedBlocker()] : []), ...(obstacle === undefined ? [] : [obstacle])];
}

function notBeforeBlocker({ spec }: UpdateRequest, nowMs: number): Blocker | undefined {
  const notBeforeMs = timeOf(spec.notBefore);
  if (notBeforeMs === undefined || notBeforeMs <= nowMs) return undefined;
  const message = `spec.notBefore is ${spec.notBefore ?? ''}`;
  return { code: 'not-before', message, liftsAt: toTimestamp(notBeforeMs) };
}

/** `headwind.sh/paused: "true"`: lifts only by hand. */
export function pausedBlocker(): Blocker {
  return { code: 'paused', message: 'headwind.sh/paused is "true"' };
}

/**
 * The minimum interval since the workload's last update, while it lasts. An update that lies farther ahead than the interval
 * was written down by a clock that was wrong: nothing waits for that, or an hour's mistake would hold up everything for
 * an hour.
 */
export function intervalBlocker(settings: WorkloadSettings, nowMs: number): Blocker | undefined {
  if (settings.lastUpdateMs === undefined) return undefined;
  const liftsAtMs = settings.lastUpdateMs + settings.minUpdateIntervalMs;
  if (liftsAtMs <= nowMs || settings.lastUpdateMs - nowMs > settings.minUpdateIntervalMs) return undefined;
  const seconds = Math.round(settings.minUpdateIntervalMs / 1000);
  return {
    code: 'min-update-interval',
    message: `The last update was at ${toTimestamp(settings.lastUpdateMs)}, and ${seconds} s have to lie between two`,
    liftsAt: toTimestamp(liftsAtMs),
  };
}

/** When to look again: only if every blocker says when it lifts; otherwise a change of the workload wakes it. */
function latestLift(blockers: readonly Blocker[]): number | undefined {
  const times = blockers.map(({ liftsAt }) => timeOf(liftsAt));
  return times.reduce(
    (latest, time) => (latest === undefined || time === undefined ? undefined : Math.max(latest, time)),
    0,
  );
}

function supersededBy(successor: UpdateRequest): Step {
  return change(
    'Superseded',
    `UpdateRequest ${successor.metadata.name} for ${successor.spec.newImage} is newer`,
  );
}

function change(to: 'Failed' | 'Expired' | 'Superseded', message: string): Step {
  return { kind: 'change', change: { to, message } };
}

function nameOf({ spec }: UpdateRequest): string {
  return `${spec.targetRef.kind} ${spec.targetRef.namespace}/${spec.targetRef.name}`;
}

function artifactOf({ spec }: UpdateRequest): string {
  return `${spec.updateType === 'helmChart' ? 'chart' : 'container'} ${spec.containerName ?? '(unnamed)'}`;
}

function timeOf(timestamp: string | undefined): number | undefined {
  return timestamp === undefined ? undefined : Date.parse(timestamp);
}
