import { awaitReady } from '../await-ready.ts';
import { startBareProcess } from '../bare-process.ts';
import { timesFloor, type ClusterBudget, type Row } from '../budget.ts';
import { median } from '../quantile.ts';
import type { Stage } from '../stage.ts';

const BUDGETED_SIZE = 10_000;
/** As Headwind asks for them; and how much more small pages cost. */
const PAGE_SIZES = { own: 500, small: 100 };
const RUNS = 3;

export const startToReady: ClusterBudget = {
  kind: 'cluster',
  name: 'start-to-ready',
  title: 'From starting the program to /readyz',
  how: 'From starting the built program to the first 200 of `/readyz`, median of three starts. Floor: a bare process that lists the same Deployments page by page and keeps nothing, in turns with the starts.',
  sizes: [100, 1000, BUDGETED_SIZE],
  async measure(stage, size) {
    const runs: { ready: number; bare: number; bareSmall: number }[] = [];
    for (let run = 0; run < (stage.quick ? 1 : RUNS); run += 1)
      runs.push({
        bare: await bareListMs(stage, PAGE_SIZES.own),
        ready: await startMs(stage),
        bareSmall: await bareListMs(stage, PAGE_SIZES.small),
      });
    const bare = {
      what: `a bare list, ${PAGE_SIZES.own} a page`,
      value: median(runs.map(({ bare }) => bare)),
    };
    const series = 'start to ready';
    const ready = {
      what: `${series}, ${size} workloads`,
      value: median(runs.map(({ ready }) => ready)),
      unit: 'ms',
      growth: { series, of: 'workloads', size },
    } as const;
    const small: Row = {
      what: `a bare list, ${PAGE_SIZES.small} a page, ${size} workloads`,
      value: median(runs.map(({ bareSmall }) => bareSmall)),
      unit: 'ms',
      floor: bare,
    };
    const row: Row = { ...ready, ...(size === BUDGETED_SIZE ? timesFloor(1.3, bare) : { floor: bare }) };
    return [row, small];
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

async function bareListMs(stage: Stage, pageSize: number): Promise<number> {
  const { url, ca, token } = stage.access;
  const list = await startBareProcess('list', {
    args: [`${url}/apis/apps/v1/deployments`, String(pageSize)],
    env: { CA: ca, TOKEN: token },
  });
  await list.stop();
  return Number(list.said);
}
