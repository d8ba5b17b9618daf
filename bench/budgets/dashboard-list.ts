import { z } from 'zod';
import { startBareProcess } from '../bare-process.ts';
import type { OfflineBudget, Row } from '../budget.ts';
import { median } from '../quantile.ts';

const SIZES = [100, 1000, 10_000];
const BUDGETED_SIZE = 10_000;
const PROCESSES = 5;
const LIMIT_MS = 100;
const FIRST = 'the first time';

const Timings = z.object({ firstMs: z.number(), laterMs: z.number() });
const Measured = z.object({ updates: Timings, workloads: Timings, floorMs: z.number() });
type Measured = z.infer<typeof Measured>;

export const dashboardList: OfflineBudget = {
  kind: 'offline',
  name: 'dashboard-list',
  title: 'A page of the dashboard among many rows',
  how: "One page of the dashboard's lists, filtered and ordered, from the query to the text that goes over the wire. Median of five processes. Floor: one pass over as many objects that compares two texts.",
  async measure({ quick, progress }) {
    const rows: Row[] = [];
    for (const size of SIZES) {
      progress(`lists of the dashboard, ${size} rows`);
      const runs: Measured[] = [];
      for (let run = 0; run < (quick ? 1 : PROCESSES); run += 1) {
        const lister = await startBareProcess('dashboard-list', { args: [String(size)] });
        await lister.stop();
        runs.push(Measured.parse(JSON.parse(lister.said)));
      }
      rows.push(...toRows(size, runs));
    }
    return rows;
  },
};

function toRows(size: number, runs: readonly Measured[]): readonly Row[] {
  const floor = {
    what: 'one pass over them that compares two texts',
    value: median(runs.map(({ floorMs }) => floorMs)),
  };
  const row = (what: string, when: string, pick: (measured: Measured) => number): Row => ({
    what: `filter and order ${size} ${what}, ${when}`,
    value: median(runs.map(pick)),
    unit: 'ms',
    ...(size === BUDGETED_SIZE && when !== FIRST ? { limit: { kind: 'at most', value: LIMIT_MS } } : {}),
    floor,
    growth: { series: `filter and order, ${when}`, of: what, size },
  });
  return [
    row('requests', 'a page of 20', ({ updates }) => updates.laterMs),
    row('requests', FIRST, ({ updates }) => updates.firstMs),
    row('workloads', 'a page of 20', ({ workloads }) => workloads.laterMs),
    row('workloads', FIRST, ({ workloads }) => workloads.firstMs),
  ];
}
