import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileGlob, compilePattern } from './pattern.ts';

function matches(pattern: string, tag: string): boolean {
  const compiled = compilePattern(pattern);
  if (!compiled.ok) throw new Error(compiled.error);
  return compiled.value.matches(tag);
}

describe('a glob', () => {
  it.each([
    ['*', 'anything', true],
    ['*', 'v1.0.0', true],
    ['v1.*', 'v1.2.3', true],
    ['v1.*', 'v1.0', true],
    ['v1.*', 'v2.0.0', false],
    ['v1.*', 'v2.0', false],
    ['v1.*', 'v1x2', false],
    ['*-beta', 'v1.0.0-beta', true],
    ['*-beta', 'v1.0-beta', true],
    ['*-beta', 'anything-beta', true],
    ['*-beta', 'v1.0', false],
    ['v1.0', 'v1.0', true],
    ['v1.0', 'v1.1', false],
    ['v1.*.0', 'v1.2.0', true],
    ['v1.*.0', 'v1.99.0', true],
    ['v1.*.0', 'v1.2.1', false],
    ['v1.*.0', 'v2.0.0', false],
    ['v*-stable', 'v1.2.3-stable', true],
    ['v*-stable', 'v999-stable', true],
    ['v*-stable', 'v1.2.3-beta', false],
    ['v1.*-stable', 'v1.5-stable', true],
    ['v1.*-stable', 'v1.10-stable', true],
    ['v1.*-stable', 'v2.0-stable', false],
    ['v1.*-stable', 'v1.5-beta', false],
    ['1.?', '1.2', true],
    ['1.?', '1.22', false],
    ['1.?', '1.', false],
    ['1.[0-4]', '1.4', true],
    ['1.[0-4]', '1.5', false],
    ['1.[!0-4]', '1.5', true],
    ['1.[!0-4]', '1.4', false],
    ['1.[^0-4]', '1.4', false],
    ['[]a]', ']', true],
    ['[a&&b]', '&', true],
    ['[\\d]', '5', false],
    ['[\\d]', 'd', true],
    ['a**b', 'ab', true],
    ['a*', 'A', false],
    ['\\*', '*', true],
    ['\\*', 'a', false],
    ['(a|b)+', 'a', false],
    ['(a|b)+', '(a|b)+', true],
    ['1.$', '1.$', true],
    ['aba*aba', 'aba', false],
  ])('%s against %s: %s', (pattern, tag, expected) => {
    expect(matches(pattern, tag)).toBe(expected);
  });

  it('without special characters matches itself and nothing else', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9._(){}|+^$-]{1,30}$/), fc.string(), (text, other) => {
        expect(matches(text.replace(/^regex:/, 'x'), text.replace(/^regex:/, 'x'))).toBe(true);
        expect(matches(text, other)).toBe(text === other);
      }),
    );
  });
});

describe('a glob with nothing but stars', () => {
  it('matches what it matches written so that it is compiled', () => {
    const text = fc.stringMatching(/^[ab.]{0,12}$/);
    const glob = fc.stringMatching(/^[ab.*]{1,8}$/);
    fc.assert(
      fc.property(glob, text, (stars, tag) => {
        // A set of one member is the member itself.
        const compiled = stars.replaceAll(/[ab.]/g, '[$&]');
        expect(matches(stars, tag)).toBe(matches(compiled, tag));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a regex', () => {
  it.each([
    ['regex:^v1\\.\\d+$', 'v1.22', true],
    ['regex:^v1\\.\\d+$', 'v1.22-rc1', false],
    ['regex:-alpine$', '1.2-alpine', true],
    ['regex:^(main|dev)-', 'dev-1', true],
    ['regex:^(main|dev)-', 'x-dev-1', false],
  ])('%s against %s: %s', (pattern, tag, expected) => {
    expect(matches(pattern, tag)).toBe(expected);
  });
});

describe('a pattern is refused', () => {
  it.each([
    ['when it is empty', '', 'empty'],
    ['when nothing follows regex:', 'regex:', 'empty'],
    ['when a class is not closed', 'v[0-9', '['],
    ['when a class is empty', 'v[]', '['],
    ['when a class runs backwards', 'v[9-0]', 'invalid character class range'],
    ['when it ends in a backslash', 'v\\', 'escapes nothing'],
    ['when it looks behind', 'regex:(?<=a)b', 'invalid'],
    ['when it refers back', 'regex:(a)\\1', 'invalid escape'],
    ['when a group is open', 'regex:(a', 'missing'],
    ['when it is longer than 256 characters', 'a'.repeat(257), '257 characters'],
    ['when it nests repeats', 'regex:((a{100}){100}){100}', 'invalid repeat'],
    ['when it compiles to too much', 'regex:(((a?){30}){30})', 'too complex'],
  ])('%s', (_, pattern, why) => {
    expect(compilePattern(pattern)).toEqual({ ok: false, error: expect.stringContaining(why) });
  });

  it('and never throws, whatever it is', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, tag) => {
        const attempts = [compilePattern(text), compilePattern(`regex:${text}`), compileGlob(text)];
        const answers = attempts.map((compiled) => compiled.ok && compiled.value.matches(tag));
        expect(answers.every((answer) => typeof answer === 'boolean')).toBe(true);
      }),
    );
  });
});

describe('the time of a match', () => {
  it.each([
    ['a glob of many stars', `${'*a'.repeat(100)}*b`],
    ['a regex that backtracks elsewhere', 'regex:^(a+)+$'],
    ['a regex of overlapping alternatives', 'regex:^(a|a|aa)*b$'],
  ])('stays short for %s', (_, pattern) => {
    expect(matches(pattern, `${'a'.repeat(500)}!`)).toBe(false);
  });

  it('is bounded by not looking at tags longer than 512 characters', () => {
    expect(matches('*', 'a'.repeat(513))).toBe(false);
  });
});
