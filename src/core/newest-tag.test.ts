import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseFromList, newestTag } from './newest-tag.ts';
import { compilePattern } from './pattern.ts';
import {
  compareForPolicy,
  judgeListed,
  judgePushed,
  POLICIES,
  type Policy,
  type PolicyRule,
} from './policy.ts';
import { aRelatedTag, aTag } from './tag-arbitraries.ts';
import { createTagSieve } from './tag-sieve.ts';
import { compareVersions } from './version-order.ts';
import { parseVersion } from './version.ts';

function aRule(policy: Policy, pattern?: string, prerelease = false): PolicyRule {
  if (pattern === undefined) return { policy, prerelease };
  const compiled = compilePattern(pattern);
  if (!compiled.ok) throw new Error(compiled.error);
  return { policy, prerelease, pattern: compiled.value };
}

const anyRule = fc
  .tuple(fc.constantFrom(...POLICIES), fc.constantFrom(undefined, '*', '*alpine*', 'v*'), fc.boolean())
  .map(([policy, pattern, prerelease]) => aRule(policy, pattern, prerelease));

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
});

describe('newestTag', () => {
  /** Judges every tag by itself, as slowly as can be. */
  const byJudgingEach = (rule: PolicyRule, current: string, tags: readonly string[]): readonly string[] => {
    const admitted = tags.filter((tag) => judgeListed(rule, current, tag).admitted);
    return admitted.filter((tag) =>
      admitted.every((other) => (compareForPolicy(other, tag, rule.policy) ?? 0) <= 0),
    );
  };
  const manyTags = fc.oneof(
    fc.array(aTag, { maxLength: 150 }),
    fc.array(aRelatedTag, { maxLength: 150 }),
    fc.array(aRelatedTag, { maxLength: 150 }).map((tags) => tags.toSorted()),
  );

  it('is one that none of the admitted ones is above, in a list of whatever length', () => {
    fc.assert(
      fc.property(anyRule, fc.oneof(aTag, aRelatedTag), manyTags, (rule, current, tags) => {
        const best = byJudgingEach(rule, current, tags);
        const newest = newestTag(rule, current, tags);
        expect(best.length === 0 ? [undefined] : best).toContain(newest);
      }),
      { numRuns: 3_000 },
    );
  });

  it('without those that are barred is what it is in a list that lacks them', () => {
    fc.assert(
      fc.property(anyRule, aRelatedTag, manyTags, fc.nat(3), (rule, current, tags, remainder) => {
        const isBarred = (tag: string): boolean => tag.length % 4 === remainder;
        const left = tags.filter((tag) => !isBarred(tag));
        expect(newestTag(rule, current, tags, isBarred)).toBe(newestTag(rule, current, left));
      }),
      { numRuns: 2_000 },
    );
  });

  it('is a counter that runs past what looks like a year, in whatever order the list comes', () => {
    expect(newestTag(aRule('all'), '1800', ['2000', '10000'])).toBe('10000');
    expect(newestTag(aRule('all'), '1800', ['10000', '2000'])).toBe('10000');
  });

  it.each<[string, Policy, string | undefined, string, (index: number) => string]>([
    [
      'several variants',
      'minor',
      undefined,
      '1.0.0-alpine',
      (index) => `1.${index % 100}.${index}${variantOf(index)}`,
    ],
    ['upwards', 'all', undefined, '1.0.0', (index) => `1.${Math.floor(index / 100)}.${index % 100}`],
    [
      'downwards',
      'major',
      undefined,
      '1.0.0',
      (index) => `1.${100 - Math.floor(index / 100)}.${100 - (index % 100)}`,
    ],
    ['a glob', 'glob', '1.2*', '1.0.0', (index) => `1.${index % 100}.${index}`],
    ['dates', 'all', undefined, '2021-01-01', (index) => dateOf(index)],
    ['pushed anew', 'force', undefined, 'v1.0', (index) => `v${index % 3}.${index}`],
  ])(
    'is found among 10,000 tags and none that may be taken is newer: %s',
    (...[, policy, pattern, current, tagOf]) => {
      const tags = Array.from({ length: 10_000 }, (_, index) => Buffer.from(tagOf(index)).toString());
      const rule = aRule(policy, pattern);
      const newest = newestTag(rule, current, tags);
      expect(tags).toContain(newest);
      const above = tags.filter((tag) => (compareForPolicy(tag, newest ?? current, policy) ?? 0) > 0);
      expect(above.filter((tag) => judgeListed(rule, current, tag).admitted)).toEqual([]);
    },
  );
});

describe('a sieve', () => {
  const tag = fc.oneof(aTag, aRelatedTag);

  it('lets through whatever is admitted', () => {
    fc.assert(
      fc.property(anyRule, tag, tag, (rule, current, candidate) => {
        fc.pre(judgeListed(rule, current, candidate).admitted);
        expect(sieveOf(rule, current).test(candidate)).toBe(true);
      }),
      { numRuns: 400 },
    );
  });

  it('lets through whatever is admitted and not below its bar', () => {
    fc.assert(
      fc.property(anyRule, aRelatedTag, aRelatedTag, aRelatedTag, (rule, current, bar, candidate) => {
        fc.pre([bar, candidate].every((one) => judgeListed(rule, current, one).admitted));
        fc.pre((compareForPolicy(candidate, bar) ?? 0) >= 0);
        expect(sieveOf(rule, current, bar).test(candidate)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it.each<[string, string, readonly string[], readonly string[]]>([
    [
      'older ones',
      '1.10.3',
      ['1.10.3', '1.10.4', '1.11.0', '2.0.0', '1.010.20', 'v1.10.10'],
      ['1.10.2', '1.9.9', '0.99.0', 'v1.9.10'],
    ],
    ['another number of parts', '1.2', ['1.3', '10.0'], ['1.3.0', '2']],
    [
      'another variant',
      '1.2.0-alpine3.18',
      ['1.2.0-alpine3.19'],
      ['1.3.0', '1.3.0-alpine', '1.3.0-alpine3.19-slim'],
    ],
    ['pre-releases', '1.2.0', ['1.3.0', '1.3.0+build.7', '1.3.0_7'], ['1.3.0-rc1', '1.3.0rc1']],
    ['another prefix', 'release-1.2', ['release-1.3'], ['1.3', 'v1.3', 'Release-1.3']],
    [
      'earlier dates',
      '2025-06-03',
      ['2025-06-03', '2025-06-30', '2026-01-01'],
      ['2025-05-30', '2024-12-31', '2025.07.01'],
    ],
  ])('keeps back %s', (_name, current, passed, kept) => {
    const sieve = sieveOf(aRule('all'), current);
    expect([...passed, ...kept].filter((tag) => sieve.test(tag))).toEqual(passed);
  });
});

function sieveOf(rule: PolicyRule, current: string, bar = current): RegExp {
  const [running, best] = [parseVersion(current), parseVersion(bar)];
  if (!running.ok || !best.ok) throw new Error('a tag without an order');
  return createTagSieve(rule, running.value, best.value);
}

function variantOf(index: number): string {
  return ['', '-alpine', '-rc1', '-alpine3.18'][index % 4] ?? '';
}

function dateOf(index: number): string {
  return new Date(Date.UTC(2020, 0, 1) + (index % 2_500) * 86_400_000).toISOString().slice(0, 10);
}
