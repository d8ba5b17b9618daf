import { expect, it } from 'vitest';
import { isSameOrder, keepPlaces } from './steady.ts';

interface Row {
  readonly id: string;
  readonly text: string;
}
const keyOf = ({ id }: Row): string => id;
const rows = (ids: string, text = 'old'): readonly Row[] => ids.split('').map((id) => ({ id, text }));

it.each([
  ['abc', 'abc', 'a:new b:new c:new, 0 new, gone '],
  ['abc', 'xabc', 'a:new b:new c:new, 1 new, gone '],
  ['abc', 'cba', 'a:new b:new c:new, 0 new, gone '],
  ['abc', 'ac', 'a:new b:old c:new, 0 new, gone b'],
  ['abc', 'xyb', 'a:old b:new c:old, 2 new, gone ac'],
  ['', 'ab', ', 2 new, gone '],
])('%s that is now %s stays in its places', (before, now, expected) => {
  const steady = keepPlaces(rows(before), rows(now, 'new'), keyOf);
  const shown = steady.rows.map(({ id, text }) => `${id}:${text}`).join(' ');
  expect(`${shown}, ${steady.arrived} new, gone ${[...steady.gone].join('')}`).toBe(expected);
});

it.each([
  ['ab', 'ab', true],
  ['ab', 'ba', false],
  ['ab', 'abc', false],
  ['', '', true],
])('%s and %s are in the same order: %s', (a, b, same) => {
  expect(isSameOrder(rows(a), rows(b, 'new'), keyOf)).toBe(same);
});
