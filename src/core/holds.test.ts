import { describe, expect, it } from 'vitest';
import { aRequest, NOON } from '../../test/builders.ts';
import { findHold, recentFailure } from './holds.ts';

const failed = aRequest({
  status: { phase: 'Failed', message: 'admission refused it', lastUpdated: '2026-01-01T11:30:00Z' },
});
const version = { currentImage: 'nginx:1.25.0', tag: '1.26.0' };

describe('an update that failed', () => {
  it('is left alone by polls for an hour', () => {
    expect(recentFailure([failed], version, NOON)).toEqual({
      code: 'not-before',
      message: `UpdateRequest ${failed.metadata.name} failed: admission refused it`,
      liftsAt: '2026-01-01T12:30:00Z',
    });
    expect(recentFailure([failed], version, NOON + 1_800_000)).toBeUndefined();
  });

  it('is not left alone because a clock was wrong when it failed', () => {
    expect(recentFailure([failed], version, NOON - 2 * 3_600_000)).toBeUndefined();
  });

  it.each([
    ['another version', { ...version, tag: '1.27.0' }],
    ['another image that runs', { ...version, currentImage: 'nginx:1.25.1' }],
  ])('does not keep back %s', (_name, other) => {
    expect(recentFailure([failed], other, NOON)).toBeUndefined();
  });
});

describe('a version that a rollback is taking back', () => {
  const done = aRequest({ spec: { currentImage: 'nginx:1.24.0' }, status: { phase: 'Completed' } });
  const rollback = aRequest({
    name: 'back',
    spec: {
      currentImage: 'nginx:1.26.0',
      newImage: 'nginx:1.23.0',
      rollback: true,
      undoes: [done.metadata.name],
    },
    status: { phase: 'Approved' },
  });
  const after = { currentImage: 'nginx:1.23.0', tag: '1.26.0', digest: undefined };

  it('is held from the moment that the rollback is approved, before it is RolledBack', () => {
    expect(findHold([done, rollback], after)).toBe(done);
    expect(findHold([done], after)).toBeUndefined();
  });

  it('keeps no other version back', () => {
    expect(findHold([done, rollback], { ...after, tag: '1.27.0' })).toBeUndefined();
  });
});
