import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ApiError } from './api-error.ts';
import { jsonPatch, mergePatch } from './patch.ts';
import { strategicPatch } from './strategic-patch.ts';

describe('a merge patch', () => {
  // The table of RFC 7386, appendix A.
  test.each([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('of %j with %j is %j', (target, patch, result) => {
    expect(mergePatch(target, patch)).toEqual(result);
  });
});

describe('a JSON patch', () => {
  test.each([
    ['adds into a list', { a: [1, 3] }, [{ op: 'add', path: '/a/1', value: 2 }], { a: [1, 2, 3] }],
    ['adds at the end', { a: [1] }, [{ op: 'add', path: '/a/-', value: 2 }], { a: [1, 2] }],
    ['removes from a list', { a: [1, 2] }, [{ op: 'remove', path: '/a/0' }], { a: [2] }],
    [
      'unescapes names',
      { 'a/b': 1, 'c~d': 2 },
      [
        { op: 'remove', path: '/a~1b' },
        { op: 'remove', path: '/c~0d' },
      ],
      {},
    ],
    ['moves', { a: { b: 1 } }, [{ op: 'move', from: '/a/b', path: '/c' }], { a: {}, c: 1 }],
    [
      'copies',
      { a: [1] },
      [
        { op: 'copy', from: '/a', path: '/b' },
        { op: 'add', path: '/b/-', value: 2 },
      ],
      { a: [1], b: [1, 2] },
    ],
    ['replaces the whole', { a: 1 }, [{ op: 'replace', path: '', value: { b: 2 } }], { b: 2 }],
    [
      'tests what is equal in any order',
      { a: { b: 1, c: 2 } },
      [{ op: 'test', path: '/a', value: { c: 2, b: 1 } }],
      { a: { b: 1, c: 2 } },
    ],
  ])('%s', (_what, target, patch, result) => {
    expect(jsonPatch(target, patch)).toEqual(result);
  });

  test.each([
    ['a path that is missing', [{ op: 'replace', path: '/x', value: 1 }], 422],
    ['an index beyond the list', [{ op: 'add', path: '/list/5', value: 1 }], 422],
    ['an index that is none', [{ op: 'add', path: '/list/01', value: 1 }], 422],
    ['a test that fails', [{ op: 'test', path: '/a', value: 2 }], 422],
    ['an operation that there is not', [{ op: 'explode', path: '/a' }], 400],
    ['a pointer that is none', [{ op: 'remove', path: 'a' }], 400],
    ['no path', [{ op: 'remove' }], 400],
    [
      'too many operations',
      Array.from({ length: 10_001 }, () => ({ op: 'test', path: '/a', value: 1 })),
      413,
    ],
  ])('with %s is refused', (_what, patch, code) => {
    expect(() => jsonPatch({ a: 1, list: [1] }, patch)).toThrow(expect.objectContaining({ code }));
  });

  test('never reaches a prototype', () => {
    const result = jsonPatch({ a: {} }, [{ op: 'add', path: '/a/__proto__', value: { polluted: true } }]);
    expect(Object.getPrototypeOf(Object(result).a)).toBe(Object.prototype);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
    expect(() => jsonPatch({}, [{ op: 'add', path: '/__proto__/polluted', value: 1 }])).toThrow(ApiError);
  });

  test('never changes what it is applied to', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.json()), (target) => {
        const before = structuredClone(target);
        jsonPatch(target, [{ op: 'add', path: '/added', value: 1 }]);
        expect(target).toEqual(before);
      }),
    );
  });
});

describe('a strategic merge patch', () => {
  const web = { name: 'web', image: 'nginx:1', env: [{ name: 'A', value: '1' }] };
  const side = { name: 'side', image: 'busybox' };

  test.each([
    [
      'an item is merged by its key',
      { containers: [web, side] },
      { containers: [{ name: 'web', image: 'nginx:2' }] },
      { containers: [{ ...web, image: 'nginx:2' }, side] },
    ],
    [
      'an item that is new comes last',
      { containers: [web] },
      { containers: [side] },
      { containers: [web, side] },
    ],
    [
      'an item is deleted',
      { containers: [web, side] },
      { containers: [{ $patch: 'delete', name: 'web' }] },
      { containers: [side] },
    ],
    [
      'to delete what is missing does nothing',
      { containers: [web] },
      { containers: [{ $patch: 'delete', name: 'x' }] },
      { containers: [web] },
    ],
    [
      'a list is replaced',
      { containers: [web] },
      { containers: [side, { $patch: 'replace' }] },
      { containers: [side] },
    ],
    ['lists without a key are replaced', { args: ['a'] }, { args: ['b'] }, { args: ['b'] }],
    ['finalizers are a set', { finalizers: ['a'] }, { finalizers: ['a', 'b'] }, { finalizers: ['a', 'b'] }],
    [
      'a value is taken from a set',
      { finalizers: ['a', 'b'] },
      { '$deleteFromPrimitiveList/finalizers': ['a'] },
      { finalizers: ['b'] },
    ],
    [
      'only the named keys are retained',
      { strategy: { type: 'RollingUpdate', rollingUpdate: {} } },
      { strategy: { $retainKeys: ['type'], type: 'Recreate' } },
      { strategy: { type: 'Recreate' } },
    ],
    ['a map is emptied', { strategy: { type: 'x' } }, { strategy: { $patch: 'delete' } }, { strategy: {} }],
    [
      'ports of a Service are told apart by port',
      { ports: [{ port: 80, name: 'a' }] },
      { ports: [{ port: 80, name: 'b' }] },
      { ports: [{ port: 80, name: 'b' }] },
    ],
    [
      'an order with names that are missing is no harm',
      { containers: [web, side] },
      { '$setElementOrder/containers': [{ name: 'x' }, { name: 'side' }, { name: 'web' }] },
      { containers: [side, web] },
    ],
  ])('%s', (_what, target, patch, result) => {
    expect(strategicPatch(target, patch)).toEqual(result);
  });

  test.each([
    ['an item without its key', { containers: [{ image: 'x' }] }],
    ['an item that is no object', { containers: ['x'] }],
    ['a directive that there is not', { a: { $patch: 'explode' } }],
  ])('with %s answers 400', (_what, patch) => {
    expect(() => strategicPatch({ a: {} }, patch)).toThrow(expect.objectContaining({ code: 400 }));
  });
});
