import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rounds } from '../parts/cluster/rounds.ts';
import { allRun } from '../parts/cluster/pods.ts';
import { SHAPE_NAMES, SHAPES } from '../parts/cluster/shapes.ts';
import { openStage, type Stage } from '../parts/cluster/stage.ts';
import { conditionOf, watchEnded } from '../parts/cluster/story.ts';
import { bugsIn } from '../parts/workload-views.ts';
import { metricOf } from '../parts/world.ts';

const UPDATES = 50;
const WORKLOADS = 12;

describe.each(rounds(process.env))('no healthy update is ever rolled back, round %i', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage('healthy');
  });
  afterAll(async () => {
    await stage.close();
  });

  it(`${UPDATES} healthy updates, 0 rollbacks, though a single bad check would do`, async () => {
    const cast = Array.from({ length: WORKLOADS }, (_, index) => {
      const shapeName = SHAPE_NAMES[index % SHAPE_NAMES.length] ?? 'Deployment';
      return { name: `app-${index}`, shape: SHAPES[shapeName] };
    });
    const annotations = { 'health-check-retries': '1' };
    await Promise.all(cast.map(({ name, shape }) => stage.play(shape, { name, annotations })));
    let begun = 0;
    const updateOnAndOn = async ({ name, shape }: (typeof cast)[number]): Promise<void> => {
      for (let version = 1; begun < UPDATES; version += 1) {
        begun += 1;
        const tag = `1.${version}.0`;
        await stage.push(name, tag, 'healthy');
        const request = await watchEnded(stage, name, tag);
        expect([name, tag, conditionOf(request, 'Healthy')]).toEqual([
          name,
          tag,
          { status: 'True', reason: 'Healthy' },
        ]);
        await allRun(stage, { shape, name, image: stage.image(name, tag) });
      }
    };
    await Promise.all(cast.map(updateOnAndOn));
    const requests = await stage.requests();
    expect(requests.filter(({ spec }) => spec.rollback === true)).toEqual([]);
    expect(requests.map(({ status }) => status.phase)).toEqual(
      Array.from({ length: UPDATES }, () => 'Completed'),
    );
    expect(await metricOf(stage.headwind(), 'headwind_updates_applied_total')).toBe(UPDATES);
    expect(await metricOf(stage.headwind(), 'headwind_rollbacks_total')).toBe(0);
    expect(bugsIn(stage)).toEqual([]);
  });
});
