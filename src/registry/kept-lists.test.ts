import { describe, expect, it } from 'vitest';
import { createKeptLists, fingerprintOf, type KeptList } from './kept-lists.ts';

function aList(tags: number, length = 10): KeptList {
  const page = {
    tags: Array.from({ length: tags }, (_, index) => String(index).padStart(length, 'x')),
    next: undefined,
    etag: '"1"',
  };
  return { fingerprint: 'f', pages: new Map([['tags/list?n=1000', page]]) };
}

describe('kept lists', () => {
  it('are bounded in bytes: those asked for longest ago are let go', () => {
    const kept = createKeptLists(100_000);
    for (let index = 0; index < 50; index += 1) {
      kept.set(String(index), aList(100));
      kept.get('0');
      expect(kept.size()).toBeLessThanOrEqual(100_000);
    }

    expect(kept.get('0')).toBeDefined();
    expect(kept.get('1')).toBeUndefined();
    expect(kept.get('49')).toBeDefined();
    expect(kept.size()).toBeGreaterThan(90_000);
  });

  it('hold none that alone is larger than all may be', () => {
    const kept = createKeptLists(100_000);
    kept.set('small', aList(10));

    kept.set('large', aList(10_000));

    expect(kept.get('large')).toBeUndefined();
    expect(kept.get('small')).toBeDefined();
  });
});

it('a fingerprint is that of the set, not of its order', () => {
  expect(fingerprintOf(['b', 'a', 'c'])).toBe(fingerprintOf(['a', 'b', 'c']));
  expect(fingerprintOf(['a', 'b'])).not.toBe(fingerprintOf(['a', 'b', 'c']));
  expect(fingerprintOf([])).not.toBe(fingerprintOf(['a']));
});
