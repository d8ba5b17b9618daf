import { describe, expect, it } from 'vitest';
import { aContainer, aWorkload } from '../../test/builders.ts';
import { isLeftOutBySource, pollWish } from './poll-wish.ts';

const wishOf = (annotations: Record<string, string>, image = 'nginx:1.25.0'): ReturnType<typeof pollWish> =>
  pollWish(
    aWorkload({ annotations: { 'headwind.sh/event-source': 'polling', ...annotations } }),
    aContainer({ image }),
    300_000,
  );

describe('an artifact', () => {
  it.each<[string, Record<string, string>, string?]>([
    ['listens to webhooks alone', { 'headwind.sh/event-source': 'webhook' }],
    ['is frozen', { 'headwind.sh/event-source': 'none' }],
    ['has policy none', { 'headwind.sh/policy': 'none' }],
    ['has an annotation that cannot be read', { 'headwind.sh/paused': 'perhaps' }],
    ['is not selected', { 'headwind.sh/images': 'redis' }],
    ['has an image that cannot be read', {}, 'NGINX'],
  ])('is not polled where it %s', (_name, annotations, image) => {
    expect(wishOf(annotations, image)).toBeUndefined();
  });

  it.each(['polling', 'both', ' Both '])('is polled where its event source is %s', (source) => {
    expect(wishOf({ 'headwind.sh/event-source': source })).toMatchObject({
      intervalMs: 300_000,
      wantsList: true,
    });
  });

  it('has an interval of its own', () => {
    expect(wishOf({ 'headwind.sh/polling-interval': '10' })?.intervalMs).toBe(10_000);
    expect(wishOf({ 'headwind.sh/polling-interval': '1h' })?.intervalMs).toBe(3_600_000);
  });

  it.each<[string, Record<string, string>, string, string | undefined]>([
    ['nothing, unless it wants to', {}, 'nginx:1.25.0', undefined],
    ['its tag', { 'headwind.sh/track-digest': 'true' }, 'nginx:1.25.0', '1.25.0'],
    ['its tag under force', { 'headwind.sh/policy': 'force' }, 'nginx:main', 'main'],
    ['latest where it names nothing', { 'headwind.sh/track-digest': 'true' }, 'nginx', 'latest'],
    [
      'its tag though it is pinned',
      { 'headwind.sh/track-digest': 'true' },
      `nginx:1@sha256:${'a'.repeat(64)}`,
      '1',
    ],
    [
      'nothing where it is a digest alone',
      { 'headwind.sh/track-digest': 'true' },
      `nginx@sha256:${'a'.repeat(64)}`,
      undefined,
    ],
  ])('follows the digest of %s', (_name, annotations, image, digestOf) => {
    expect(wishOf(annotations, image)?.digestOf).toBe(digestOf);
  });

  it('needs no list where its tag has no order', () => {
    expect(wishOf({ 'headwind.sh/policy': 'force' }, 'nginx:latest')?.wantsList).toBe(false);
  });
});

describe('a workload', () => {
  it.each<[string, Record<string, string>, boolean]>([
    ['that says nothing is left out', {}, true],
    ['that is frozen is left out', { 'headwind.sh/event-source': 'none' }, true],
    ['that listens to polling is not', { 'headwind.sh/event-source': 'both' }, false],
    ['with policy none is left out by that', { 'headwind.sh/policy': 'none' }, false],
  ])('%s', (_name, annotations, leftOut) => {
    expect(isLeftOutBySource(aWorkload({ annotations }))).toBe(leftOut);
  });
});
