import { parseRequested } from './artifact-reference.ts';
import { findHold, isHold } from './holds.ts';
import { compareForPolicy } from './policy.ts';
import type { UpdateRequest } from './update-request.ts';

export const HOLD_REASONS = ['rejected', 'rolled back', 'taken back by hand'] as const;

/** A version that is not proposed for its artifact, for as long as nothing newer runs and nobody lifts the hold. */
export interface StandingHold {
  /** The image that is held back, as the request has it. */
  readonly image: string;
  /** What of it is held: the tag, or the digest where the tag stayed the same. */
  readonly version: string;
  readonly why: (typeof HOLD_REASONS)[number];
  /** Who said no; absent where that is not known. */
  readonly by?: string | undefined;
  /** RFC 3339; absent where that is not known. */
  readonly at?: string | undefined;
  /** What was said with it. */
  readonly message?: string | undefined;
  /** The name of the request that is the hold. */
  readonly request: string;
}

/**
 * The holds among all requests of one artifact that runs `running`, newest first. Those that have done their work are
 * left out: a version above them runs, or they themselves do because somebody wanted it so. `running` is undefined where
 * the workload is not known.
 */
export function standingHolds(
  requests: readonly UpdateRequest[],
  running: string | undefined,
): readonly StandingHold[] {
  return requests
    .filter((request) => isStandingHold(request, running))
    .map((request) => describe(request, requests))
    .sort((a, b) => (b.at ?? '').localeCompare(a.at ?? '') || a.request.localeCompare(b.request));
}

/** Whether the request is one of the `standingHolds`. */
export function isStandingHold(request: UpdateRequest, running: string | undefined): boolean {
  return couldHold(request, running) && keepsBack(request, running) && !isMoot(request, running);
}

/** Whether the request can be a standing hold at all: most are told apart by this, without being read. */
export function couldHold(request: UpdateRequest, running: string | undefined): boolean {
  // By itself nothing but what was refused or taken back can keep anything back (`findHold`).
  return isHold(request) || (request.status.phase === 'Completed' && request.spec.currentImage === running);
}

function keepsBack(request: UpdateRequest, running: string | undefined): boolean {
  if (isHold(request)) return true;
  const reference = parseRequested(request.spec, request.spec.newImage);
  if (running === undefined || !reference.ok || reference.value.tag === undefined) return false;
  const { tag, digest } = reference.value;
  const version = { currentImage: running, tag, digest: request.spec.newDigest ?? digest };
  return findHold([request], version) !== undefined;
}

function isMoot({ spec }: UpdateRequest, running: string | undefined): boolean {
  if (running === undefined) return false;
  if (spec.newImage === running) return true;
  const [held, now] = [tagOf(spec, spec.newImage), tagOf(spec, running)];
  // Under `force` nothing is above anything.
  if (spec.policy === 'force' || held === undefined || now === undefined) return false;
  return (compareForPolicy(now, held, spec.policy) ?? 0) > 0;
}

function describe(request: UpdateRequest, requests: readonly UpdateRequest[]): StandingHold {
  const { metadata, spec, status } = request;
  const common = { image: spec.newImage, version: versionOf(spec), request: metadata.name };
  if (status.phase === 'Completed') return { ...common, why: 'taken back by hand' };
  const rejected = status.phase === 'Rejected';
  const by = rejected ? status.rejectedBy : whoRolledBack(request, requests);
  const at = (rejected ? status.rejectedAt : undefined) ?? status.lastUpdated;
  return {
    ...common,
    why: rejected ? 'rejected' : 'rolled back',
    ...(by === undefined ? {} : { by }),
    ...(at === undefined ? {} : { at }),
    ...(status.message === undefined ? {} : { message: status.message }),
  };
}

function versionOf(spec: UpdateRequest['spec']): string {
  const tag = tagOf(spec, spec.newImage);
  if (tag !== undefined && tag !== tagOf(spec, spec.currentImage)) return tag;
  const reference = parseRequested(spec, spec.newImage);
  return spec.newDigest ?? (reference.ok ? reference.value.digest : undefined) ?? tag ?? spec.newImage;
}

/** Stands in the request that took the version back. */
function whoRolledBack({ spec }: UpdateRequest, requests: readonly UpdateRequest[]): string | undefined {
  const [last] = requests
    .filter((other) => other.spec.rollback === true && other.spec.currentImage === spec.newImage)
    .filter(({ status }) => status.phase === 'Completed')
    .sort((a, b) => (b.status.approvedAt ?? '').localeCompare(a.status.approvedAt ?? ''));
  return last?.status.approvedBy;
}

function tagOf(spec: UpdateRequest['spec'], image: string): string | undefined {
  const reference = parseRequested(spec, image);
  return reference.ok ? reference.value.tag : undefined;
}
