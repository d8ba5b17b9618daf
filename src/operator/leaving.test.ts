import { expect, it } from 'vitest';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { outOfService } from './leaving.ts';

it.each([
  ['not at all outside of a pod', {}, undefined, []],
  ['five seconds in a pod', { inCluster: true }, undefined, ['0 rests', '1000 hands over', '5000 leaves']],
  ['as long as is wanted, wherever it runs', {}, 3000, ['0 rests', '1000 hands over', '3000 leaves']],
  ['for less than a second', {}, 500, ['0 rests', '500 hands over', '500 leaves']],
  ['not at all where that is wanted of a pod', { inCluster: true }, 0, []],
])(
  'after the signal to end all is answered, and another replica leads meanwhile: %s',
  async (_, connection, shutdownDelayMs, expected) => {
    const clock = new FakeClock(0);
    const told: string[] = [];
    const tell = (what: string): void => void told.push(`${clock.now()} ${what}`);
    const leaving = outOfService(
      { settings: { shutdownDelayMs }, connection, clock },
      {
        jobs: { lead: (leading) => tell(leading ? 'acts' : 'rests') },
        leadership: { isLeading: () => true, stop: async () => tell('hands over') },
      },
    ).then(() => {
      if (clock.now() > 0) tell('leaves');
    });
    await clock.advance(10_000);
    await leaving;
    expect(told).toEqual(expected);
    expect(clock.pending).toBe(0);
  },
);

it('who does not lead wants to lead no more at once: elected now, it would begin what it has no time to end', async () => {
  const clock = new FakeClock(0);
  let stoppedAtMs: number | undefined;
  const leaving = outOfService(
    { settings: { shutdownDelayMs: undefined }, connection: { inCluster: true }, clock },
    {
      jobs: { lead: () => undefined },
      leadership: {
        isLeading: () => false,
        stop: async () => {
          stoppedAtMs = clock.now();
        },
      },
    },
  );
  await clock.advance(5000);
  await leaving;
  expect(stoppedAtMs).toBe(0);
});
