import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePattern } from './pattern.ts';
import {
  chooseFromList,
  compareForPolicy,
  judgePushed,
  POLICIES,
  type Policy,
  type PolicyRule,
} from './policy.ts';
import { aTag } from './tag-arbitraries.ts';
import { compareVersions } from './version-order.ts';
import { parseVersion } from './version.ts';

function aRule(policy: Policy, pattern?: string, prerelease = false): PolicyRule {
  if (pattern === undefined) return { policy, prerelease };
  const compiled = compilePattern(pattern);
  if (!compiled.ok) throw new Error(compiled.error);
  return { policy, prerelease, pattern: compiled.value };
}

/** The vectors of the Rust program's own suite; 20b, a downgrade under `all`, is refused here. */
const VECTORS: readonly [
  number: string,
  current: string,
  pushed: string,
  Policy,
  pattern: string,
  boolean,
][] = [
  ['1', '1.2.3', '1.2.4', 'patch', '', true],
  ['2', 'v1.2.3', 'v1.2.4', 'patch', '', true],
  ['3', '1.2.3', '1.3.0', 'patch', '', false],
  ['4', '1.2.3', '2.0.0', 'patch', '', false],
  ['5', '1.2.3', '1.2.3', 'patch', '', false],
  ['6', '1.2.4', '1.2.3', 'patch', '', false],
  ['7', '1.2.3', '1.3.0', 'minor', '', true],
  ['8', '1.2.3', '1.3.5', 'minor', '', true],
  ['9', '1.2.3', '1.2.4', 'minor', '', true],
  ['10', '1.2.3', '2.0.0', 'minor', '', false],
  ['11', '1.3.0', '1.3.0', 'minor', '', false],
  ['12', '1.2.3', '2.0.0', 'major', '', true],
  ['13', '1.9.9', '2.0.0', 'major', '', true],
  ['14', '1.2.3', '1.3.0', 'major', '', true],
  ['15', '1.2.3', '1.2.4', 'major', '', true],
  ['16', '2.0.0', '2.0.0', 'major', '', false],
  ['17', '1.0.0', '2.0.0', 'all', '', true],
  ['18', '1.0.0', '1.1.0', 'all', '', true],
  ['19', '1.0.0', '1.0.1', 'all', '', true],
  ['20', '1.0.0', '1.0.0', 'all', '', false],
  ['20b', '2.0.0', '1.9.9', 'all', '', false],
  ['21', 'v1.0.0', 'v1.1.0', 'glob', 'v1.*', true],
  ['22', 'v1.0.0', 'v1.9.9', 'glob', 'v1.*', true],
  ['23', 'v1.0.0', 'v2.0.0', 'glob', 'v1.*', false],
  ['24', '1.0.0-stable', '1.1.0-stable', 'glob', '*-stable', true],
  ['25', '1.0.0-stable', '1.1.0-beta', 'glob', '*-stable', false],
  ['26', 'prod-v1', 'prod-v2', 'glob', 'prod-*', true],
  ['27', 'prod-v1', 'dev-v2', 'glob', 'prod-*', false],
  ['28', '1.0.0', '1.0.0', 'force', '', true],
  ['29', '1.0.0', '2.0.0', 'force', '', true],
  ['30', '2.0.0', '1.0.0', 'force', '', true],
  ['31', '1.0.0', '2.0.0', 'none', '', false],
  ['32', '1.0.0', '1.1.0', 'none', '', false],
  ['33', '1.0.0', '1.0.1', 'none', '', false],
  ['34', 'v1.0.0', 'v1.0.1', 'patch', '', true],
  ['35', 'v1.0.0', 'v1.1.0', 'minor', '', true],
  ['36', 'v1.0.0', 'v2.0.0', 'major', '', true],
  ['37', 'v1.0.0', '1.0.1', 'patch', '', true],
  ['38', '1.0.0', 'v1.0.1', 'patch', '', true],
  ['39', '1.0.0-alpha', '1.0.0-beta', 'all', '', true],
  ['40', '1.0.0-beta', '1.0.0', 'all', '', true],
  ['41', '1.0.0-rc1', '1.0.0', 'patch', '', true],
  ['42', '1.0.0+build1', '1.0.0+build2', 'all', '', true],
  ['43', '1.0.0+build1', '1.0.1+build1', 'patch', '', true],
  ['44', 'v1.28.0', 'v1.28.1', 'patch', '', true],
  ['45', 'v1.28.0', 'v1.29.0', 'minor', '', true],
  ['46', 'app-v1.0.0-prod', 'app-v1.1.0-prod', 'glob', 'app-*-prod', true],
  ['47', '2024-01-01', '2024-01-02', 'all', '', true],
  ['48', 'invalid', 'also-invalid', 'patch', '', false],
  ['49', '1.0.0', 'invalid', 'patch', '', false],
  ['50', 'invalid', '1.0.0', 'all', '', true],
];

describe('judgePushed', () => {
  it.each(VECTORS)(
    'vector %s: from %s to %s under %s %s',
    (...[, current, pushed, policy, pattern, admitted]) => {
      const rule = aRule(policy, pattern === '' ? undefined : pattern);
      expect(judgePushed(rule, current, pushed)).toMatchObject({ admitted });
    },
  );

  it.each<[Policy, string, string, object]>([
    ['patch', '1.2.3', '1.2.4', { level: 'patch' }],
    ['minor', '14.5', '14.10', { level: 'minor' }],
    ['major', '14', '15', { level: 'major' }],
    ['patch', '1.0.0-rc1', '1.0.0', { level: 'prerelease' }],
    ['patch', '1.0.0-rc9', '1.0.0-rc10', { level: 'prerelease' }],
    ['all', '1.0.0+1', '1.0.0+2', { level: 'build' }],
    ['all', '1.0.0', '1.0.0+1', { level: 'build' }],
    ['all', '1.0.0', 'nightly', { level: 'unordered' }],
    ['all', 'abc1234', 'def5678', { level: 'unordered' }],
    ['all', '1.2.3-abc1234', '1.2.3-def5678', { level: 'unordered' }],
    ['all', '1.0.0+abc1234', '1.0.0+def5678', { level: 'unordered' }],
    ['force', '1.0.0', '1.0.0', { level: 'digest' }],
    ['force', 'latest', 'latest', { level: 'digest' }],
    ['force', '2.0.0', '1.0.0', { level: 'downgrade' }],
    ['force', '1.0.0', '1.0.1', { level: 'patch' }],
    ['force', '1.25.0-alpine', '1.26.0', { level: 'unordered' }],
    ['force', '1.0.0', '2.0.0-rc1', { level: 'major' }],
    ['minor', '16beta1', '16beta2', { level: 'prerelease' }],
    ['minor', '1.2.3-alpine3.18', '1.2.3-alpine3.19', { level: 'minor' }],
    ['major', '18-vectorchord0.5.3', '18-vectorchord1.1.1', { level: 'major' }],
    ['patch', '1.43.3.10861-07dfddaeb', '1.43.3.10896-cb3ebc72d', { level: 'patch' }],
    ['major', 'RELEASE.2024-01-01T00-00-00Z', 'RELEASE.2025-01-01T00-00-00Z', { level: 'major' }],
  ])('under %s, %s to %s is admitted', (policy, current, pushed, expected) => {
    expect(judgePushed(aRule(policy), current, pushed)).toMatchObject({ admitted: true, ...expected });
  });

  it.each<[Policy, string, string, string, string]>([
    ['none', '1.0.0', '1.0.1', 'policy-none', 'policy none admits nothing'],
    ['minor', '1.0.0', '1.0.0', 'up-to-date', '1.0.0 is the running tag'],
    ['minor', '1.0.0', 'v1.0.0', 'up-to-date', 'written otherwise'],
    ['minor', '1.3.0', '1.2.9', 'up-to-date', '1.2.9 is older than the running 1.3.0'],
    ['all', '1.3.0', '1.2.9', 'up-to-date', 'older'],
    ['all', '1.0.0+2', '1.0.0+1', 'up-to-date', 'older'],
    ['major', '1.0.0+1', '1.0.0+2', 'up-to-date', 'only in build metadata'],
    ['patch', '1.2.3', '1.3.0', 'policy', '1.3.0 is a minor change, policy patch admits less'],
    ['minor', '18-vectorchord0.5.3', '18-vectorchord1.1.1', 'policy', 'major change'],
    ['patch', '1.2.3-alpine3.18', '1.2.4-alpine3.19', 'policy', 'minor change'],
    [
      'all',
      '1.25.0-alpine',
      '1.26.0',
      'policy',
      '1.26.0 has no variant, the running 1.25.0-alpine has -alpine',
    ],
    ['all', '1.25.0', '1.26.0-slim', 'policy', 'has the variant -slim, the running 1.25.0 has none'],
    ['all', '1.2', '1.3.4', 'policy', '1.3.4 has 3 numbers, the running 1.2 has 2'],
    ['all', '18', '2024', 'policy', 'looks like a date'],
    ['all', 'prod-v1', 'dev-v2', 'policy', 'has the prefix dev-v, the running prod-v1 has prod-v'],
    ['minor', 'latest', '1.0.0', 'current-unversioned', 'the running tag latest has no version number'],
    ['minor', 'latest', 'stable', 'current-unversioned', 'latest'],
    ['minor', 'abc1234', 'def5678', 'current-unversioned', 'commit hash'],
    ['major', '1.0.0', 'abc1234', 'policy', 'abc1234 looks like a commit hash, which has no order'],
    ['major', '1.2.3-abc1234', '1.2.3-def5678', 'policy', 'only in a hash'],
    ['major', '1.0.0', '2.0.0-rc1', 'policy', '2.0.0-rc1 is a pre-release, the running 1.0.0 is none'],
    ['all', 'latest', '2.0.0-rc1', 'policy', 'pre-release'],
    ['force', '1.0.0', `sha256-${'0'.repeat(64)}.sig`, 'policy', 'attached to an image'],
    ['force', '1.0.0', 'no tag', 'policy', '"no tag" is not a tag'],
    ['glob', '1.0.0', '1.1.0', 'pattern', 'without a pattern'],
  ])('under %s, %s to %s is refused as %s: %s', (...[policy, current, pushed, code, reason]) => {
    expect(judgePushed(aRule(policy), current, pushed)).toEqual({
      admitted: false,
      code,
      reason: expect.stringContaining(reason),
    });
  });

  it.each<[string, PolicyRule, string, string, boolean]>([
    ['prerelease admits a pre-release', aRule('major', undefined, true), '1.0.0', '2.0.0-rc1', true],
    ['prerelease keeps the bound', aRule('minor', undefined, true), '1.0.0', '2.0.0-rc1', false],
    ['a running pre-release admits another', aRule('minor'), '1.0.0-rc1', '1.1.0-beta1', true],
    ['a glob that says beta asks for betas', aRule('glob', '*-beta*'), '1.0.0', '1.1.0-beta1', true],
    ['a glob that does not say so gets none', aRule('glob', '1.*'), '1.0.0', '1.1.0-beta1', false],
    ['a pattern filters under minor', aRule('minor', '1.2.*'), '1.2.0', '1.3.0', false],
    ['a pattern lets pass under minor', aRule('minor', '1.3.*'), '1.2.0', '1.3.0', true],
    ['a regex filters under all', aRule('all', 'regex:^1\\.[02468]\\.'), '1.2.0', '1.3.0', false],
    ['a pattern filters what is forced', aRule('force', 'main-*'), 'main-1', 'dev-1', false],
    ['a pattern does not filter the running tag itself', aRule('force', 'main-*'), 'dev-1', 'dev-1', true],
    [
      'a glob takes what has no order when pushed',
      aRule('glob', 'main-*'),
      'main-abc1234',
      'main-def5678',
      true,
    ],
    ['a glob takes nothing older', aRule('glob', 'v1.*'), 'v1.5.0', 'v1.2.0', false],
    ['a glob keeps the variant', aRule('glob', '*'), '1.25.0-alpine', '1.26.0', false],
  ])('%s', (...[, rule, current, pushed, admitted]) => {
    expect(judgePushed(rule, current, pushed)).toMatchObject({ admitted });
  });
});

describe('chooseFromList', () => {
  it.each<[string, PolicyRule, string, string[], string | undefined]>([
    ['the example of the command', aRule('minor'), '1.2.0-alpine', ['1.2.1', '1.3.0-alpine'], '1.3.0-alpine'],
    ['1.10 beats 1.9', aRule('all'), '1.8.0', ['1.10.0', '1.9.0'], '1.10.0'],
    ['the newest patch', aRule('patch'), '1.2.3', ['1.2.4', '1.2.10', '1.3.0', '2.0.0'], '1.2.10'],
    ['the newest minor', aRule('minor'), '1.0.0', ['1.0.0', '1.1.0', '1.2.0', '2.0.0'], '1.2.0'],
    ['nothing older', aRule('all'), '2.0.0', ['1.0.0', '1.9.9'], undefined],
    ['nothing from nothing', aRule('all'), '2.0.0', [], undefined],
    ['nothing but itself', aRule('force'), '2.0.0', ['2.0.0'], undefined],
    ['force out of a list takes nothing lower', aRule('force'), '2.0.0', ['1.0.0', 'abc1234'], undefined],
    ['force out of a list is like all', aRule('force'), '2.0.0', ['1.0.0', '3.0.0'], '3.0.0'],
    ['nothing unordered', aRule('all'), '1.0.0', ['latest', 'abc1234', 'nightly'], undefined],
    ['nothing for a hash', aRule('all'), 'abc1234', ['def5678', '1.0.0', '98239515-ls42'], undefined],
    ['nothing for latest', aRule('glob', '*'), 'latest', ['1.0.0', '2.0.0'], undefined],
    [
      'glob: the newest that matches',
      aRule('glob', 'v1.*'),
      'v1.9.0',
      ['v1.10.0', 'v1.2.0', 'v2.0.0'],
      'v1.10.0',
    ],
    ['the form without v wins a tie', aRule('minor'), '1.0.0', ['v1.1.0', '1.1.0', 'V1.1.0'], '1.1.0'],
    ['the form with v wins a tie', aRule('minor'), 'v1.0.0', ['1.1.0', 'v1.1.0', 'V1.1.0'], 'v1.1.0'],
    ['the other form where it is the only one', aRule('minor'), 'v1.0.0', ['1.1.0'], '1.1.0'],
    ['the latest build under all', aRule('all'), '1.0.0', ['1.1.0+9', '1.1.0+10', 'v1.1.0+11'], 'v1.1.0+11'],
    ['a calendar never beats a version', aRule('all'), '18.1.0', ['2025.04.0', '18.2.0'], '18.2.0'],
    ['calendar versions', aRule('major'), '2023.11.0', ['2025.04.0', '2024.12.9', '9.9.9'], '2025.04.0'],
    ['four parts', aRule('patch'), '4.9.0.9', ['4.9.0.12', '4.9.0.10', '4.9.1'], '4.9.0.12'],
    ['two parts', aRule('minor'), '14.5', ['14.10', '14.9', '14.10.1', '15.0'], '14.10'],
    ['dates', aRule('all'), '2025-06-03', ['2025-08-05', '2025-07-30'], '2025-08-05'],
    [
      'a variant that moves',
      aRule('major'),
      '18-vectorchord0.5.3',
      ['18-vectorchord1.1.1', '18'],
      '18-vectorchord1.1.1',
    ],
    ['no downgrade of a variant', aRule('major'), '18-vectorchord1.1.1', ['18-vectorchord0.5.3'], undefined],
    [
      'a newer Plex by its numbers',
      aRule('all'),
      '1.43.3.10896-cb3ebc72d',
      ['1.43.3.10861-07dfddaeb'],
      undefined,
    ],
    ['no pre-release', aRule('major'), '15', ['16beta1', '16rc1'], undefined],
    ['rc10 after rc9', aRule('patch'), '1.0.0-rc8', ['1.0.0-rc9', '1.0.0-rc10'], '1.0.0-rc10'],
    ['the release after its candidates', aRule('patch'), '1.0.0-rc8', ['1.0.0-rc9', '1.0.0'], '1.0.0'],
    ['no signatures', aRule('all'), '1.0.0', [`sha256-${'a'.repeat(64)}.sig`, '1.0.1.sig'], undefined],
  ])('%s', (...[, rule, current, tags, selected]) => {
    expect(chooseFromList(rule, current, tags).selected).toBe(selected);
  });

  it('says of every different tag why it was taken or not, in the order of the list', () => {
    const tags = ['1.2.1', '1.3.0-alpine', '1.2.1-alpine', '1.2.1'];
    expect(chooseFromList(aRule('minor'), '1.2.0-alpine', tags).tags).toEqual([
      {
        tag: '1.2.1',
        verdict: 'refused',
        reason: '1.2.1 has no variant, the running 1.2.0-alpine has -alpine',
      },
      {
        tag: '1.3.0-alpine',
        verdict: 'selected',
        reason: '1.3.0-alpine is newer than the running 1.2.0-alpine (minor)',
      },
      {
        tag: '1.2.1-alpine',
        verdict: 'admitted',
        reason: '1.2.1-alpine is newer than the running 1.2.0-alpine (patch), but 1.3.0-alpine is preferred',
      },
    ]);
  });

  const anyRule = fc
    .tuple(fc.constantFrom(...POLICIES), fc.constantFrom(undefined, '*', '*alpine*', 'v*'), fc.boolean())
    .map(([policy, pattern, prerelease]) => aRule(policy, pattern, prerelease));

  it('Invariant 2: never selects anything that is not newer than the running version, whatever the policy', () => {
    fc.assert(
      fc.property(anyRule, aTag, fc.array(aTag, { maxLength: 30 }), (rule, current, tags) => {
        const { selected } = chooseFromList(rule, current, tags);
        if (selected === undefined) return;
        expect(tags).toContain(selected);
        const [from, to] = [parseVersion(current), parseVersion(selected)];
        if (!from.ok || !to.ok) throw new Error('selected a tag without an order');
        const order = compareVersions(to.value, from.value) ?? -1;
        const byBuild = order === 0 && (rule.policy === 'all' || rule.policy === 'force');
        expect(order > 0 || byBuild).toBe(true);
        expect(compareForPolicy(selected, current, rule.policy)).toBeGreaterThan(0);
      }),
      { numRuns: 3_000 },
    );
  });

  it('selects the same tag in whatever order the list comes', () => {
    fc.assert(
      fc.property(
        anyRule,
        aTag,
        fc
          .array(aTag, { maxLength: 20 })
          .chain((tags) =>
            fc.tuple(fc.constant(tags), fc.shuffledSubarray(tags, { minLength: tags.length })),
          ),
        (rule, current, [tags, shuffled]) => {
          expect(chooseFromList(rule, current, shuffled).selected).toBe(
            chooseFromList(rule, current, tags).selected,
          );
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('never refuses as pushed what it admits out of a list', () => {
    fc.assert(
      fc.property(anyRule, aTag, aTag, (rule, current, tag) => {
        if (chooseFromList(rule, current, [tag]).selected === undefined) return;
        expect(judgePushed(rule, current, tag).admitted).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it('never lowers the version of a pushed tag but under force', () => {
    fc.assert(
      fc.property(anyRule, aTag, aTag, (rule, current, tag) => {
        const order = compareForPolicy(tag, current, rule.policy);
        if (rule.policy === 'force' || order === undefined || order > 0) return;
        expect(judgePushed(rule, current, tag).admitted).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('compareForPolicy', () => {
  it.each<[string, string, Policy | undefined, number | undefined]>([
    ['1.1.0', '1.0.0', undefined, 1],
    ['1.0.0', '1.1.0', undefined, -1],
    ['v1.0.0', '1.0.0', undefined, 0],
    ['latest', 'latest', undefined, 0],
    ['latest', '1.0.0', undefined, undefined],
    ['1.0.0+2', '1.0.0+1', undefined, 0],
    ['1.0.0+2', '1.0.0+1', 'all', 1],
    ['1.0.0-alpine', '1.1.0', undefined, undefined],
  ])('%s against %s under %s', (a, b, policy, expected) => {
    const order = compareForPolicy(a, b, policy);
    expect(order === undefined ? undefined : Math.sign(order)).toBe(expected);
  });
});
