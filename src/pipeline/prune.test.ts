import { expect, it } from 'vitest';
import { aRequest } from '../../test/builders.ts';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { toTimestamp } from '../core/clock.ts';
import { createRecordingLog } from '../telemetry/recording-log.ts';
import { createPruner, type Pruner } from './prune.ts';
import { createRequestStore } from './request-store.ts';

const HOUR = 3_600_000;

function aScene(): { readonly pruner: Pruner; readonly clock: FakeClock; readonly deleted: string[] } {
  const clock = new FakeClock();
  const deleted: string[] = [];
  const requests = createRequestStore({
    request: (call) => {
      if (call.method === 'DELETE') deleted.push(call.path.split('/').at(-1) ?? '');
      return Promise.resolve({});
    },
  });
  for (const name of ['a', 'b'])
    requests.observe(
      aRequest({ name, status: { phase: 'Completed', lastUpdated: toTimestamp(clock.now()) } }),
    );
  const limits = { retentionMs: HOUR, keepPerArtifact: 0 };
  const log = createRecordingLog().target('test');
  return { pruner: createPruner({ requests, limits, clock, log }), clock, deleted };
}

it('deletes what is too old, now and then', async () => {
  const { pruner, clock, deleted } = aScene();
  pruner.start();
  await clock.advance(HOUR / 2);
  expect(deleted).toEqual([]);
  await clock.advance(HOUR);
  expect(new Set(deleted)).toEqual(new Set(['a', 'b']));
  await pruner.stop();
  expect(clock.pending).toBe(0);
});

it('deletes nothing while it pauses, and goes on afterwards', async () => {
  const { pruner, clock, deleted } = aScene();
  pruner.start();
  pruner.pause();
  await clock.advance(10 * HOUR);
  expect(deleted).toEqual([]);
  pruner.start();
  pruner.start();
  await clock.advance(HOUR);
  expect(deleted.length).toBeGreaterThan(0);
  await pruner.stop();
  expect(clock.pending).toBe(0);
});
