import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aRelatedTag, aTag } from './tag-arbitraries.ts';
import { compareVersions, levelOfChange } from './version-order.ts';
import { createVersionParser, formatVersion, isAttachment, parseVersion, type Version } from './version.ts';

function version(text: string): Version {
  const parsed = parseVersion(text);
  if (!parsed.ok) throw new Error(`${text} ${parsed.error}`);
  return parsed.value;
}

function order(a: string, b: string): number | undefined {
  const [left, right] = [parseVersion(a), parseVersion(b)];
  if (!left.ok || !right.ok) return undefined;
  const difference = compareVersions(left.value, right.value);
  return difference === undefined ? undefined : Math.sign(difference);
}

describe('parseVersion', () => {
  it.each([
    ['1.2.3', '', ['1', '2', '3'], ''],
    ['v1.2', 'v', ['1', '2'], ''],
    ['V1.2', 'V', ['1', '2'], ''],
    ['14', '', ['14'], ''],
    ['2025.04.0', '', ['2025', '4', '0'], ''],
    ['4.9.0.12', '', ['4', '9', '0', '12'], ''],
    ['release-1.2.3', 'release-', ['1', '2', '3'], ''],
    ['app-v1.0.0-prod', 'app-v', ['1', '0', '0'], '-prod'],
    ['k8s-1.2.3', 'k8s-', ['1', '2', '3'], ''],
    ['jdk17', 'jdk', ['17'], ''],
    ['python3.11-slim', 'python', ['3', '11'], '-slim'],
    ['fix__50', 'fix__', ['50'], ''],
    ['2024-01-31', '', ['2024', '1', '31'], ''],
    ['2024-01-31-alpine', '', ['2024', '1', '31'], '-alpine'],
    ['jammy-20240131', 'jammy-', ['20240131'], ''],
    ['20240131-0815', '', ['20240131', '815'], ''],
    ['2024-13-45', '', ['2024'], '-13-45'],
    ['RELEASE.2024-01-01T00-00-00Z', 'RELEASE.', ['2024', '1', '1', '0', '0', '0'], ''],
    ['18-vectorchord0.5.3', '', ['18'], '-vectorchord0.5.3'],
    ['1.43.3.10896-cb3ebc72d', '', ['1', '43', '3', '10896'], ''],
    ['17.0.9_9-jdk-alpine', '', ['17', '0', '9'], '-jdk-alpine'],
    ['1.2.3-1', '', ['1', '2', '3'], '-1'],
    ['3.0.0.RELEASE', '', ['3', '0', '0'], '.RELEASE'],
    ['00.000', '', ['0', '0'], ''],
  ])('reads %s', (text, prefix, numbers, variant) => {
    const { suffix, ...parsed } = version(text);
    expect({ prefix: parsed.prefix, numbers: parsed.numbers, variant: suffix.variant }).toEqual({
      prefix,
      numbers,
      variant,
    });
    expect(suffix.prerelease).toBeUndefined();
  });

  it.each([
    ['1.2.3-rc1', ['rc', '1'], ''],
    ['1.2.3-rc.1', ['rc', '1'], ''],
    ['1.2.3-RC-1', ['rc', '1'], ''],
    ['1.2.3rc10', ['rc', '10'], ''],
    ['16beta1', ['beta', '1'], ''],
    ['16beta1-alpine3.19', ['beta', '1'], '-alpine3.19'],
    ['3.13.0a4-slim', ['alpha', '4'], '-slim'],
    ['3.0.0-M2', ['milestone', '2'], ''],
    ['4.0.0.Beta1', ['beta', '1'], ''],
    ['1.0-SNAPSHOT', ['snapshot'], ''],
    ['1.0.0-nightly-2024-01-01', ['nightly', '2024', '1', '1'], ''],
    ['1.0.0-canary.7', ['canary', '7'], ''],
    ['1.0.0-preview', ['preview'], ''],
    ['1.0.0-pre2', ['pre', '2'], ''],
    ['1.0.0-dev', ['dev'], ''],
    ['1.0.0-b', ['beta'], ''],
    ['1.2.3-alpine-rc1', ['rc', '1'], '-alpine'],
    ['1.2.3-rc1-alpine', ['rc', '1'], '-alpine'],
    ['1.0.0-alpha.beta', ['alpha', 'beta'], ''],
    ['1.0.0-rc.1+build.5', ['rc', '1'], ''],
  ])('finds the pre-release in %s', (text, pieces, variant) => {
    const { suffix } = version(text);
    expect(suffix.prerelease?.pieces).toEqual(pieces);
    expect(suffix.variant).toBe(variant);
  });

  it.each([
    '-alpine',
    '-ubi8',
    '-bookworm',
    '-developer',
    '-prerelease',
    '-rclone',
    '-betamax',
    '-ls51',
    '-mssql',
  ])('takes %s for a variant, not for a pre-release', (suffix) => {
    expect(version(`1.2.3${suffix}`).suffix).toMatchObject({ prerelease: undefined, variant: suffix });
  });

  it.each([
    ['latest', 'no version number'],
    ['stable', 'no version number'],
    ['', 'no version number'],
    ['v', 'no version number'],
    ['a1b2c3d', 'commit hash'],
    ['1a2b3c4d5e', 'commit hash'],
    ['main-abc1234', 'commit hash'],
    ['sha-1a2b3c4', 'commit hash'],
    ['main-1234567', 'commit hash'],
    ['cf1f086c-ls51', 'commit hash'],
    ['98239515-ls42', 'commit hash'],
    ['main-abc1234-1700000000', 'commit hash'],
    ['2.5.0p13', 'glued'],
    ['8u392', 'glued'],
    [`1.${'0'.repeat(300)}`, 'longer than'],
  ])('gives %j no order', (text, why) => {
    expect(parseVersion(text)).toEqual({ ok: false, error: expect.stringContaining(why) });
  });

  it('gives every tag back as it was written', () => {
    fc.assert(
      fc.property(aTag, (text) => {
        const parsed = parseVersion(text);
        fc.pre(parsed.ok);
        expect(formatVersion(parsed.value)).toBe(text);
      }),
      { numRuns: 2_000 },
    );
  });

  it('reads a list as it reads each tag', () => {
    const parse = createVersionParser();
    fc.assert(
      fc.property(aTag, (text) => {
        expect(parse(text)).toEqual(parseVersion(text));
      }),
    );
  });
});

describe('compareVersions', () => {
  it.each([
    ['14.10', '14.5'],
    ['2025.04.0', '2023.11.0'],
    ['4.9.0.12', '4.9.0.9'],
    ['1.43.3.10896-cb3ebc72d', '1.43.3.10861-07dfddaeb'],
    ['2025-08-05', '2025-06-03'],
    ['1.0.0-rc10', '1.0.0-rc9'],
    ['1.0.0-rc.10', '1.0.0-rc9'],
    ['1.0.0-beta', '1.0.0-alpha'],
    ['1.0.0-beta', '1.0.0-alpha.9'],
    ['1.0.0-alpha.1', '1.0.0-alpha'],
    ['1.0.0-alpha.beta', '1.0.0-alpha.1'],
    ['1.0.0-b2', '1.0.0-beta1'],
    ['1.0.0-alpha', '1.0.0-nightly'],
    ['1.0.0-rc1', '1.0.0-SNAPSHOT'],
    ['1.0.0', '1.0.0-rc99'],
    ['16', '16beta1'],
    ['1.2.3-alpine3.19', '1.2.3-alpine3.18'],
    ['1.2.3-alpine3.10', '1.2.3-alpine3.9'],
    ['1.2.4-alpine3.18', '1.2.3-alpine3.19'],
    ['18-vectorchord1.1.1', '18-vectorchord0.5.3'],
    ['RELEASE.2024-01-02T00-00-00Z', 'RELEASE.2024-01-01T23-59-59Z'],
    ['v1.2.4', '1.2.3'],
    ['1.2.4', 'V1.2.3'],
    ['1.99999999999999999999', '1.99999999999999999998'],
    ['1970', '1969'],
    ['20240131-0815', '20240130-2359'],
    ['2024-01-01-10', '2024-01-01-9'],
  ])('%s is newer than %s', (newer, older) => {
    expect(order(newer, older)).toBe(1);
    expect(order(older, newer)).toBe(-1);
  });

  it.each([
    ['v1.0.0', '1.0.0'],
    ['V1.0.0', 'v1.0.0'],
    ['1.02.3', '1.2.3'],
    ['1.0.0+build1', '1.0.0+build2'],
    ['1.0.0-rc1', '1.0.0-RC.1'],
    ['1.0.0b1', '1.0.0-beta.1'],
  ])('%s is the same version as %s', (a, b) => {
    expect(order(a, b)).toBe(0);
    expect(order(b, a)).toBe(0);
  });

  it.each([
    ['another variant', '1.25.0-alpine', '1.26.0'],
    ['another variant number that is not dotted', '1.25.0-ubi8', '1.26.0-ubi9'],
    ['a variant number with more parts', '1.25.0-alpine3.18', '1.26.0-alpine3.18.1'],
    ['more parts', '1.2', '1.3.4'],
    ['fewer parts', '1.2.3', '2'],
    ['another prefix', 'prod-v1', 'dev-v2'],
    ['a prefix more', '1.0', 'release-2.0'],
    ['a year against a small number', '18.1.2', '2024.1.2'],
    ['a date against a small number', '18', '20240101'],
    ['a date against a year', '2024', '20240101'],
    ['a time stamp against a small number', '18', '1700000000'],
    ['dots against dashes', '2024.01.01', '2024-01-02'],
    ['a commit against none', '1.2.3', '1.2.4-abc1234'],
    ['two commits of one version', '1.2.3-abc1234', '1.2.3-def5678'],
    ['a word', 'latest', '1.0.0'],
  ])('%s is not comparable: %s, %s', (_, a, b) => {
    expect(order(a, b)).toBeUndefined();
    expect(order(b, a)).toBeUndefined();
  });

  it('is antisymmetric', () => {
    fc.assert(
      fc.property(aTag, aTag, (a, b) => {
        const forth = order(a, b);
        expect(order(b, a)).toBe(forth === undefined ? undefined : 0 - forth);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is transitive among tags that are comparable', () => {
    fc.assert(
      fc.property(aRelatedTag, aRelatedTag, aRelatedTag, (a, b, c) => {
        const [ab, bc, ac] = [order(a, b), order(b, c), order(a, c)];
        fc.pre(ab !== undefined && bc !== undefined && ac !== undefined);
        fc.pre(ab >= 0 && bc >= 0);
        expect(ac).toBe(Math.max(ab, bc));
      }),
      { numRuns: 5_000, maxSkipsPerRun: 1_000 },
    );
  });
});

describe('levelOfChange', () => {
  it.each([
    ['1.2.3', '2.0.0', 'major'],
    ['14', '15', 'major'],
    ['1.2.3', '1.3.0', 'minor'],
    ['14.5', '14.10', 'minor'],
    ['1.2.3', '1.2.4', 'patch'],
    ['4.9.0.9', '4.9.0.12', 'patch'],
    ['2024-01-01', '2024-01-02', 'patch'],
    ['1.0.0-rc1', '1.0.0-rc2', 'prerelease'],
    ['1.0.0-rc1', '1.0.0', 'prerelease'],
    ['1.0.0-rc1', '1.1.0-rc1', 'minor'],
    ['1.0.0+1', '1.0.0+2', 'build'],
    ['1.2.3-alpine3.18', '1.2.3-alpine3.19', 'minor'],
    ['1.2.3-alpine3.18', '1.2.4-alpine3.18', 'patch'],
    ['1.2.3-alpine3.18', '1.2.4-alpine3.19', 'minor'],
    ['18-vectorchord0.5.3', '18-vectorchord1.1.1', 'major'],
  ])('%s to %s is %s', (from, to, level) => {
    expect(levelOfChange(version(from), version(to))).toBe(level);
  });
});

describe('isAttachment', () => {
  it.each([
    [`sha256-${'a'.repeat(64)}.sig`, true],
    [`sha256-${'a'.repeat(64)}.att`, true],
    [`sha256-${'a'.repeat(64)}.sbom`, true],
    [`sha256-${'a'.repeat(64)}`, true],
    ['1.2.3.sig', true],
    ['1.2.3', false],
    ['sha256-abc', false],
    ['signed', false],
  ])('%s: %s', (tag, expected) => {
    expect(isAttachment(tag)).toBe(expected);
  });
});
