import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aRequest } from '../../test/builders.ts';
import { chooseUnheld, type ListChoice } from './list-choice.ts';
import { isTag } from './image-reference.ts';
import { compilePattern } from './pattern.ts';
import { compareForPolicy, POLICIES, type Policy, type PolicyRule } from './policy.ts';
import { aRelatedTag, aTag } from './tag-arbitraries.ts';
import type { UpdateRequest } from './update-request.ts';

const rejected = (tag: string, currentImage = 'nginx:1.2.3'): UpdateRequest =>
  aRequest({
    name: `no-to-${tag.replaceAll('.', '-')}`,
    spec: { currentImage, newImage: `nginx:${tag}` },
    status: { phase: 'Rejected', rejectedBy: 'alice' },
  });

function choose(given: {
  readonly running?: string;
  readonly policy?: Policy;
  readonly tags: readonly string[];
  readonly requests?: readonly UpdateRequest[];
}): ListChoice {
  const currentTag = given.running ?? '1.2.3';
  return chooseUnheld({
    rule: { policy: given.policy ?? 'minor', prerelease: false },
    currentTag,
    currentImage: `nginx:${currentTag}`,
    tags: given.tags,
    requests: given.requests ?? [],
  });
}

describe('the choice from a list, where something is held', () => {
  const LIST = ['1.2.3', '1.2.8', '1.2.9', '1.3.0', '1.3.1', '1.4.0', '2.0.0'];

  it.each<[string, readonly UpdateRequest[], string]>([
    ['is the newest without a hold', [], '1.4.0'],
    ['is not the held one, nor one below it that goes as far', [rejected('1.4.0')], '1.2.9'],
    ['is what is above the held one', [rejected('1.3.0')], '1.4.0'],
    ['is not touched by a hold that the policy forbids anyhow', [rejected('2.0.0')], '1.4.0'],
    [
      'is not touched by a request that was completed',
      [aRequest({ status: { phase: 'Completed' } })],
      '1.4.0',
    ],
  ])('%s', (_name, requests, selected) => {
    expect(choose({ tags: LIST, requests })).toEqual({ selected });
  });

  it('is nothing where each step has been refused, and the hold is told', () => {
    const requests = [rejected('1.4.0'), rejected('1.2.9')];
    expect(choose({ tags: LIST, requests })).toEqual({
      blocker: { code: 'held', message: expect.stringContaining('nginx:1.4.0 was rejected by alice') },
    });
  });

  it('does not come back to a held version in another spelling', () => {
    expect(choose({ tags: ['v1.4.0'], requests: [rejected('1.4.0')] })).toHaveProperty(
      'blocker.code',
      'held',
    );
  });

  it('is what came after the hold', () => {
    expect(choose({ tags: [...LIST, '1.4.1'], requests: [rejected('1.4.0')] })).toEqual({
      selected: '1.4.1',
    });
  });
});

describe('the choice from a list that holds no update', () => {
  it('says how many tags there were', () => {
    expect(choose({ tags: ['1.2.3', '1.2.0', '2.0.0', 'latest'] })).toEqual({
      blocker: {
        code: 'up-to-date',
        message: 'none of the 4 tags is newer than 1.2.3 and admitted by policy minor',
      },
    });
  });

  it.each(['latest', 'stable', 'abc1234'])('says that the running tag %s has no order', (running) => {
    expect(choose({ running, tags: ['1.0.0'], policy: 'all' })).toHaveProperty(
      'blocker.code',
      'current-unversioned',
    );
  });
});

describe('tags that mislead others', () => {
  const TAGS = [
    '17.9-alpine',
    '17.11-alpine',
    '16beta1',
    'latest',
    `sha256-${'a'.repeat(64)}.sig`,
    `sha256-${'b'.repeat(64)}.att`,
    '2025.04.0',
    '17.10-alpine',
    '9.6-alpine',
    '18.0-alpine',
    '17.11',
  ];
  const anything = compilePattern('*');
  const rules: readonly PolicyRule[] = POLICIES.flatMap((policy) => [
    { policy, prerelease: true, pattern: anything.ok ? anything.value : undefined },
    { policy, prerelease: false },
  ]);

  it.each([
    ['17.9-alpine', ['17.11-alpine', '18.0-alpine']],
    ['17.10-alpine', ['17.11-alpine', '18.0-alpine']],
    ['18.0-alpine', []],
    ['17.11', []],
    ['2025.04.0', []],
    ['latest', []],
    ['16beta1', []],
  ])('lead from %s nowhere but to %j, whatever the policy', (currentTag, allowed) => {
    const chosen = rules.flatMap((rule) => {
      const question = { rule, currentTag, currentImage: `pg:${currentTag}`, tags: TAGS, requests: [] };
      const choice = chooseUnheld(question);
      return 'selected' in choice ? [choice.selected] : [];
    });
    expect(chosen.filter((tag) => !allowed.includes(tag))).toEqual([]);
    expect([...new Set(chosen)].sort()).toEqual([...allowed].sort());
  });
});

describe('Invariant 2: the choice', () => {
  const aPolicy = fc.constantFrom(...POLICIES);
  const aValidTag = fc.oneof(aTag, aRelatedTag).filter(isTag);
  const aCase = fc.record({
    policy: aPolicy,
    currentTag: aValidTag,
    list: fc.array(aValidTag, { maxLength: 40 }),
    heldEach: fc.integer({ min: 1, max: 4 }),
    prerelease: fc.boolean(),
  });

  it('Invariant 2: is never below the running version, whatever list, policy and holds there are', () => {
    fc.assert(
      fc.property(aCase, ({ policy, currentTag, list, heldEach, prerelease }) => {
        const held = list.filter((_, index) => index % heldEach === 1);
        const currentImage = `nginx:${currentTag}`;
        const requests = held.map((tag) => rejected(tag, currentImage));
        const rule = { policy, prerelease };
        const choice = chooseUnheld({ rule, currentTag, currentImage, tags: list, requests });
        const chosen = 'selected' in choice ? [choice.selected] : [];
        const wrong = chosen.filter((tag) => {
          const order = compareForPolicy(tag, currentTag, policy) ?? 0;
          return order <= 0 || held.includes(tag) || !list.includes(tag);
        });
        expect(wrong).toEqual([]);
      }),
      { numRuns: 1500 },
    );
  });

  it('does not depend on the order of the list', () => {
    fc.assert(
      fc.property(
        aPolicy,
        aRelatedTag,
        fc.shuffledSubarray(
          ['1.0-alpine3.9', '1.1-alpine3.9', '1.10-alpine3.9', '2.0-alpine3.9', '10.0-alpine3.18'],
          { minLength: 5 },
        ),
        (policy, currentTag, list) => {
          const question = {
            rule: { policy, prerelease: false },
            currentTag,
            currentImage: `x:${currentTag}`,
            requests: [rejected('2.0-alpine3.9', `x:${currentTag}`)],
          };
          expect(chooseUnheld({ ...question, tags: list })).toEqual(
            chooseUnheld({ ...question, tags: list.toSorted() }),
          );
        },
      ),
    );
  });
});
