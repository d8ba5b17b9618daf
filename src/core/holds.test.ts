import { describe, expect, it } from 'vitest';
import { aRequest, NOON } from '../../test/builders.ts';
import { recentFailure } from './holds.ts';

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

  it.each([
    ['another version', { ...version, tag: '1.27.0' }],
    ['another image that runs', { ...version, currentImage: 'nginx:1.25.1' }],
  ])('does not keep back %s', (_name, other) => {
    expect(recentFailure([failed], other, NOON)).toBeUndefined();
  });
});
