import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pageOf } from './page.ts';

const ascending = (a: number, b: number): number => a - b;

describe('a page of a list', () => {
  it('is the part of the whole list in order, whatever the order that it comes in', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer(), { maxLength: 60 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 25 }),
        (items, page, size) => {
          const last = Math.max(1, Math.ceil(items.length / size));
          const shown = Math.min(page, last);
          const rows = items.toSorted(ascending).slice((shown - 1) * size, shown * size);
          expect(pageOf(items, ascending, { page, size })).toEqual({ rows, page: shown });
        },
      ),
    );
  });

  it('is the same far from the beginning, where all are put in order', () => {
    const items = Array.from({ length: 2_000 }, (_, index) => (index * 7919) % 2_000);
    const rows = Array.from({ length: 20 }, (_, index) => 1_500 + index);
    expect(pageOf(items, ascending, { page: 76, size: 20 })).toEqual({ rows, page: 76 });
  });
});
