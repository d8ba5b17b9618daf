import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createListSplitter } from './list-splitter.ts';

/** Splits the text, which arrives in pieces of `size` bytes. */
function split(
  text: string,
  size = text.length,
): { readonly items: readonly unknown[]; readonly envelope: unknown } {
  const items: unknown[] = [];
  const splitter = createListSplitter({
    onItem: (item) => void items.push(JSON.parse(item)),
    maxBytes: 1000_000,
  });
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += Math.max(1, size))
    splitter.push(bytes.subarray(at, at + Math.max(1, size)));
  return { items, envelope: JSON.parse(splitter.end()) };
}

describe('a list is taken apart', () => {
  it.each([
    [
      'as the API server sends it',
      '{"kind":"List","metadata":{"resourceVersion":"7"},"items":[{"a":1},{"b":[{}]}]}',
    ],
    [
      'with blanks and line ends',
      '{ "items" : \n [ {"a":1} ,\n {"b":[ {} ]} ] , "metadata" : {"resourceVersion":"7"} }',
    ],
    [
      'with quotes and brackets in strings',
      '{"x":"\\"items\\":[{","items":[{"a":"}]\\\\\\"{"},{"b":"\\\\"}],"y":"]}"}',
    ],
    ['with items deeper than the list', '{"metadata":{"items":[{"no":1}]},"items":[{"items":[{"yes":1}]}]}'],
    ['with a key that ends like items', '{"a\\"items":[{"no":1}],"items":[{"yes":1}]}'],
    ['with no items', '{"metadata":{},"items":[]}'],
    ['with items that are null', '{"metadata":{},"items":null}'],
    ['with other arrays', '{"others":[{"no":1},[]],"items":[{"yes":1}],"more":[[{}]]}'],
    ['with letters of several bytes', '{"items":[{"name":"Grüße 🚀"}],"more":"ß🚀"}'],
  ])('%s, wherever the bytes are cut', (_, text) => {
    const whole = new Map<string, unknown>(Object.entries(JSON.parse(text)));
    const items = whole.get('items') ?? [];
    if (whole.get('items') != null) whole.set('items', []);
    const expected = { items, envelope: Object.fromEntries(whole) };
    for (let size = 1; size <= text.length; size += 1) expect(split(text, size), `${size}`).toEqual(expected);
  });

  it.each([
    [
      '{"metadata":{"continue":"ü"},"items":[{"a":1}],"kind":"List"}',
      ['{"metadata":{"continue":"ü"},"items":[]}'],
    ],
    ['{"items":[],"metadata":{}}', ['{"items":[]}']],
    ['{"metadata":{"items":[1]}}', []],
  ])(
    '%s tells what stands before its items when they begin, wherever the bytes are cut',
    (text, expected) => {
      for (let size = 1; size <= text.length; size += 1) {
        const heads: string[] = [];
        const splitter = createListSplitter({
          onItem: () => expect(heads).toEqual(expected),
          onHead: (head) => heads.push(head),
          maxBytes: 1000,
        });
        const bytes = Buffer.from(text);
        for (let at = 0; at < bytes.length; at += size) splitter.push(bytes.subarray(at, at + size));
        expect(heads, `${size}`).toEqual(expected);
      }
    },
  );

  it('what is among the items and no object is left out', () => {
    expect(split('{"items":[null,{"a":1},"x",[2],3]}')).toEqual({
      items: [{ a: 1 }, [2]],
      envelope: { items: [] },
    });
  });

  it('every list gives the items and the rest that JSON.parse gives', () => {
    const anItem = fc.dictionary(fc.string(), fc.jsonValue());
    const property = fc.property(
      fc.array(anItem),
      fc.dictionary(fc.string({ minLength: 1 }), fc.jsonValue()),
      fc.nat(50),
      fc.boolean(),
      (items, rest, size, spaced) => {
        const list = { ...rest, items };
        const text = JSON.stringify(list, undefined, spaced ? 1 : 0);
        const expected = JSON.parse(text);
        const parts = split(text, size);
        expect(parts.items).toEqual(expected.items);
        expect(parts.envelope).toEqual({ ...expected, items: [] });
      },
    );
    fc.assert(property);
  });

  it('what is no list is handed back for whoever parses it', () => {
    const splitter = createListSplitter({ onItem: () => expect.unreachable(), maxBytes: 100 });
    splitter.push(Buffer.from('<html>[{"x":'));
    expect(splitter.end()).toBe('<html>[{"x":');
  });

  it('an item that does not end is given up, and so is a list of anything else; many items are not', () => {
    const aSplitter = () => createListSplitter({ onItem: () => {}, maxBytes: 100 });
    const item = Buffer.from(`{"a":"${'x'.repeat(80)}"},`);
    const start = Buffer.from('{"items":[');

    const many = aSplitter();
    many.push(start);
    for (let count = 0; count < 100; count += 1) many.push(item);
    const endless = aSplitter();
    endless.push(Buffer.concat([start, item.subarray(0, 50)]));
    endless.push(item.subarray(6, 50));
    expect(() => endless.push(item.subarray(6, 50))).toThrow('more than 100 bytes');
    expect(() => aSplitter().push(Buffer.from(`{"kind":"${'x'.repeat(100)}`))).toThrow('more than 100 bytes');
  });
});
