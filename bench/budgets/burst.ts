import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import { awaitReady } from '../await-ready.ts';
import { updateBarely } from '../bare-writes.ts';
import type { ClusterBudget, Row } from '../budget.ts';
import { judge, standings, type Fate } from '../fate.ts';
import { repositoryOf, workloadName, type Stage } from '../stage.ts';
import { startUpdateWatch } from '../update-watch.ts';
import { postUntilAccepted } from '../webhook-sender.ts';

const BURST = 1000;
const TAG = '1.1.0';
/** As many as Headwind works on at once, so that the floor uses the API server as it does. */
const WRITERS = 16;
const PATIENCE_MS = 180_000;

export const burst: ClusterBudget = {
  kind: 'cluster',
  name: 'burst',
  title: 'Burst of webhooks that match',
  how: "1,000 webhooks for different repositories at once, each approved by policy. A webhook that is refused is sent again, as registries do. Afterwards every Deployment's image and generation and every UpdateRequest is looked at. Floor: the four writes of 1,000 updates, 16 at once, without Headwind.",
  sizes: [10_000],
  async measure(stage, size) {
    // The last ones: the first ones have been updated by other measurements.
    const count = Math.min(stage.quick ? 100 : BURST, size);
    const numbers = Array.from({ length: count }, (_, index) => size - count + index);
    await stage.pushTags(numbers, TAG);
    const floorMs = await bareMs(stage, count);
    const headwind = await stage.startHeadwind({ narrow: true });
    const watch = await startUpdateWatch(stage, stage.namespace);
    try {
      await awaitReady(headwind);
      stage.progress(`${count} webhooks at once`);
      const before = await standings(stage);
      const seen = numbers.map((number) => watch.update(workloadName(number), TAG));
      const startedMs = performance.now();
      const attempts = await Promise.all(
        numbers.map((number) =>
          postUntilAccepted(headwind.urls.webhook, {
            host: stage.registryHost,
            repository: repositoryOf(number),
            tag: TAG,
          }),
        ),
      );
      const answeredMs = performance.now() - startedMs;
      const all = Promise.all(seen.flatMap(({ patched, completed }) => [patched, completed]));
      const late = sleep(PATIENCE_MS, undefined, { ref: false });
      await Promise.race([all, late]);
      const completedMs = performance.now() - startedMs;
      const told = new Map(numbers.map((number) => [workloadName(number), [TAG]]));
      const fate = await judge(stage, told, before);
      for (const text of fate.evidence) stage.progress(text);
      const again = attempts.reduce((sum, tries) => sum + tries - 1, 0);
      return toRows(size, { ...fate, count, answeredMs, completedMs, again, floorMs });
    } finally {
      await watch.stop();
      await headwind.stop();
      await stage.forgetRequests();
    }
  },
};

async function bareMs(stage: Stage, count: number): Promise<number> {
  const names = await stage.floorDeployments(count);
  stage.progress(`the bare writes of ${count} updates, ${WRITERS} at once`);
  const limit = pLimit(WRITERS);
  const startedMs = performance.now();
  await limit.map([...names], (name) => updateBarely(stage, name, TAG));
  return performance.now() - startedMs;
}

function toRows(
  size: number,
  burst: Fate & {
    readonly count: number;
    readonly answeredMs: number;
    readonly completedMs: number;
    readonly again: number;
    readonly floorMs: number;
  },
): readonly Row[] {
  const name = `burst of ${burst.count}, ${size} workloads`;
  const none = { kind: 'at most', value: 0 } as const;
  const floor = { what: `the bare writes, ${WRITERS} at once`, value: burst.floorMs / 1000 };
  return [
    { what: `${name}: lost`, value: burst.lost, unit: '', limit: none },
    { what: `${name}: applied twice`, value: burst.twice, unit: '', limit: none },
    { what: `${name}: refused once and sent again`, value: burst.again, unit: '' },
    { what: `${name}: all answered`, value: burst.answeredMs / 1000, unit: 's', floor },
    { what: `${name}: all completed`, value: burst.completedMs / 1000, unit: 's', floor },
  ];
}
