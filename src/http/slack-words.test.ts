import { describe, expect, it } from 'vitest';
import { aRequest, NOON } from '../../test/builders.ts';
import { aNotification } from '../../test/parts/notifications.ts';
import { NOTIFICATION_EVENTS } from '../core/notification-event.ts';
import type { UpdateRequestStatus } from '../core/update-request.ts';
import { renderState, tooLate } from './slack-words.ts';

const APPROVED = { approvedBy: 'bob', approvedAt: '2026-01-01T11:59:00Z' };

describe('somebody whose button comes too late is told', () => {
  it.each<[UpdateRequestStatus, string]>([
    [{ phase: 'Approved', ...APPROVED }, 'It has been approved by bob already.'],
    [
      { phase: 'Rejected', rejectedBy: 'bob', message: 'not before Monday' },
      'It has been rejected by bob already (not before Monday).',
    ],
    [
      { phase: 'Completed', ...APPROVED, message: 'Update applied' },
      'It has been approved by bob already. The request is Completed: Update applied',
    ],
    [
      { phase: 'Failed', ...APPROVED, message: 'Update failed: gone' },
      'It has been approved by bob already. The request is Failed: Update failed: gone',
    ],
    [
      { phase: 'Expired', message: 'Nobody decided in time' },
      'The request is Expired: Nobody decided in time',
    ],
    [{ phase: 'Superseded', message: '1.27 came' }, 'The request is Superseded: 1.27 came'],
    [{ phase: 'Expired' }, 'The request is Expired: Expired'],
  ])('%j', (status, expected) => {
    expect(tooLate(aRequest({ status }))).toBe(`Nothing was done: ${expected}`);
  });
});

describe('the message in place of one that is decided', () => {
  const tell = (_: unknown, notice: { event: string }) => {
    const event = NOTIFICATION_EVENTS.find((known) => known === notice.event);
    return event === undefined ? undefined : aNotification({ event });
  };
  const textOf = (status: UpdateRequestStatus, more = {}): string =>
    renderState(aRequest({ status }), { tell, nowMs: NOON, ...more }) ?? '';

  it.each<[UpdateRequestStatus, RegExp]>([
    [{ phase: 'Approved', ...APPROVED }, /Update approved:.*✅ Approved by bob/],
    [{ phase: 'Completed', ...APPROVED, message: 'Done' }, /Update completed:.*✅ Approved by bob.*Done/],
    [
      { phase: 'Failed', ...APPROVED, message: 'Update failed: x' },
      /Update failed:.*✅ Approved by bob.*Update failed: x/,
    ],
    [{ phase: 'Rejected', rejectedBy: 'bob' }, /Update rejected:.*❌ Rejected by bob/],
    [{ phase: 'Expired', message: 'Too late' }, /Update request created:.*Too late/],
    [{ phase: 'Superseded', message: '1.27 came' }, /Update request created:.*1.27 came/],
  ])('says how it stands: %j', (status, expected) => {
    const text = textOf(status);
    expect(text).toMatch(expected);
    expect(JSON.parse(text)).toMatchObject({ replace_original: true });
    expect(text).not.toMatch(/approve_update|reject_update/);
  });

  it('names the person as they are known, and when they decided', () => {
    const text = textOf({ phase: 'Approved', ...APPROVED }, { by: 'Bob (slack:U2)', outcome: 'It waits' });
    expect(text).toContain(`Approved by Bob (slack:U2), <!date^${Date.parse(APPROVED.approvedAt) / 1000}^`);
    expect(text).toContain('It waits');
  });

  it('is none where nothing can be told', () => {
    expect(renderState(aRequest(), { tell: () => undefined, nowMs: NOON })).toBeUndefined();
  });
});
