import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { locateJsonError, structureOf } from './json-text.ts';

function offsetOf(text: string): number | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return locateJsonError(text, error).offset;
  }
}

describe('where text stops being JSON', () => {
  it.each([
    ['nothing at all', '', 0],
    ['only space', ' \n', 2],
    ['a bare word', 'hello', 0],
    ['a bare word inside', '{"a": nul}', 6],
    ['a comma too many in an array', '[1,2,]', 5],
    ['a comma too many in an object', '{"a":1,}', 7],
    ['a comma first', '[,1]', 1],
    ['no colon', '{"a" 1}', 5],
    ['a key that is no string', '{a:1}', 1],
    ['the wrong bracket', '{"a":[1}', 7],
    ['a closing bracket alone', ']', 0],
    ['something behind', '{"a":1} x', 8],
    ['a second value', '1 2', 2],
    ['an early end', '{"a":[1,', 8],
    ['a string without end', '"abc', 4],
    ['a string with a quote escaped', '{"a\\"":tru}', 7],
    ['a number with a leading zero', '[01]', 2],
    ['single quotes', "{'a':1}", 1],
    ['NaN', '[NaN]', 1],
    ['a comment', '{} // hi', 3],
    ['true with more behind', '[trueish]', 5],
  ])('%s', (_name, text, offset) => {
    expect(offsetOf(text)).toBe(offset);
  });

  it('counts lines and columns from one', () => {
    const text = '{\n  "a": 1,\n  b\n}';

    expect(locateJsonError(text, new SyntaxError('no position'))).toEqual({ offset: 14, line: 3, column: 3 });
  });

  it('always lies in the text, and what stands before it is not to blame', () => {
    const damaged = fc
      .tuple(fc.json(), fc.nat(), fc.constantFrom('{', '}', '[', ']', ',', ':', '"', 'e', 'x', '0', ' '))
      .map(([json, at, letter]) => {
        const cut = at % (json.length + 1);
        return json.slice(0, cut) + letter + json.slice(cut);
      });

    fc.assert(
      fc.property(damaged, (text) => {
        const offset = offsetOf(text);
        if (offset === undefined) return;
        expect(offset).toBeGreaterThanOrEqual(0);
        expect(offset).toBeLessThanOrEqual(text.length);
        // The text before it only ends early, at its end or in the scalar that stands there.
        const before = text.slice(0, offset);
        expect(offsetOf(before) ?? offset).toBeGreaterThanOrEqual(before.search(/[-\w.]*$/));
      }),
    );
  });
});

describe('nesting', () => {
  it.each([
    ['flat', '[1,2,3]', 1, false],
    ['as deep as allowed', '[[[]]]', 3, false],
    ['one deeper', '[[[]]]', 2, true],
    ['objects count too', '{"a":{"b":[]}}', 2, true],
    ['siblings do not add up', '[[],[],[]]', 2, false],
    ['brackets in strings do not count', '["[[[[", "\\"[[[["]', 1, false],
    ['a string without end', '["[[[[', 1, false],
    ['a backslash before the closing quote', '["\\\\",[[]]]', 2, true],
    ['a hundred thousand brackets', '['.repeat(100_000), 64, true],
    ['a million backslashes', `"${'\\'.repeat(1_000_000)}`, 64, false],
    ['a million quotes behind backslashes', `"${'\\"'.repeat(500_000)}[[`, 1, false],
  ])('%s', (_name, text, limit, expected) => {
    expect(structureOf(text, { depth: limit, values: 1_000_000 }).depth > limit).toBe(expected);
  });
});

describe('the number of values', () => {
  it.each([
    ['a number', '1', 1],
    ['a list of three', '[1,2,3]', 4],
    ['an object in a list', '[{"a":1,"b":2},3]', 5],
    ['commas and brackets in strings do not count', '["a,b,[c","\\",{"]"]', 3],
    ['nothing beyond the limit', `[${'0,'.repeat(100_000)}0]`, 11],
  ])('%s', (_name, text, expected) => {
    expect(structureOf(text, { depth: 64, values: 10 }).values).toBe(expected);
  });

  it('is never lower than what JSON.parse finds', () => {
    const count = (value: unknown): number =>
      typeof value === 'object' && value !== null
        ? Object.values(value).reduce<number>((sum, item) => sum + count(item), 1)
        : 1;

    fc.assert(
      fc.property(fc.json(), (text) => {
        const limits = { depth: 1000, values: 1_000_000 };
        expect(structureOf(text, limits).values).toBeGreaterThanOrEqual(count(JSON.parse(text)));
      }),
    );
  });
});
