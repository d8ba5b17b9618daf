import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formFieldOf } from './form.ts';

function payloadOf(form: string): string | undefined {
  const bytes = formFieldOf(Buffer.from(form), 'payload');
  return bytes && Buffer.from(bytes).toString('utf8');
}

describe('a field of a form', () => {
  it.each([
    ['the only one', 'payload=%7B%22a%22%3A1%7D', '{"a":1}'],
    ['between others', 'a=1&payload=x&b=2', 'x'],
    ['the first of two', 'payload=1&payload=2', '1'],
    ['plus is a space', 'payload=a+b%2Bc', 'a b+c'],
    ['beyond ASCII', 'payload=%C3%A4%e2%82%ac', 'ä€'],
    ['a percent sign that escapes nothing', 'payload=100%&x', '100%'],
    ['half an escape', 'payload=%4', '%4'],
    ['an escape that is none', 'payload=%zz', '%zz'],
    ['empty', 'payload=', ''],
    ['another name that ends alike', 'xpayload=1', undefined],
    ['no value', 'payload', undefined],
    ['none', 'a=1&b=2', undefined],
    ['nothing at all', '', undefined],
  ])('%s', (_name, form, expected) => {
    expect(payloadOf(form)).toBe(expected);
  });

  it('is what URLSearchParams reads', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (value, other) => {
        const form = new URLSearchParams([
          ['other', other],
          ['payload', value],
        ]);
        expect(payloadOf(form.toString())).toBe(form.get('payload'));
      }),
    );
  });
});
