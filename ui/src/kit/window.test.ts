import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { offsetOf, windowOf } from './window.ts';

const LIST = { count: 100, viewHeight: 100, heightOf: () => undefined, usualHeight: 10, overscan: 0 };

describe('the part of a list that is drawn', () => {
  it.each([
    ['at the beginning', 0, { first: 0, end: 10, before: 0, after: 900 }],
    ['below the edge of the screen', 200, { first: 0, end: 0, before: 0, after: 1000 }],
    ['in the middle', -500, { first: 50, end: 60, before: 500, after: 400 }],
    ['between two rows', -505, { first: 50, end: 61, before: 500, after: 390 }],
    ['at the end', -900, { first: 90, end: 100, before: 900, after: 0 }],
    ['far behind it', -9000, { first: 100, end: 100, before: 1000, after: 0 }],
  ])('is what can be seen: %s', (_, top, expected) => {
    expect(windowOf({ ...LIST, top })).toEqual(expected);
  });

  it('takes heights as they were measured', () => {
    const heightOf = (index: number): number | undefined => (index === 0 ? 95 : undefined);
    expect(windowOf({ ...LIST, top: 0, heightOf })).toEqual({ first: 0, end: 2, before: 0, after: 980 });
    expect(offsetOf(3, { heightOf, usualHeight: 10 })).toBe(115);
  });

  it('never loses a pixel, nor leaves out a row that can be seen', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 60 }),
        fc.integer({ min: -5000, max: 500 }),
        (heights, top) => {
          const measures = {
            count: heights.length,
            top,
            viewHeight: 400,
            heightOf: (index: number) => heights[index],
            usualHeight: 40,
            overscan: 50,
          };
          const { first, end, before, after } = windowOf(measures);
          const drawn = heights.slice(first, end).reduce((sum, height) => sum + height, 0);
          const all = heights.reduce((sum, height) => sum + height, 0);
          expect(before + drawn + after).toBe(all);
          let at = top;
          for (const [index, height] of heights.entries()) {
            const isSeen = at + height > 0 && at < 400;
            expect(!isSeen || (index >= first && index < end)).toBe(true);
            at += height;
          }
        },
      ),
    );
  });
});
