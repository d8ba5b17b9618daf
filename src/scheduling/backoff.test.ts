import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffDelay } from './backoff.ts';

const backoff = { baseMs: 100, capMs: 1_000 };

describe('the pause after failures', () => {
  it('doubles up to the cap', () => {
    const delays = [1, 2, 3, 4, 5, 6, 1000].map((failures) => backoffDelay(failures, backoff, () => 0));
    expect(delays).toEqual([100, 200, 400, 800, 1000, 1000, 1000]);
  });

  it('never exceeds the cap and never falls below half of the base', () => {
    const fraction = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fraction, (failures, random) => {
        const delay = backoffDelay(failures, backoff, () => random);
        expect(delay).toBeGreaterThanOrEqual(50);
        expect(delay).toBeLessThanOrEqual(1_000);
      }),
    );
  });
});
