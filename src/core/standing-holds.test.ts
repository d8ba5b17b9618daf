import { describe, expect, it } from 'vitest';
import { aRequest } from '../../test/builders.ts';
import { HOLD_RELEASED_ANNOTATION } from './holds.ts';
import { standingHolds } from './standing-holds.ts';
import type { UpdateRequest } from './update-request.ts';

const REJECTED = aRequest({
  name: 'no',
  status: { phase: 'Rejected', rejectedBy: 'bob', rejectedAt: '2026-01-01T10:00:00Z', message: 'not now' },
});
const TAKEN_BACK = aRequest({
  name: 'back',
  status: { phase: 'RolledBack', lastUpdated: '2026-01-01T11:00:00Z', message: 'crash loop' },
});
const ROLLBACK = aRequest({
  name: 'undo',
  spec: { rollback: true, currentImage: 'nginx:1.26.0', newImage: 'nginx:1.25.0' },
  status: { phase: 'Completed', approvedBy: 'ann', approvedAt: '2026-01-01T11:00:00Z' },
});
const COMPLETED = aRequest({ name: 'done', status: { phase: 'Completed' } });

const released = (request: UpdateRequest): UpdateRequest => ({
  ...request,
  metadata: { ...request.metadata, annotations: { [HOLD_RELEASED_ANNOTATION]: 'true' } },
});

describe('a hold', () => {
  it('is what was rejected, with who and why', () => {
    expect(standingHolds([REJECTED], 'nginx:1.25.0')).toEqual([
      {
        image: 'nginx:1.26.0',
        version: '1.26.0',
        why: 'rejected',
        by: 'bob',
        at: '2026-01-01T10:00:00Z',
        message: 'not now',
        request: 'no',
      },
    ]);
  });

  it('is what was rolled back, by whoever approved the rollback', () => {
    expect(standingHolds([TAKEN_BACK, ROLLBACK], 'nginx:1.25.0')).toEqual([
      {
        image: 'nginx:1.26.0',
        version: '1.26.0',
        why: 'rolled back',
        by: 'ann',
        at: '2026-01-01T11:00:00Z',
        message: 'crash loop',
        request: 'back',
      },
    ]);
  });

  it('is what somebody took back by hand', () => {
    expect(standingHolds([COMPLETED], 'nginx:1.25.0')).toEqual([
      { image: 'nginx:1.26.0', version: '1.26.0', why: 'taken back by hand', request: 'done' },
    ]);
  });

  it('comes newest first', () => {
    const requests = [REJECTED, TAKEN_BACK, COMPLETED];
    expect(standingHolds(requests, 'nginx:1.25.0').map(({ request }) => request)).toEqual([
      'back',
      'no',
      'done',
    ]);
  });

  it.each<[string, UpdateRequest, string | undefined]>([
    ['was released', released(REJECTED), 'nginx:1.25.0'],
    ['runs, because somebody wanted it so', REJECTED, 'nginx:1.26.0'],
    ['is below what runs', TAKEN_BACK, 'nginx:1.27.0'],
    ['was completed and runs', COMPLETED, 'nginx:1.26.0'],
    ['was completed, and then another one', COMPLETED, 'nginx:1.24.0'],
    ['was completed and taken back, and may come again', released(COMPLETED), 'nginx:1.25.0'],
    ['is only proposed', aRequest(), 'nginx:1.25.0'],
    ['was completed for a workload that is not known', COMPLETED, undefined],
  ])('is not what %s', (_name, request, running) => {
    expect(standingHolds([request], running)).toEqual([]);
  });

  it.each<[string, UpdateRequest, string | undefined]>([
    ['the workload is not known', REJECTED, undefined],
    ['what runs has no order', REJECTED, 'nginx:latest'],
    [
      'nothing is above anything',
      aRequest({ spec: { policy: 'force' }, status: { phase: 'Rejected' } }),
      'nginx:1.27.0',
    ],
    [
      'it is a chart',
      aRequest({
        spec: { updateType: 'helmChart', currentImage: 'podinfo:6.5.0', newImage: 'podinfo:6.6.0+b1' },
        status: { phase: 'Rejected' },
      }),
      'podinfo:6.5.0',
    ],
    [
      'only its digest is held',
      aRequest({
        spec: { newImage: `nginx:1.25.0@sha256:${'a'.repeat(64)}` },
        status: { phase: 'RolledBack' },
      }),
      'nginx:1.25.0',
    ],
  ])('stands where %s', (_name, request, running) => {
    expect(standingHolds([request], running)).toHaveLength(1);
  });

  it('is a digest where the tag stayed the same', () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    const [hold] = standingHolds(
      [aRequest({ spec: { newImage: `nginx:1.25.0@${digest}` }, status: { phase: 'Rejected' } })],
      'nginx:1.25.0',
    );
    expect(hold?.version).toBe(digest);
  });
});
