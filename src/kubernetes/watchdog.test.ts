import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { createWatchdog } from './watchdog.ts';

describe('the watchdog', () => {
  it('barks once after the silence, counted from the last sign of life', async () => {
    const clock = new FakeClock(0);
    const barks: number[] = [];
    const dog = createWatchdog(clock, 100, () => barks.push(clock.now()));
    await clock.advance(60);
    dog.touch();
    await clock.advance(99);
    expect(barks).toEqual([]);
    await clock.advance(1000);
    expect(barks).toEqual([160]);
    expect(clock.pending).toBe(0);
  });

  it('leaves no timer behind when it is cancelled', async () => {
    const clock = new FakeClock(0);
    const dog = createWatchdog(clock, 100, () => {
      throw new Error('must not bark');
    });
    await clock.advance(50);
    dog.touch();
    await clock.advance(80);
    dog.cancel();
    expect(clock.pending).toBe(0);
  });
});
