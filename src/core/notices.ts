import { toTimestamp } from './clock.ts';
import { proposedAtMs, type NewRequest } from './new-request.ts';
import type { NotificationEvent } from './notification-event.ts';
import {
  APPROVED_BY_POLICY,
  type Notice,
  type Phase,
  type UpdateRequest,
  type UpdateRequestSpec,
  type UpdateRequestStatus,
} from './update-request.ts';

/**
 * On an UpdateRequest: the targets that are to be told of its creation, separated by commas. A status cannot be written
 * with a new object; it takes this over with the first write that it sees.
 */
export const NOTIFY_ANNOTATION = 'headwind.sh/notify';

/** Whom an event may concern, by id. */
export interface Audience {
  /** The targets that take this event of this request. */
  takersOf(event: NotificationEvent, request: UpdateRequest): readonly string[];
  /** The targets that were there when Headwind saw a decision on this request that was written past it, with kubectl. */
  witnessesOf(request: UpdateRequest): readonly string[];
  readonly nowMs: number;
}

/** What is announced when a request is made: that a person is needed, or that policy alone will bring the version. */
export function creationEvent(
  spec: Pick<UpdateRequestSpec, 'rollback' | 'requireApproval'>,
): NotificationEvent {
  if (spec.rollback === true) return 'rollback_triggered';
  return spec.requireApproval ? 'update_request_created' : 'update_detected';
}

/**
 * What is announced when a request comes into `status.phase`; undefined where nothing is. An approval by policy is no
 * news, a rollback has been announced before anybody approves it, and what expires or is superseded has no event.
 */
export function transitionEvent(
  spec: Pick<UpdateRequestSpec, 'rollback'>,
  { phase, approvedBy }: Pick<UpdateRequestStatus, 'phase' | 'approvedBy'>,
): NotificationEvent | undefined {
  const events = spec.rollback === true ? ROLLBACK_EVENTS : UPDATE_EVENTS;
  const event = events[phase];
  return event === 'update_approved' && approvedBy === APPROVED_BY_POLICY ? undefined : event;
}

const UPDATE_EVENTS: Readonly<Partial<Record<Phase, NotificationEvent>>> = {
  Approved: 'update_approved',
  Rejected: 'update_rejected',
  Completed: 'update_completed',
  Failed: 'update_failed',
};
const ROLLBACK_EVENTS: Readonly<Partial<Record<Phase, NotificationEvent>>> = {
  Completed: 'rollback_completed',
  Failed: 'rollback_failed',
};

/** The same new request, owing its first event to these targets; itself if there are none. */
export function withCreationOwed(request: NewRequest, takers: readonly string[]): NewRequest {
  if (takers.length === 0) return request;
  const { metadata } = request;
  const annotations = { ...metadata.annotations, [NOTIFY_ANNOTATION]: takers.join(',') };
  return { ...request, metadata: { ...metadata, annotations } };
}

/** All that was ever owed of a request, in the order in which it happened. */
export function noticesOf(request: UpdateRequest): readonly Notice[] {
  const written = request.status.notifications ?? [];
  const event = creationEvent(request.spec);
  const owed = split(request.metadata.annotations?.[NOTIFY_ANNOTATION]);
  if (owed.length === 0 || written.some((notice) => notice.event === event)) return written;
  return [{ event, at: toTimestamp(proposedAtMs(request)), owed }, ...written];
}

/**
 * `status` with what a request owes once that is written over the status it has: the event of the transition, if it is
 * one, and before that the decision of a person that was made past Headwind. `status` itself where nothing is added.
 */
export function withOwed(
  request: UpdateRequest,
  status: UpdateRequestStatus,
  audience: Audience,
): UpdateRequestStatus {
  const added = [decisionPastUs(request, audience), eventOf(request, status, audience)].filter(
    (notice) => notice !== undefined,
  );
  return added.length === 0 ? status : { ...status, notifications: [...noticesOf(request), ...added] };
}

function eventOf(
  request: UpdateRequest,
  status: UpdateRequestStatus,
  audience: Audience,
): Notice | undefined {
  if (status.phase === request.status.phase) return undefined;
  const event = transitionEvent(request.spec, status);
  if (event === undefined) return undefined;
  const owed = audience.takersOf(event, { ...request, status });
  return owed.length === 0 ? undefined : { event, at: timeOf(request, status), owed: [...owed] };
}

/**
 * A person's decision of which nobody has been told: it was written past Headwind. A target that came later gets no old
 * news. Owed therefore to those that saw it being made, and, for an hour, to those that this request has named before.
 */
function decisionPastUs(request: UpdateRequest, audience: Audience): Notice | undefined {
  const event = decisionOf(request);
  if (event === undefined) return undefined;
  const { approvedAt, rejectedAt } = request.status;
  const written = event === 'update_approved' ? approvedAt : rejectedAt;
  const saw = audience.witnessesOf(request);
  const at = written ?? (saw.length > 0 ? toTimestamp(audience.nowMs) : timeOf(request, request.status));
  const isOld = audience.nowMs - Date.parse(at) > OLD_NEWS_AFTER_MS;
  const there = new Set([...saw, ...(isOld ? [] : namedIn(noticesOf(request)))]);
  const owed = audience.takersOf(event, request).filter((target) => there.has(target));
  return owed.length === 0 ? undefined : { event, at, owed };
}

const OLD_NEWS_AFTER_MS = 3_600_000;

/** The decision of a person that the status tells of and that has not been announced; undefined if there is none. */
export function decisionOf({ spec, status }: UpdateRequest): NotificationEvent | undefined {
  const decided = status.phase === 'Rejected' ? 'Rejected' : DECIDED[status.phase];
  const event = decided === undefined ? undefined : transitionEvent(spec, { ...status, phase: decided });
  const known = status.notifications ?? [];
  // What came of the decision may have been announced already: then it is too late, since order is kept.
  const late = known.some((notice) => LATER_EVENTS.has(notice.event));
  return event === undefined || late || known.some((notice) => notice.event === event) ? undefined : event;
}

const DECIDED: Readonly<Partial<Record<Phase, 'Approved'>>> = {
  Approved: 'Approved',
  Completed: 'Approved',
  Failed: 'Approved',
  RolledBack: 'Approved',
};
const LATER_EVENTS: ReadonlySet<string> = new Set<NotificationEvent>(['update_completed', 'update_failed']);

/** The first that is still owed to this target. */
export function firstOwed(request: UpdateRequest, target: string): Notice | undefined {
  return noticesOf(request).find(({ owed }) => owed?.includes(target) === true);
}

/** The targets to which a request still owes something. */
export function creditorsOf(request: UpdateRequest): ReadonlySet<string> {
  return new Set(noticesOf(request).flatMap(({ owed }) => owed ?? []));
}

/** The status once the debt to `target` is settled: it has been told of the event, or never will be. */
export function withSettled(
  request: UpdateRequest,
  { event, target, as }: { readonly event: string; readonly target: string; readonly as: 'sent' | 'dropped' },
): UpdateRequestStatus {
  const notifications = noticesOf(request).map((notice) => {
    if (notice.event !== event || notice.owed?.includes(target) !== true) return notice;
    const { owed, ...rest } = notice;
    const left = owed.filter((other) => other !== target);
    return {
      ...rest,
      ...(left.length === 0 ? {} : { owed: left }),
      [as]: [...(notice[as] ?? []), target],
    };
  });
  return { ...request.status, notifications };
}

function namedIn(notices: readonly Notice[]): readonly string[] {
  return notices.flatMap(({ owed = [], sent = [], dropped = [] }) => [...owed, ...sent, ...dropped]);
}

function timeOf({ metadata }: UpdateRequest, { lastUpdated }: UpdateRequestStatus): string {
  return lastUpdated ?? metadata.creationTimestamp;
}

function split(list: string | undefined): string[] {
  const names = (list ?? '').split(',').map((name) => name.trim());
  return [...new Set(names)].filter((name) => name !== '');
}
