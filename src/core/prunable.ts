import { isHold } from './holds.ts';
import { proposedAtMs } from './new-request.ts';
import { creditorsOf } from './notices.ts';
import { isOutgrown } from './open-requests.ts';
import { isFinished } from './request-machine.ts';
import type { UpdateRequest } from './update-request.ts';
import { isUnderWatch } from './verification.ts';

export interface RetentionLimits {
  /** How long a finished request is kept at least. */
  readonly retentionMs: number;
  /** How many of an artifact's finished requests are kept however old they are. */
  readonly keepPerArtifact: number;
}

/** An artifact that is pushed every minute would otherwise keep ten thousand requests within a week. */
const MAX_FINISHED_PER_ARTIFACT = 100;
/** So much longer one is kept that still has to be told to somebody: a target may be away for a while. */
const UNTOLD_KEPT_MS = 86_400_000;

/**
 * The finished requests of one artifact that need not be kept: old, not among the last ones, and no hold. A hold has
 * done its work when a version above it has been applied. One that somebody is still to be told of stays a day longer.
 */
export function prunable(
  requests: readonly UpdateRequest[],
  limits: RetentionLimits,
  nowMs: number,
): readonly UpdateRequest[] {
  const finished = requests.filter((request) => isFinished(request.status.phase) && !isUnderWatch(request));
  // Statuses know whole seconds only: of those that finished within one, the one proposed later is the newer.
  const newestFirst = finished.sort(
    (a, b) => finishedAt(b) - finishedAt(a) || proposedAtMs(b) - proposedAtMs(a),
  );
  return newestFirst.filter((request, rank) => {
    if (isHold(request) && !finished.some((done) => isOutgrown(request, done))) return false;
    const untold = creditorsOf(request).size > 0;
    const old = nowMs - finishedAt(request) >= limits.retentionMs + (untold ? UNTOLD_KEPT_MS : 0);
    return rank >= MAX_FINISHED_PER_ARTIFACT || (old && rank >= limits.keepPerArtifact);
  });
}

function finishedAt(request: UpdateRequest): number {
  return Date.parse(request.status.lastUpdated ?? request.metadata.creationTimestamp);
}
