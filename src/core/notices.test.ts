import { describe, expect, it } from 'vitest';
import { anApprovedRequest, aRequest, NOON } from '../../test/builders.ts';
import {
  creationEvent,
  creditorsOf,
  decisionOf,
  firstOwed,
  noticesOf,
  NOTIFY_ANNOTATION,
  transitionEvent,
  withOwed,
  withSettled,
  type Audience,
} from './notices.ts';
import type { NotificationEvent } from './notification-event.ts';
import { PHASES, type Notice, type UpdateRequest, type UpdateRequestStatus } from './update-request.ts';

const AT = '2026-01-01T12:00:00Z';
const EARLIER = '2026-01-01T11:30:00Z';

/** Targets by id and what they take; an empty list takes all. */
function anAudience(
  targets: Readonly<Record<string, readonly NotificationEvent[]>>,
  more: Partial<Audience> = {},
): Audience {
  return {
    takersOf: (event) =>
      Object.entries(targets).flatMap(([id, events]) =>
        events.length === 0 || events.includes(event) ? [id] : [],
      ),
    witnessesOf: () => [],
    nowMs: NOON,
    ...more,
  };
}

function statusOf(request: UpdateRequest, change: Partial<UpdateRequestStatus>): UpdateRequestStatus {
  return { ...request.status, lastUpdated: AT, ...change };
}

describe('what a request announces', () => {
  it.each([
    ['that a person is needed', { requireApproval: true }, 'update_request_created'],
    ['that policy alone will bring the version', { requireApproval: false }, 'update_detected'],
    ['that a version is taken back', { requireApproval: true, rollback: true }, 'rollback_triggered'],
  ])('when it is made: %s', (_, spec, event) => {
    expect(creationEvent(spec)).toBe(event);
  });

  const updates: Partial<Record<(typeof PHASES)[number], string>> = {
    Approved: 'update_approved',
    Rejected: 'update_rejected',
    Completed: 'update_completed',
    Failed: 'update_failed',
  };
  it.each(PHASES)('when an update comes into %s', (phase) => {
    expect(transitionEvent({}, { phase, approvedBy: 'alice' })).toBe(updates[phase]);
  });

  const rollbacks: Partial<Record<(typeof PHASES)[number], string>> = {
    Completed: 'rollback_completed',
    Failed: 'rollback_failed',
  };
  it.each(PHASES)('when a rollback comes into %s', (phase) => {
    expect(transitionEvent({ rollback: true }, { phase, approvedBy: 'alice' })).toBe(rollbacks[phase]);
  });

  it('never that policy approved it: nobody did', () => {
    expect(transitionEvent({}, { phase: 'Approved', approvedBy: 'policy' })).toBeUndefined();
  });
});

describe('what is owed', () => {
  it('at creation stands in an annotation, and counts until a status has taken it over', () => {
    const request = aRequest({ annotations: { [NOTIFY_ANNOTATION]: 'slack, teams,slack,' } });
    const owed = { event: 'update_request_created', at: '2026-01-01T11:00:00Z', owed: ['slack', 'teams'] };
    expect(noticesOf(request)).toEqual([owed]);
    const taken = { ...owed, owed: ['teams'], sent: ['slack'] };
    expect(noticesOf({ ...request, status: { phase: 'Pending', notifications: [taken] } })).toEqual([taken]);
  });

  it('stands in the same status as the transition, after what was owed before', () => {
    const request = aRequest({ annotations: { [NOTIFY_ANNOTATION]: 'slack' } });
    const status = statusOf(request, { phase: 'Rejected', rejectedBy: 'bob' });
    expect(withOwed(request, status, anAudience({ slack: [], hook: [] })).notifications).toEqual([
      { event: 'update_request_created', at: '2026-01-01T11:00:00Z', owed: ['slack'] },
      { event: 'update_rejected', at: AT, owed: ['slack', 'hook'] },
    ]);
  });

  it.each([
    ['nobody is configured', {}, { phase: 'Rejected' }],
    ['nobody takes this event', { slack: ['update_failed'] }, { phase: 'Rejected' }],
    ['the phase stays', { slack: [] }, { phase: 'Pending', message: 'still here' }],
    ['there is no event for it', { slack: [] }, { phase: 'Expired' }],
    ['policy approved it', { slack: [] }, { phase: 'Approved', approvedBy: 'policy' }],
  ] as const)('is nothing, and the status the very same, where %s', (_, targets, change) => {
    const request = aRequest();
    const status = statusOf(request, change);
    expect(withOwed(request, status, anAudience(targets))).toBe(status);
  });
});

describe('a decision that was written past Headwind', () => {
  const named = { event: 'update_request_created', at: EARLIER, sent: ['slack'] };
  const approved = (change: Partial<UpdateRequestStatus>): UpdateRequest =>
    anApprovedRequest({ status: { approvedAt: EARLIER, ...change } });

  it.each<readonly [string, UpdateRequest, NotificationEvent | undefined]>([
    ['an approval by a person', approved({}), 'update_approved'],
    ['one without a name', aRequest({ status: { phase: 'Approved' } }), 'update_approved'],
    ['a rejection', aRequest({ status: { phase: 'Rejected' } }), 'update_rejected'],
    ['not an approval by policy', approved({ approvedBy: 'policy' }), undefined],
    ['not of a rollback', anApprovedRequest({ spec: { rollback: true } }), undefined],
    ['not of one that is pending', aRequest(), undefined],
    ['not of one that expired', aRequest({ status: { phase: 'Expired' } }), undefined],
    ['not what stands there', approved({ notifications: [{ event: 'update_approved', at: AT }] }), undefined],
    [
      'not what has been overtaken',
      approved({ phase: 'Completed', notifications: [{ event: 'update_completed', at: AT }] }),
      undefined,
    ],
  ])('is told: %s', (_, request, event) => {
    expect(decisionOf(request)).toBe(event);
  });

  const owedAfter = (request: UpdateRequest, audience: Audience): readonly Notice[] | undefined =>
    withOwed(request, statusOf(request, { phase: 'Completed' }), audience).notifications;

  it('is owed, before what came of it, to targets that the request has named', () => {
    const request = approved({ notifications: [named] });
    expect(owedAfter(request, anAudience({ slack: [], late: [] }))).toEqual([
      named,
      { event: 'update_approved', at: EARLIER, owed: ['slack'] },
      { event: 'update_completed', at: AT, owed: ['slack', 'late'] },
    ]);
  });

  it('is owed to targets that saw it, at the time when they did if nothing else is written', () => {
    const request = aRequest({ status: { phase: 'Rejected' } });
    const audience = anAudience({ slack: [], late: [] }, { witnessesOf: () => ['slack'] });
    expect(withOwed(request, request.status, audience).notifications).toEqual([
      { event: 'update_rejected', at: AT, owed: ['slack'] },
    ]);
  });

  it('is old news after an hour, unless it was seen', () => {
    const request = approved({ approvedAt: '2026-01-01T10:00:00Z', notifications: [named] });
    expect(withOwed(request, request.status, anAudience({ slack: [] }))).toBe(request.status);
    const saw = anAudience({ slack: [] }, { witnessesOf: () => ['slack'] });
    expect(withOwed(request, request.status, saw).notifications).toHaveLength(2);
  });

  it('is no news to a target that came later', () => {
    const request = approved({});
    expect(withOwed(request, request.status, anAudience({ late: [] }))).toBe(request.status);
  });
});

describe('what is settled', () => {
  const request = aRequest({
    annotations: { [NOTIFY_ANNOTATION]: 'a,b' },
    status: { phase: 'Rejected', notifications: [{ event: 'update_rejected', at: AT, owed: ['a'] }] },
  });

  it('is owed to nobody any more, in the order in which it happened', () => {
    expect(firstOwed(request, 'a')?.event).toBe('update_request_created');
    const status = withSettled(request, { event: 'update_request_created', target: 'a', as: 'sent' });
    const next = { ...request, status };
    expect(firstOwed(next, 'a')?.event).toBe('update_rejected');
    expect(firstOwed(next, 'b')?.event).toBe('update_request_created');
    expect(creditorsOf(next)).toEqual(new Set(['b', 'a']));
    const dropped = withSettled(next, { event: 'update_request_created', target: 'b', as: 'dropped' });
    expect(dropped.notifications?.[0]).toEqual({
      event: 'update_request_created',
      at: '2026-01-01T11:00:00Z',
      sent: ['a'],
      dropped: ['b'],
    });
  });

  it('changes nothing that is not owed', () => {
    const status = withSettled(request, { event: 'update_rejected', target: 'b', as: 'sent' });
    expect(status.notifications).toEqual(noticesOf(request));
  });
});
