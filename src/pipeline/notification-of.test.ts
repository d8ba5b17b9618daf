import { describe, expect, it } from 'vitest';
import { aRequest } from '../../test/builders.ts';
import type { UpdateRequestSpec, UpdateRequestStatus } from '../core/update-request.ts';
import { notificationOf, type Links } from './notification-of.ts';

const AT = '2026-01-01T12:00:00Z';
const LINKS: Links = { apiUrl: 'https://api.example.com', uiUrl: undefined };

function told(
  event: string,
  status: Partial<UpdateRequestStatus> = {},
  spec: Partial<UpdateRequestSpec> = {},
): unknown {
  return notificationOf(aRequest({ name: 'web-1', status, spec }), { event, at: AT }, LINKS);
}

const COMMON = {
  timestampMs: Date.parse(AT),
  workload: { kind: 'Deployment', namespace: 'shop', name: 'web', container: 'web' },
  currentImage: 'nginx:1.25.0',
  newImage: 'nginx:1.26.0',
  policy: 'minor',
  updateRequestName: 'web-1',
};

describe('what a target is told', () => {
  const failed = 'Update failed: no such container';
  const back = { rollback: true, reason: 'CrashLoopBackOff' };
  it.each<[string, Partial<UpdateRequestStatus>, Partial<UpdateRequestSpec>, object]>([
    ['update_detected', {}, { requireApproval: false }, { requiresApproval: false }],
    [
      'update_request_created',
      {},
      {},
      {
        requiresApproval: true,
        approvalUrl: 'https://api.example.com/api/v1/updates/shop/web-1/approve',
      },
    ],
    ['update_approved', { approvedBy: 'alice' }, {}, { requiresApproval: true, approvedBy: 'alice' }],
    ['update_approved', {}, {}, { requiresApproval: true, approvedBy: 'unknown' }],
    [
      'update_rejected',
      { rejectedBy: 'bob', message: 'not today' },
      {},
      { requiresApproval: true, approvedBy: 'bob', rejectionReason: 'not today' },
    ],
    [
      'update_rejected',
      { message: 'Rejected by user' },
      {},
      { requiresApproval: true, approvedBy: 'unknown', rejectionReason: 'No reason provided' },
    ],
    ['update_completed', { approvedBy: 'alice' }, {}, { requiresApproval: true, approvedBy: 'alice' }],
    ['update_completed', { approvedBy: 'policy' }, { requireApproval: false }, { requiresApproval: false }],
    [
      'update_failed',
      { approvedBy: 'alice', message: failed },
      {},
      { requiresApproval: true, approvedBy: 'alice', errorMessage: 'no such container' },
    ],
    ['rollback_triggered', { approvedBy: 'alice' }, back, { errorMessage: 'CrashLoopBackOff' }],
    [
      'rollback_completed',
      { approvedBy: 'headwind-auto-rollback' },
      back,
      { approvedBy: 'headwind-auto-rollback' },
    ],
    ['rollback_failed', { message: failed }, back, { errorMessage: 'no such container' }],
  ])('of %s, after %j', (event, status, spec, particulars) => {
    expect(told(event, status, spec)).toEqual({
      id: `uid-of-web-1.${event}`,
      event,
      ...COMMON,
      ...particulars,
    });
  });

  it('names no container where a chart moves', () => {
    const targetRef = { apiVersion: 'v2', kind: 'HelmRelease', name: 'web', namespace: 'shop' };
    const spec = { targetRef, updateType: 'helmChart', currentImage: 'web:1.0.0' } as const;
    expect(told('update_detected', {}, spec)).toMatchObject({
      workload: { kind: 'HelmRelease', namespace: 'shop', name: 'web' },
      currentImage: 'web:1.0.0',
    });
    expect(told('update_detected', {}, spec)).not.toHaveProperty('workload.container');
  });

  it('links to the dashboard where there is one', () => {
    const links = { ...LINKS, uiUrl: 'https://headwind.example.com' };
    const notification = notificationOf(
      aRequest({ name: 'web-1' }),
      { event: 'update_completed', at: AT },
      links,
    );
    expect(notification?.uiUrl).toBe('https://headwind.example.com/updates/shop/web-1');
  });

  it('is nothing of an event that this version does not know', () => {
    expect(told('update_imagined')).toBeUndefined();
  });
});
