import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../parts/eventually.ts';
import { rounds } from '../parts/cluster/rounds.ts';
import { allRun } from '../parts/cluster/pods.ts';
import { SHAPE_NAMES, SHAPES } from '../parts/cluster/shapes.ts';
import { openStage, type Stage } from '../parts/cluster/stage.ts';
import {
  applied,
  conditionOf,
  historyOf,
  requestsInOrder,
  storyIs,
  watchEnded,
} from '../parts/cluster/story.ts';
import { bugsIn } from '../parts/workload-views.ts';

describe.each(rounds(process.env))('Headwind killed during the watch, round %i', () => {
  let stage: Stage;
  const cast = SHAPE_NAMES.map((shapeName) => ({
    shape: SHAPES[shapeName],
    bad: `bad-${shapeName.toLowerCase().replaceAll(' ', '-')}`,
    good: `good-${shapeName.toLowerCase().replaceAll(' ', '-')}`,
  }));

  beforeAll(async () => {
    stage = await openStage('killed');
  });
  afterAll(async () => {
    await stage.close();
  });

  async function kill(): Promise<void> {
    stage.headwind().kill('SIGKILL');
    await stage.headwind().exited;
  }

  it('goes on where it was: bad versions are taken back once, good ones stay', async () => {
    await Promise.all(
      cast.flatMap(({ shape, bad, good }) => [
        stage.play(shape, { name: bad }),
        stage.play(shape, { name: good }),
      ]),
    );
    for (const { bad, good } of cast) {
      await stage.push(bad, '1.1.0', 'crashes at once');
      await stage.push(good, '1.1.0', 'is ready after 20 s');
    }
    for (const { bad, good } of cast) {
      await applied(stage, bad, '1.1.0');
      await applied(stage, good, '1.1.0');
    }
    await kill();
    // Nobody watches while the first pods crash.
    await eventually(
      () =>
        firstBadCrashes(
          stage,
          cast.map(({ bad }) => bad),
        ),
      {
        what: 'the bad versions crash',
        timeoutMs: 60_000,
        everyMs: 300,
      },
    );
    await stage.restart();
    await eventually(
      async () => {
        const all = await Promise.all(cast.map(({ bad }) => requestsInOrder(stage, bad)));
        return all.some((requests) =>
          requests.some(({ status }) => (status.verification?.failedChecks ?? 0) > 0),
        );
      },
      { what: 'a bad check has been counted', timeoutMs: 60_000, everyMs: 50 },
    );
    await kill();
    await stage.restart();
    await eventually(async () => (await stage.requests()).some(({ spec }) => spec.rollback === true), {
      what: 'a rollback has begun',
      timeoutMs: 90_000,
      everyMs: 20,
    });
    await kill();
    await stage.restart();
    for (const { shape, bad, good } of cast) {
      await storyIs(stage, bad, ['1.0.0 -> 1.1.0 RolledBack', 'rollback 1.1.0 -> 1.0.0 Completed']);
      await allRun(stage, { shape, name: bad, image: stage.image(bad, '1.0.0') });
      expect(await historyOf(stage, shape, bad)).toEqual([
        '1.0.0 headwind-auto-rollback',
        '1.1.0 policy',
        '1.0.0 -',
      ]);
      const request = await watchEnded(stage, good, '1.1.0', 240_000);
      expect(conditionOf(request, 'Healthy')).toEqual({ status: 'True', reason: 'Healthy' });
      await storyIs(stage, good, ['1.0.0 -> 1.1.0 Completed']);
      await allRun(stage, { shape, name: good, image: stage.image(good, '1.1.0') });
    }
    expect(bugsIn(stage)).toEqual([]);
  });
});

async function firstBadCrashes(stage: Stage, names: readonly string[]): Promise<boolean> {
  const pods = names.flatMap((name) => stage.pods(name));
  return pods.some(({ status }) => (status.containerStatuses?.[0].restartCount ?? 0) > 0);
}
