import { randomBytes } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { FAULT_GROUPS } from './catalogue.ts';
import { drawPlan } from './plan.ts';
import { play } from './run.ts';
import { createScenePool } from './scene-pool.ts';
import { readSeries } from './series.ts';
import { createTally } from './tally.ts';

const series = readSeries(process.env, () => randomBytes(4).toString('hex'));
const again = (seed: string): string => `HEADWIND_FAULT_SEED=${seed} make faults`;
process.stdout.write(`faults: ${series.indexes.length} runs; all of them again: ${again(series.seed)}\n`);

const PROGRESS_EVERY = 20;
// Every part of every scene listens for the end of this process, to end with it.
process.setMaxListeners(100);
const pool = createScenePool();
const tally = createTally();
afterAll(async () => {
  await pool.close();
  process.stdout.write(`${tally.report()}\n`);
});

const plans = series.indexes.map((index) => {
  const plan = drawPlan(series.seed, index, FAULT_GROUPS);
  return { seed: plan.seed, faults: plan.faults.map(({ fault }) => fault.name).join(', and '), plan };
});

describe.concurrent('nothing is lost, nothing is applied twice, and all is as it should be soon after', () => {
  it.each(plans)('$seed: $faults', async ({ seed, plan }) => {
    await pool.within(async (scene) => {
      const result = await play(scene, plan);
      tally.add(result);
      if (tally.count % PROGRESS_EVERY === 0)
        process.stdout.write(`faults: ${tally.count} of ${plans.length} runs\n`);
      const story = result.complaints.length > 0 ? result.story() : '';
      expect(result.complaints, `again: ${again(seed)}\n\n${story}\n`).toEqual([]);
    });
  });
});

describe('afterwards', () => {
  it('each fault that came up often enough has done something to somebody', () => {
    expect(tally.toothless()).toEqual([]);
  });
});
