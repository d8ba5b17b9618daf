import type { Blocker } from './blocker.ts';
import { toTimestamp } from './clock.ts';
import { parseRequested, requestedTag } from './artifact-reference.ts';
import type { UpdateRequest } from './update-request.ts';

/** On an UpdateRequest that is a hold: a person said that the version may be proposed again. */
export const HOLD_RELEASED_ANNOTATION = 'headwind.sh/hold-released';

/** Whether this request keeps its version from being proposed again: a person or a failed rollout said no to it. */
export function isHold(request: UpdateRequest): boolean {
  const refused = request.status.phase === 'Rejected' || request.status.phase === 'RolledBack';
  return refused && request.metadata.annotations?.[HOLD_RELEASED_ANNOTATION] !== 'true';
}

export interface VersionInQuestion {
  /** The image that runs, as written. */
  readonly currentImage: string;
  readonly tag: string;
  /** As confirmed by the registry, once it has been asked. */
  readonly digest: string | undefined;
}

/**
 * The request that holds this version back, among all requests of the artifact. Where the tag changes, the tag is the
 * version, so that pushing a refused tag anew does not bring it back; under an unchanged tag the digest is.
 */
export function findHold(
  requests: readonly UpdateRequest[],
  version: VersionInQuestion,
): UpdateRequest | undefined {
  const undone = beingUndone(requests);
  return requests.find(
    (request) =>
      ((isHold(request) || undone.has(request.metadata.name)) && concerns(request, version)) ||
      wasTakenBack(request, version),
  );
}

/** The names of those that a rollback is taking back: its patch may be there before they are RolledBack. */
function beingUndone(requests: readonly UpdateRequest[]): ReadonlySet<string> {
  const rollbacks = requests.filter(
    ({ spec, status }) => spec.rollback === true && status.phase === 'Approved',
  );
  return new Set(rollbacks.flatMap(({ spec }) => spec.undoes ?? []));
}

const WHY_HELD: Readonly<Record<string, string>> = {
  Rejected: 'was rejected',
  RolledBack: 'was rolled back',
  Completed: 'was applied and taken back by hand since',
};

/** What a hold is told as. */
export function heldBy(request: UpdateRequest): Blocker {
  const { phase, rejectedBy } = request.status;
  const who = phase === 'Rejected' && rejectedBy !== undefined ? ` by ${rejectedBy}` : '';
  const why = `${WHY_HELD[phase] ?? 'is held'}${who}`;
  return {
    code: 'held',
    message: `${request.spec.newImage} ${why} (UpdateRequest ${request.metadata.name}); a newer version or a person lifts this`,
  };
}

/** How long a poll leaves an update alone that has just failed. */
const FAILURE_RESTS_MS = 3_600_000;

/**
 * What keeps a poll from proposing again at once what failed when it was applied: it would find it in every list, and
 * fail with it each time. A webhook is heard whatever failed before.
 */
export function recentFailure(
  requests: readonly UpdateRequest[],
  version: Pick<VersionInQuestion, 'currentImage' | 'tag'>,
  nowMs: number,
): Blocker | undefined {
  for (const { metadata, spec, status } of requests) {
    if (status.phase !== 'Failed' || spec.currentImage !== version.currentImage) continue;
    if (requestedTag(spec) !== version.tag) continue;
    const liftsAtMs = Date.parse(status.lastUpdated ?? metadata.creationTimestamp) + FAILURE_RESTS_MS;
    // What failed in a time to come was written down by a clock that was wrong.
    if (liftsAtMs <= nowMs || liftsAtMs > nowMs + 2 * FAILURE_RESTS_MS) continue;
    return {
      code: 'not-before',
      message: `UpdateRequest ${metadata.name} failed: ${status.message ?? 'it does not say why'}`,
      liftsAt: toTimestamp(liftsAtMs),
    };
  }
  return undefined;
}

function concerns(request: UpdateRequest, version: VersionInQuestion): boolean {
  const refused = parseRequested(request.spec, request.spec.newImage);
  const before = parseRequested(request.spec, request.spec.currentImage);
  if (!refused.ok || !before.ok || refused.value.tag !== version.tag) return false;
  const tagChanged = refused.value.tag !== before.value.tag;
  return tagChanged || (version.digest !== undefined && version.digest === digestOf(request));
}

/** Somebody moved the workload back by hand after this request had been completed: as good as a no. */
function wasTakenBack(request: UpdateRequest, version: VersionInQuestion): boolean {
  if (request.status.phase !== 'Completed' || request.spec.rollback === true) return false;
  if (request.metadata.annotations?.[HOLD_RELEASED_ANNOTATION] === 'true') return false;
  if (request.spec.currentImage !== version.currentImage || !concerns(request, version)) return false;
  const digest = digestOf(request);
  return digest === undefined || version.digest === undefined || digest === version.digest;
}

function digestOf(request: UpdateRequest): string | undefined {
  const reference = parseRequested(request.spec, request.spec.newImage);
  return request.spec.newDigest ?? (reference.ok ? reference.value.digest : undefined);
}
