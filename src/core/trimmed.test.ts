import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { trimmed, trimmedEnd } from './trimmed.ts';

const text = fc.string({ unit: fc.constantFrom('/', ' ', 'a', '\0'), maxLength: 12 });

describe('a text without what stands at its ends', () => {
  it('is what a regular expression makes of it', () => {
    fc.assert(
      fc.property(text, (given) => {
        expect(trimmedEnd(given, '/ ')).toBe(given.replace(/[/ ]+$/, ''));
        expect(trimmed(given, '/ ')).toBe(given.replace(/^[/ ]+|[/ ]+$/g, ''));
      }),
    );
  });
});
