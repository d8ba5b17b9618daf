import { expect, it } from 'vitest';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { outOfService } from './leaving.ts';

it.each([
  ['not at all outside of a pod', {}, undefined, 0],
  ['five seconds in a pod', { inCluster: true }, undefined, 5000],
  ['as long as is wanted, wherever it runs', {}, 3000, 3000],
  ['not at all where that is wanted of a pod', { inCluster: true }, 0, 0],
])('new connections are taken after the signal to end: %s', async (_, connection, shutdownDelayMs, ms) => {
  const clock = new FakeClock();
  const fromMs = clock.now();
  let leftAtMs: number | undefined;
  const leaving = outOfService({ settings: { shutdownDelayMs }, connection, clock }).then(() => {
    leftAtMs = clock.now();
  });
  await clock.advance(Math.max(0, ms - 1));
  expect(leftAtMs).toBe(ms === 0 ? fromMs : undefined);
  await clock.advance(1);
  await leaving;
  expect(clock.pending).toBe(0);
});
