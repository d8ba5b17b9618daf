import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anApprovedRequest, aRequest, NOON } from '../../test/builders.ts';
import { isFinished, transition, waitingStatus, type Change } from './request-machine.ts';
import { PHASES, UpdateRequestStatus, type Phase } from './update-request.ts';

const CHANGES: Readonly<Record<Exclude<Phase, 'Pending'>, Change>> = {
  Approved: { to: 'Approved', by: 'alice' },
  Rejected: { to: 'Rejected', by: 'bob', reason: 'not today' },
  Completed: { to: 'Completed', message: 'done', startedAtMs: NOON, previousImage: 'nginx:1.25.0' },
  Failed: { to: 'Failed', message: 'no such container' },
  Expired: { to: 'Expired', message: 'too late' },
  Superseded: { to: 'Superseded', message: 'newer' },
  RolledBack: { to: 'RolledBack', message: 'crash loop' },
};

const ALLOWED: readonly string[] = [
  'Pending>Approved',
  'Pending>Rejected',
  'Pending>Expired',
  'Pending>Superseded',
  'Approved>Completed',
  'Approved>Failed',
  'Approved>Superseded',
  'Completed>RolledBack',
];

describe('transition', () => {
  const all = PHASES.flatMap((from) => Object.values(CHANGES).map((change) => ({ from, change })));

  it.each(all)('from $from to $change.to is as the table of the design says', ({ from, change }) => {
    const result = transition(aRequest({ status: { phase: from } }), change, NOON);
    expect(result.ok).toBe(ALLOWED.includes(`${from}>${change.to}`));
    expect(result.ok || result.error.phase === from).toBe(true);
  });

  it('records who approved, and when', () => {
    const result = transition(aRequest(), CHANGES.Approved, NOON);
    expect(result).toMatchObject({
      ok: true,
      value: {
        phase: 'Approved',
        approvedBy: 'alice',
        approvedAt: '2026-01-01T12:00:00Z',
        lastUpdated: '2026-01-01T12:00:00Z',
      },
    });
  });

  it('records who rejected, and why', () => {
    const result = transition(aRequest(), CHANGES.Rejected, NOON);
    expect(result).toMatchObject({
      ok: true,
      value: { phase: 'Rejected', rejectedBy: 'bob', message: 'not today' },
    });
  });

  it('says in words that a finished request cannot be approved', () => {
    const result = transition(aRequest({ status: { phase: 'Completed' } }), CHANGES.Approved, NOON);
    expect(result).toMatchObject({
      error: { message: 'UpdateRequest is in Completed state, cannot approve' },
    });
  });

  it('keeps the time of a condition whose status does not change', () => {
    const earlier = '2026-01-01T10:00:00Z';
    const verified = {
      type: 'Verified',
      status: 'True',
      reason: 'Confirmed',
      message: 'x',
      lastTransitionTime: earlier,
    } as const;
    const request = aRequest({ spec: { newDigest: 'sha256:1' }, status: { conditions: [verified] } });
    const result = transition(request, CHANGES.Approved, NOON);
    const conditions = result.ok ? result.value.conditions : [];
    expect(conditions?.find(({ type }) => type === 'Verified')?.lastTransitionTime).toBe(earlier);
    expect(conditions?.find(({ type }) => type === 'Approved')?.lastTransitionTime).toBe(
      '2026-01-01T12:00:00Z',
    );
  });

  it('never leaves a final phase and always writes a status that the schema accepts, in any sequence', () => {
    const changes = fc.array(fc.constantFrom(...Object.values(CHANGES)), { maxLength: 12 });
    fc.assert(
      fc.property(changes, (sequence) => {
        let request = aRequest();
        const phases: Phase[] = [request.status.phase];
        for (const change of sequence) {
          const result = transition(request, change, NOON);
          if (!result.ok) continue;
          expect(UpdateRequestStatus.safeParse(result.value).success).toBe(true);
          request = { ...request, status: result.value };
          phases.push(request.status.phase);
        }
        const firstFinal = phases.findIndex(isFinished);
        const after = firstFinal < 0 ? [] : phases.slice(firstFinal + 1);
        expect(after.every((phase) => phase === 'RolledBack')).toBe(true);
        expect(phases.filter((phase) => phase === 'Approved').length).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('waitingStatus', () => {
  const blocker = {
    code: 'min-update-interval',
    message: 'too soon',
    liftsAt: '2026-01-01T12:05:00Z',
  } as const;

  it('tells what an approved request waits for, and until when', () => {
    const status = waitingStatus(anApprovedRequest(), [blocker], NOON);
    expect(status?.conditions).toMatchObject([
      {
        type: 'Applied',
        status: 'False',
        reason: 'MinUpdateInterval',
        message: 'too soon (lifts at 2026-01-01T12:05:00Z)',
      },
    ]);
  });

  it('is written once, not at every look', () => {
    const request = anApprovedRequest();
    const status = waitingStatus(request, [blocker], NOON) ?? request.status;
    expect(waitingStatus({ ...request, status }, [blocker], NOON + 1000)).toBeUndefined();
  });

  it('says nothing about a pending request, which reads Pending without a second write', () => {
    expect(waitingStatus(aRequest(), [blocker], NOON)).toBeUndefined();
  });
});
