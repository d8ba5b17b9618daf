import { setTimeout as sleep } from 'node:timers/promises';
import { awaitReady } from '../await-ready.ts';
import { startBareProcess } from '../bare-process.ts';
import type { ClusterBudget } from '../budget.ts';
import { peakMb, settledMb } from '../process-usage.ts';

const LIMITS_MB = [
  { upTo: 0, limit: 75 },
  { upTo: 1000, limit: 85 },
  { upTo: 10_000, limit: 110 },
];
/** What starting has left behind is gone by then. */
const SETTLE_MS = 8000;

export const residentMemory: ClusterBudget = {
  kind: 'cluster',
  name: 'resident-memory',
  title: 'Resident memory',
  how: '`VmRSS` of the built program, 8 s after it became ready, with all annotated workloads in view; nothing makes it collect garbage. Floor: an idle Node.js with the same options.',
  sizes: [0, 100, 1000, 10_000],
  async measure(stage, size) {
    const bare = await startBareProcess('idle');
    const headwind = await stage.startHeadwind();
    try {
      await awaitReady(headwind);
      await sleep(SETTLE_MS);
      const series = 'resident memory';
      const what = `${series}, ${size} workloads`;
      const limit = LIMITS_MB.find(({ upTo }) => upTo >= size)?.limit;
      const floor = { what: 'an idle Node.js', value: await settledMb(bare.pid) };
      const peak = await peakMb(headwind.pid);
      return [
        {
          what,
          value: await settledMb(headwind.pid),
          unit: 'MB',
          ...(limit === undefined ? {} : { limit: { kind: 'at most', value: limit } }),
          floor,
          growth: { series, of: 'workloads', size },
        },
        { what: `the most while starting, ${size} workloads`, value: peak, unit: 'MB', floor },
      ];
    } finally {
      await headwind.stop();
      await bare.stop();
    }
  },
};
