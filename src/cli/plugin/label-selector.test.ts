import { describe, expect, it } from 'vitest';
import { UsageError } from '../exit.ts';
import { readSelector } from './label-selector.ts';

const LABELS = { app: 'web', tier: 'front', 'example.com/team': 'shop', empty: '' };

describe('a label selector', () => {
  it.each<[string, boolean]>([
    ['app=web', true],
    ['app==web', true],
    ['app = web', true],
    ['app=db', false],
    ['app!=db', true],
    ['app!=web', false],
    ['missing!=web', true],
    ['missing=', false],
    ['empty=', true],
    ['app=web,tier=front', true],
    ['app=web,tier=back', false],
    ['app in (web, db)', true],
    ['app in (db)', false],
    ['missing in (web)', false],
    ['app notin (db,cache)', true],
    ['app notin (web)', false],
    ['missing notin (web)', true],
    ['app in (web,db),tier!=back', true],
    ['example.com/team', true],
    ['missing', false],
    ['!missing', true],
    ['!app', false],
    ['toString', false],
    ['constructor!=x', true],
  ])('%s: %s', (text, expected) => {
    expect(readSelector(text).matches(LABELS)).toBe(expected);
  });

  it('finds nothing where there are no labels, unless that is what it asks for', () => {
    expect(readSelector('app').matches(undefined)).toBe(false);
    expect(readSelector('!app').matches(undefined)).toBe(true);
  });

  it.each(['', ',', 'app=web,', 'app in web', 'app in (we b!)', 'a=b=c', '=web', 'app>3', 'x'.repeat(5000)])(
    'refuses %j',
    (text) => {
      expect(() => readSelector(text)).toThrow(UsageError);
    },
  );
});
