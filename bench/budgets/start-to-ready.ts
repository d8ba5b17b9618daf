import { awaitReady } from '../await-ready.ts';
import { startBareProcess } from '../bare-process.ts';
import { timesFloor, type ClusterBudget } from '../budget.ts';
import { median } from '../quantile.ts';
import type { Stage } from '../stage.ts';

const BUDGETED_SIZE = 10_000;
const PAGE_SIZE = 100;
const RUNS = 3;

export const startToReady: ClusterBudget = {
  kind: 'cluster',
  name: 'start-to-ready',
  title: 'From starting the program to /readyz',
  sizes: [100, 1000, BUDGETED_SIZE],
  async measure(stage, size) {
    const starts: number[] = [];
    const lists: number[] = [];
    for (let run = 0; run < (stage.quick ? 1 : RUNS); run += 1) {
      lists.push(await bareListMs(stage));
      starts.push(await startMs(stage));
    }
    const floor = { what: `a bare list, ${PAGE_SIZE} a page`, value: median(lists) };
    const isBudgeted = size === BUDGETED_SIZE;
    return [
      {
        what: `start to ready, ${size} workloads`,
        value: median(starts),
        unit: 'ms',
        ...(isBudgeted ? timesFloor(1.3, floor) : { floor }),
      },
    ];
  },
};

async function startMs(stage: Stage): Promise<number> {
  const startedMs = performance.now();
  const headwind = await stage.startHeadwind();
  try {
    await awaitReady(headwind);
    return performance.now() - startedMs;
  } finally {
    await headwind.stop();
  }
}

async function bareListMs(stage: Stage): Promise<number> {
  const { url, ca, token } = stage.access;
  const list = await startBareProcess('list', {
    args: [`${url}/apis/apps/v1/deployments`, String(PAGE_SIZE)],
    env: { CA: ca, TOKEN: token },
  });
  await list.stop();
  return Number(list.said);
}
