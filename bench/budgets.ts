import type { Budget } from './budget.ts';
import { burst } from './budgets/burst.ts';
import { chooseTags } from './budgets/choose-tags.ts';
import { dashboardList } from './budgets/dashboard-list.ts';
import { helmInProgram } from './budgets/helm-in-program.ts';
import { helmIndex } from './budgets/helm-index.ts';
import { pollCycle } from './budgets/poll-cycle.ts';
import { residentMemory } from './budgets/resident-memory.ts';
import { soak } from './budgets/soak.ts';
import { startToReady } from './budgets/start-to-ready.ts';
import { unmatchedWebhooks } from './budgets/unmatched-webhooks.ts';
import { updateLatency } from './budgets/update-latency.ts';

/** All that is measured. At each number of workloads they run in this order: what leaves traces comes last. */
export const BUDGETS: readonly Budget[] = [
  chooseTags,
  dashboardList,
  helmIndex,
  residentMemory,
  startToReady,
  unmatchedWebhooks,
  pollCycle,
  updateLatency,
  burst,
  // It brings kinds of Flux into the cluster, which everything after it would watch too.
  helmInProgram,
  soak,
];
