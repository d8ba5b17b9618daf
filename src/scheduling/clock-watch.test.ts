import { expect, it } from 'vitest';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { watchClock } from './clock-watch.ts';

it('a clock that is set is noticed once each time, and one that goes on is not', async () => {
  const clock = new FakeClock();
  const told: number[] = [];
  const stop = watchClock({ clock, onSet: (byMs) => told.push(byMs) });
  await clock.advance(3_600_000);
  expect(told).toEqual([]);
  clock.jump(7_200_000);
  await clock.advance(60_000);
  clock.jump(-18_000_000);
  clock.jump(-1000);
  await clock.advance(5000);
  clock.jump(500);
  await clock.advance(60_000);
  expect(told).toEqual([7_200_000, -18_001_000]);
  stop();
  expect(clock.pending).toBe(0);
});
