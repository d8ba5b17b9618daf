import type { Blocker } from './blocker.ts';
import { toTimestamp } from './clock.ts';
import { fail, ok, type Result } from './result.ts';
import {
  APPROVED_BY_POLICY,
  type Condition,
  type ConditionType,
  type Phase,
  type UpdateRequest,
  type UpdateRequestStatus,
} from './update-request.ts';

/** What stands in the status of a request that somebody rejected without saying why. */
export const REJECTED_WITHOUT_REASON = 'Rejected by user';
/** What the status of a failed request says before the reason. */
export const FAILURE_PREFIX = 'Update failed: ';

/** Which phase may follow which. Everything else is a final phase. */
const TRANSITIONS: Readonly<Record<Phase, readonly Phase[]>> = {
  Pending: ['Approved', 'Rejected', 'Expired', 'Superseded'],
  Approved: ['Completed', 'Failed', 'Superseded'],
  Completed: ['RolledBack'],
  Rejected: [],
  Failed: [],
  Expired: [],
  Superseded: [],
  RolledBack: [],
};

/** Whether nothing will happen to the request by itself any more. */
export function isFinished(phase: Phase): boolean {
  return phase !== 'Pending' && phase !== 'Approved';
}

export type Change =
  | { readonly to: 'Approved'; readonly by: string }
  | { readonly to: 'Rejected'; readonly by: string; readonly reason: string | undefined }
  | {
      readonly to: 'Completed';
      readonly message: string;
      readonly startedAtMs: number;
      readonly previousImage: string;
    }
  | { readonly to: 'Failed' | 'Expired' | 'Superseded' | 'RolledBack'; readonly message: string };

export interface Refusal {
  /** The phase that the request is in. */
  readonly phase: Phase;
  readonly message: string;
}

const VERBS: Readonly<Record<Phase, string>> = {
  Pending: 'reopen',
  Approved: 'approve',
  Rejected: 'reject',
  Completed: 'complete',
  Failed: 'fail',
  Expired: 'expire',
  Superseded: 'supersede',
  RolledBack: 'roll back',
};

/**
 * The status after `change`, whole, or why it may not be. The caller writes it under the resourceVersion of `request`,
 * so that of two who decided on the same version one wins.
 */
export function transition(
  request: UpdateRequest,
  change: Change,
  nowMs: number,
): Result<UpdateRequestStatus, Refusal> {
  const { status, metadata } = request;
  if (!TRANSITIONS[status.phase].includes(change.to)) {
    const message = `UpdateRequest is in ${status.phase} state, cannot ${VERBS[change.to]}`;
    return fail({ phase: status.phase, message });
  }
  const now = toTimestamp(nowMs);
  return ok({
    ...status,
    createdAt: status.createdAt ?? metadata.creationTimestamp,
    phase: change.to,
    lastUpdated: now,
    ...consequences(change, now),
    conditions: withConditions(status.conditions ?? [], conditionsOf(request, change), now),
  });
}

function consequences(change: Change, now: string): Partial<UpdateRequestStatus> {
  switch (change.to) {
    case 'Approved':
      return { approvedBy: change.by, approvedAt: now, message: approvalMessage(change.by) };
    case 'Rejected':
      return { rejectedBy: change.by, rejectedAt: now, message: change.reason ?? REJECTED_WITHOUT_REASON };
    case 'Completed':
      return {
        message: change.message,
        startedAt: toTimestamp(change.startedAtMs),
        previousImage: change.previousImage,
      };
    case 'Failed':
      return { message: `${FAILURE_PREFIX}${change.message}` };
    case 'Expired':
    case 'Superseded':
    case 'RolledBack':
      return { message: change.message };
    default:
      return change satisfies never;
  }
}

function approvalMessage(by: string): string {
  return by === APPROVED_BY_POLICY ? 'Approved by policy: no approval is required' : `Approved by ${by}`;
}

type NewCondition = Omit<Condition, 'lastTransitionTime'>;

function conditionsOf(request: UpdateRequest, change: Change): readonly NewCondition[] {
  const { newDigest } = request.spec;
  const verified: NewCondition =
    newDigest === undefined
      ? condition('Verified', false, 'NotConfirmed', 'The registry has not confirmed the new version.')
      : condition('Verified', true, 'Confirmed', `The registry confirmed ${newDigest}.`);
  switch (change.to) {
    case 'Approved': {
      const reason = change.by === APPROVED_BY_POLICY ? 'ApprovedByPolicy' : 'ApprovedByPerson';
      return [verified, condition('Approved', true, reason, approvalMessage(change.by))];
    }
    case 'Rejected':
      return [verified, condition('Approved', false, 'Rejected', `Rejected by ${change.by}`)];
    case 'Completed':
      return [verified, condition('Applied', true, 'Applied', change.message), ...underWatch(request)];
    case 'Failed':
      return [verified, condition('Applied', false, 'Failed', change.message)];
    case 'RolledBack':
      return [condition('Healthy', false, 'RolledBack', change.message)];
    case 'Expired':
    case 'Superseded':
      return [verified, condition('Applied', false, change.to, change.message)];
    default:
      return change satisfies never;
  }
}

/** An update whose rollout is watched from now on says so in the write that says it was applied. */
function underWatch({ status }: UpdateRequest): readonly NewCondition[] {
  if (status.verification === undefined) return [];
  const message = 'The rollout is being watched';
  return [{ type: 'Healthy', status: 'Unknown', reason: 'Progressing', message }];
}

function condition(type: ConditionType, holds: boolean, reason: string, message: string): NewCondition {
  return { type, status: holds ? 'True' : 'False', reason, message };
}

/** Replaces conditions by type; the transition time moves only when the status does (Kubernetes API conventions). */
export function withConditions(
  old: readonly Condition[],
  fresh: readonly NewCondition[],
  now: string,
): Condition[] {
  const replaced = fresh.map((next) => {
    const before = old.find((known) => known.type === next.type);
    const unchanged = before !== undefined && before.status === next.status;
    return { ...next, lastTransitionTime: unchanged ? before.lastTransitionTime : now };
  });
  return [...old.filter((known) => !fresh.some((next) => next.type === known.type)), ...replaced];
}

/**
 * The status of an approved request that has to wait, with the blockers as the condition `Applied`; undefined if that
 * is what it says already, so that waiting costs one write and not one per look.
 */
export function waitingStatus(
  request: UpdateRequest,
  blockers: readonly Blocker[],
  nowMs: number,
): UpdateRequestStatus | undefined {
  const first = blockers[0];
  if (request.status.phase !== 'Approved' || first === undefined) return undefined;
  const message = blockers.map(waitMessage).join('; ');
  const conditions = request.status.conditions ?? [];
  const said = conditions.some((known) => known.type === 'Applied' && known.message === message);
  if (said) return undefined;
  const now = toTimestamp(nowMs);
  const waiting = condition('Applied', false, toReason(first.code), message);
  return { ...request.status, lastUpdated: now, conditions: withConditions(conditions, [waiting], now) };
}

function waitMessage({ message, liftsAt }: Blocker): string {
  return liftsAt === undefined ? message : `${message} (lifts at ${liftsAt})`;
}

/** Condition reasons are CamelCase (Kubernetes API conventions): `min-update-interval` becomes `MinUpdateInterval`. */
function toReason(code: string): string {
  return code.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
