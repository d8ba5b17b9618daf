import { z } from 'zod';
import { startBareProcess } from '../bare-process.ts';
import type { OfflineBudget, Row } from '../budget.ts';
import { median } from '../quantile.ts';

const SIZE = 10_000;
const PROCESSES = 5;
const LIMIT_MS = 100;

const Timings = z.object({ firstMs: z.number(), laterMs: z.number() });
const Measured = z.object({ updates: Timings, workloads: Timings, floorMs: z.number() });
type Measured = z.infer<typeof Measured>;

export const dashboardList: OfflineBudget = {
  kind: 'offline',
  name: 'dashboard-list',
  title: 'A page of the dashboard among many rows',
  async measure({ quick, progress }) {
    progress(`lists of the dashboard, ${SIZE} rows`);
    const runs: Measured[] = [];
    for (let run = 0; run < (quick ? 1 : PROCESSES); run += 1) {
      const lister = await startBareProcess('dashboard-list', { args: [String(SIZE)] });
      await lister.stop();
      runs.push(Measured.parse(JSON.parse(lister.said)));
    }
    const floor = {
      what: 'one pass over them that compares two texts',
      value: median(runs.map(({ floorMs }) => floorMs)),
    };
    const row = (what: string, pick: (measured: Measured) => number, isLimited: boolean): Row => ({
      what: `filter and order ${SIZE} ${what}`,
      value: median(runs.map(pick)),
      unit: 'ms',
      ...(isLimited ? { limit: { kind: 'at most', value: LIMIT_MS } } : {}),
      floor,
    });
    return [
      row('requests, a page of 20', ({ updates }) => updates.laterMs, true),
      row('requests, the first time', ({ updates }) => updates.firstMs, false),
      row('workloads, a page of 20', ({ workloads }) => workloads.laterMs, true),
      row('workloads, the first time', ({ workloads }) => workloads.firstMs, false),
    ];
  },
};
