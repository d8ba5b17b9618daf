import type { WorkloadSettings } from './annotations.ts';
import { toTimestamp } from './clock.ts';
import type { Verdict } from './health.ts';
import { withConditions } from './request-machine.ts';
import type {
  Condition,
  UpdateRequest,
  UpdateRequestStatus,
  Verification,
  WatchOutcome,
} from './update-request.ts';

/** Bad checks are counted no faster than this: kubelet's first back-off has passed by then, and it has tried again. */
export const CHECK_INTERVAL_MS = 10_000;

/** Since when a rollout has looked healthy without a further restart. */
export interface Settling {
  readonly sinceMs: number;
  readonly restarts: number;
}

export interface WatchInput {
  readonly verification: Verification;
  readonly verdict: Verdict;
  readonly settling: Settling | undefined;
  readonly settings: Pick<WorkloadSettings, 'rollbackTimeoutMs' | 'healthCheckRetries'>;
  /** When the rollout began that is judged, in milliseconds since the Unix epoch. */
  readonly startedAtMs: number;
  readonly nowMs: number;
}

export interface WatchStep {
  /** What is to stand in the request; the very object that came in where nothing has changed. */
  readonly verification: Verification;
  readonly condition: HealthCondition;
  readonly settling: Settling | undefined;
  /** Whether a bad check was counted. */
  readonly counted: boolean;
  /** When to look again though nothing has changed; undefined when the watch is over. */
  readonly wakeAtMs: number | undefined;
}

export type HealthCondition = Pick<Condition, 'status' | 'reason' | 'message'>;

/** One step of the watch over a rollout: what a verdict makes of what was known before. */
export function nextOfWatch(input: WatchInput): WatchStep {
  const { verdict } = input;
  switch (verdict.health) {
    case 'healthy':
      return whileHealthy(input, verdict);
    case 'progressing':
      return whileProgressing(input, verdict);
    case 'failing':
      return whileFailing(input, verdict);
    case 'unseen':
      return isLate(input)
        ? ended(input, 'Unknown', {
            reason: 'NotObserved',
            message: `${verdict.message}, and the time is over`,
          })
        : waiting(input, { message: verdict.message });
    default:
      return verdict satisfies never;
  }
}

function whileHealthy(input: WatchInput, verdict: Extract<Verdict, { health: 'healthy' }>): WatchStep {
  const { settling, nowMs } = input;
  const goesOn = settling !== undefined && settling.restarts === verdict.restarts;
  const sinceMs = goesOn ? settling.sinceMs : nowMs;
  const { message, restarts } = verdict;
  if (nowMs - sinceMs >= verdict.settleMs)
    return ended(withoutFailures(input), 'Healthy', { reason: 'Healthy', message });
  const settled = { sinceMs, restarts };
  const wakeAtMs = sinceMs + verdict.settleMs;
  // Between two crashes a container may look healthy for a while: the count begins anew only when that is believed.
  return { ...waiting(input, { message, reason: 'Settling' }), settling: settled, wakeAtMs };
}

function whileProgressing(
  input: WatchInput,
  { message, missing, stalled }: Extract<Verdict, { health: 'progressing' }>,
): WatchStep {
  if (!isLate(input)) return waiting(withoutFailures(input), { message });
  const { baseline } = input.verification;
  if (stalled !== undefined) return ended(input, 'Unknown', { reason: stalled.reason, message });
  if (baseline.missing > 0 && missing <= baseline.missing) {
    const before = `${message}; no more are missing than before the update`;
    return ended(input, 'Unknown', { reason: 'NoWorseThanBefore', message: before });
  }
  return failed(input, { reason: 'NotReadyInTime', message });
}

/** A bad check counts once in CHECK_INTERVAL_MS; the last one, or any after the time is over, decides. */
function whileFailing(
  input: WatchInput,
  { reason, message }: Extract<Verdict, { health: 'failing' }>,
): WatchStep {
  const { verification, settings, nowMs } = input;
  if (isLate(input)) return failed(input, { reason, message });
  const { failedChecks, lastFailedAt } = verification;
  const retries = settings.healthCheckRetries;
  const nextAtMs = failedChecks === 0 ? nowMs : Date.parse(lastFailedAt ?? '') + CHECK_INTERVAL_MS;
  // Where going back is out of the question there is nothing more to count; it may still recover.
  if (failedChecks >= retries && !verification.baseline.healthy) return waiting(input, { reason, message });
  if (nowMs < nextAtMs)
    return { ...waiting(input, { reason, message }), wakeAtMs: Math.min(nextAtMs, deadlineOf(input)) };
  const counted = { ...verification, failedChecks: failedChecks + 1, lastFailedAt: toTimestamp(nowMs) };
  if (counted.failedChecks >= retries && verification.baseline.healthy)
    return { ...failed({ ...input, verification: counted }, { reason, message }), counted: true };
  const told = `Check ${counted.failedChecks} of ${retries} was bad: ${message}`;
  return {
    ...waiting({ ...input, verification: counted }, { reason, message: told }),
    counted: true,
    wakeAtMs: Math.min(nowMs + CHECK_INTERVAL_MS, deadlineOf(input)),
  };
}

function failed(
  input: WatchInput,
  { reason, message }: { readonly reason: string; readonly message: string },
): WatchStep {
  const { baseline } = input.verification;
  if (baseline.healthy) return ended(input, 'RollingBack', { reason, message });
  const told = `${message}; nothing is restored, since it was not healthy before either: ${baseline.message}`;
  return ended(input, 'Unhealthy', { reason, message: told });
}

function waiting(
  input: WatchInput,
  { reason = 'Progressing', message }: { readonly reason?: string; readonly message: string },
): WatchStep {
  const { verification } = input;
  const condition: HealthCondition = { status: 'Unknown', reason, message };
  return {
    verification,
    condition,
    settling: undefined,
    counted: false,
    wakeAtMs: deadlineOf(input),
  };
}

const STATUS: Readonly<Record<WatchOutcome, HealthCondition['status']>> = {
  Healthy: 'True',
  Unknown: 'Unknown',
  HandsOff: 'Unknown',
  RollingBack: 'False',
  Unhealthy: 'False',
};

function ended(
  { verification, nowMs }: Pick<WatchInput, 'verification' | 'nowMs'>,
  outcome: WatchOutcome,
  why: { readonly reason: string; readonly message: string },
): WatchStep {
  return {
    verification: { ...verification, outcome, endedAt: toTimestamp(nowMs) },
    condition: { status: STATUS[outcome], ...why },
    settling: undefined,
    counted: false,
    wakeAtMs: undefined,
  };
}

/** The end of a watch for a reason that no verdict gives: somebody has taken over, or a rollback could not be done. */
export function endOfWatch(
  verification: Verification,
  outcome: 'HandsOff' | 'Unhealthy',
  why: { readonly reason: string; readonly message: string; readonly nowMs: number },
): Pick<WatchStep, 'verification' | 'condition'> {
  const { nowMs, ...said } = why;
  return ended({ verification, nowMs }, outcome, said);
}

function withoutFailures(input: WatchInput): WatchInput {
  if (input.verification.failedChecks === 0) return input;
  return { ...input, verification: { ...input.verification, failedChecks: 0 } };
}

function deadlineOf({ startedAtMs, settings }: WatchInput): number {
  return startedAtMs + settings.rollbackTimeoutMs;
}

function isLate(input: WatchInput): boolean {
  return input.nowMs >= deadlineOf(input);
}

/** The status with what the watch has found out. */
export function watchedStatus(
  request: UpdateRequest,
  { verification, condition }: Pick<WatchStep, 'verification' | 'condition'>,
  nowMs: number,
): UpdateRequestStatus {
  const { status } = request;
  const now = toTimestamp(nowMs);
  const conditions = withConditions(status.conditions ?? [], [{ type: 'Healthy', ...condition }], now);
  return { ...status, lastUpdated: now, verification, conditions };
}

/** Whether a rollout is being watched, or a rollback that it asks for is not yet done. */
export function isUnderWatch({ status }: UpdateRequest): boolean {
  const { phase, verification } = status;
  if (phase !== 'Completed' || verification === undefined) return false;
  return verification.outcome === undefined || verification.outcome === 'RollingBack';
}
