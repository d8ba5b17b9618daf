import { describe, expect, it } from 'vitest';
import { afterwards, allTold } from './afterwards.ts';

describe('what is told afterwards', () => {
  it('waits for all that goes on now, and keeps its order', async () => {
    const told: string[] = [];
    afterwards(() => told.push('first'));
    afterwards(() => {
      told.push('second');
      afterwards(() => told.push('third'));
    });
    await Promise.resolve();
    await new Promise<void>((resolve) => {
      process.nextTick(resolve);
    });
    expect(told).toEqual([]);
    await allTold();
    expect(told).toEqual(['first', 'second']);
    await allTold();
    expect(told).toEqual(['first', 'second', 'third']);
  });
});
