import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LightHeaders } from './light-headers.ts';

const name = fc.oneof(
  fc.constantFrom('Accept', 'accept', 'Cookie', 'Set-Cookie', 'set-cookie', 'X-B', 'x-a', '', 'a b', 'é'),
  fc.string({ maxLength: 6 }),
);
const value = fc.oneof(
  fc.constantFrom('', ' ', ' a ', '\ta\r\n', 'a\nb', 'a\0b', 'é', 'ÿ', 'Ā', 'a, b', 'a=1; b=2'),
  fc.string({ maxLength: 8 }),
);
const step = fc.record({ does: fc.constantFrom('append', 'set', 'delete', 'has', 'get'), name, value });
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** What a step answers; `throws` where it throws a TypeError. */
function take(headers: Headers | LightHeaders, { does, name: of, value: to }: Step): unknown {
  try {
    if (does === 'append') return headers.append(of, to);
    if (does === 'set') return headers.set(of, to);
    if (does === 'delete') return headers.delete(of);
    return does === 'has' ? headers.has(of) : headers.get(of);
  } catch (error) {
    return error instanceof TypeError ? 'throws' : error;
  }
}

function seen(headers: Headers | LightHeaders): unknown {
  const told: unknown[] = [];
  headers.forEach((one: string, of: string) => told.push([of, one]));
  return {
    told,
    entries: [...headers],
    keys: [...headers.keys()],
    values: [...headers.values()],
    cookies: headers.getSetCookie(),
  };
}

describe('our headers', () => {
  it('never differ from those of Node, whatever is done to them', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const theirs = new Headers();
        const ours = new LightHeaders();
        expect(steps.map((one) => take(ours, one))).toEqual(steps.map((one) => take(theirs, one)));
        expect(seen(ours)).toEqual(seen(theirs));
      }),
      { numRuns: 2000 },
    );
  });

  it.each<[string, Record<string, string> | [string, string][] | undefined | null]>([
    ['nothing', undefined],
    ['null', null],
    ['names and values', { Accept: 'a', 'x-b': 'c' }],
    ['a name in two spellings', { Accept: 'a', accept: 'b' }],
    [
      'pairs',
      [
        ['b', '2'],
        ['a', '1'],
        ['B', '3'],
      ],
    ],
  ])('are made of %s like those of Node', (_what, init) => {
    expect(seen(new LightHeaders(init))).toEqual(seen(new Headers(init ?? undefined)));
  });

  it('are made of others, and of those of Node, with every cookie', () => {
    const cookies: [string, string][] = [
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
    ];
    for (const init of [new Headers(cookies), new LightHeaders(cookies)])
      expect(new LightHeaders(init).getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(new Headers([...new LightHeaders(cookies)]).getSetCookie()).toEqual(['a=1', 'b=2']);
  });

  it('refuse what is no pair, and keep a refused value to themselves', () => {
    expect(() => new LightHeaders([['a']])).toThrow(TypeError);
    expect(() => new LightHeaders([['a', 'b', 'c']])).toThrow(TypeError);
    expect(() => new LightHeaders({ authorization: 'secret\nx' })).toThrow(
      'a header has a character that is not allowed',
    );
  });
});
