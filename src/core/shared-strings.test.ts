import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSharedStrings } from './shared-strings.ts';

describe('sharing strings', () => {
  it('changes nothing that can be seen', () => {
    const share = createSharedStrings(8);
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(share(structuredClone(value))).toEqual(value);
      }),
    );
  });

  it('answers the very object that it was given', () => {
    const object = { spec: { kind: 'Deployment', names: ['a', 'b'] } };
    expect(createSharedStrings()(object)).toBe(object);
  });

  it('leaves alone what cannot be changed', () => {
    const object = Object.freeze({ names: Object.freeze(['a', 'b']) });
    expect(createSharedStrings()(object)).toEqual({ names: ['a', 'b'] });
  });
});
