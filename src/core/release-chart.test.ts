import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  belowRunning,
  isExactVersion,
  otherRunning,
  runningVersion,
  tagOfVersion,
  versionOfTag,
} from './release-chart.ts';

describe('isExactVersion', () => {
  it.each(['1.2.3', 'v1.2.3', '0.0.1-rc.1', '1.2.3-alpha+up1', '1.2.3+b5', '10.20.30'])(
    '%s is',
    (version) => {
      expect(isExactVersion(version)).toBe(true);
    },
  );

  it.each([
    '',
    '*',
    'x',
    '1',
    '1.2',
    '1.x',
    '1.2.x',
    '1.2.*',
    '>=1.0.0',
    '>=1.0.0 <2.0.0',
    '^1.2.3',
    '~1.2.3',
    '=1.2.3',
    '1.2.3 - 1.4.0',
    '1.2.3 || 2.0.0',
    ' 1.2.3',
  ])('"%s" is a range, which Flux moves within', (version) => {
    expect(isExactVersion(version)).toBe(false);
  });
});

describe('a version and the tag that holds it', () => {
  it.each([
    ['1.2.3', '1.2.3'],
    ['1.2.3+up1', '1.2.3_up1'],
    ['v1.0.0-rc.1+a.b', 'v1.0.0-rc.1_a.b'],
  ])('%s is kept under %s', (version, tag) => {
    expect(tagOfVersion(version)).toBe(tag);
    expect(versionOfTag(tag)).toBe(version);
  });
});

describe('the version that runs', () => {
  const newest = { chartName: 'nginx', chartVersion: '1.1.0' };

  it.each([
    ['is the newest of the history', { newest, lastAttemptedRevision: '1.2.0' }, '1.1.0'],
    ['else the last one that was tried', { lastAttemptedRevision: '1.2.0' }, '1.2.0'],
    ['is unknown of a release that never ran', {}, undefined],
    ['is unknown where another chart ran', { newest: { ...newest, chartName: 'redis' } }, undefined],
  ])('%s', (_, status, expected) => {
    expect(runningVersion(status, 'nginx')).toBe(expected);
    expect(runningVersion(status, 'team/nginx')).toBe(expected);
  });

  it.each([
    ['the same', '1.0.0', '1.0.0', undefined],
    ['the same, written otherwise', 'v1.0.0', '1.0.0', undefined],
    ['the same, with the digest that Flux adds', '1.0.0', '1.0.0+b2cb6e0a9f63', undefined],
    ['the same, with the digest in place of its build', '1.0.0+up1', '1.0.0+b2cb6e0a9f63', undefined],
    ['an older one', '1.1.0', '1.0.0', '1.0.0'],
    ['another one, with the digest that Flux adds', '1.1.0', '1.0.0+b2cb6e0a9f63', '1.0.0'],
    ['not known', '1.1.0', undefined, undefined],
  ])('%s', (_, set, running, expected) => {
    expect(otherRunning(set, running)).toBe(expected);
  });
});

describe('belowRunning', () => {
  it.each([
    ['an older one is', '1.2.0', '1.1.9', true],
    ['the same one is not', '1.2.0', '1.2.0', false],
    ['a newer one is not', '1.2.0', '1.10.0', false],
    ['of what has no order none is', '1.2.0', 'latest', false],
    ['where none is known to run none is', undefined, '0.0.1', false],
  ])('%s', (_, running, version, expected) => {
    expect(belowRunning(running, version) !== undefined).toBe(expected);
  });

  it('never lets pass what is lower in its first number that differs', () => {
    const numbers = fc.tuple(fc.nat(20), fc.nat(20), fc.nat(20));
    fc.assert(
      fc.property(numbers, numbers, (a, b) => {
        const lower = a.findIndex((part, index) => part !== b[index]);
        const isLower = lower >= 0 && (a[lower] ?? 0) < (b[lower] ?? 0);
        expect(belowRunning(b.join('.'), a.join('.')) !== undefined).toBe(isLower);
      }),
    );
  });
});
