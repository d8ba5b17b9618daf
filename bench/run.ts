import type { Budget, ClusterBudget, Pace, Row } from './budget.ts';
import type { Result } from './report.ts';
import { startStage } from './stage.ts';

export interface RunOptions extends Pace {
  readonly budgets: readonly Budget[];
  /** The largest number of workloads; budgets that want more are measured at this one. */
  readonly workloads: number;
  /** Which Headwind is measured. */
  readonly headwind: 'build' | 'source';
}

export interface RunResult {
  readonly results: readonly Result[];
  readonly kubernetesVersion: string | undefined;
}

/** Measures the budgets, from few workloads to many. Throws where a measurement cannot be made. */
export async function measureAll(options: RunOptions): Promise<RunResult> {
  const rows = new Map<string, Row[]>(options.budgets.map(({ name }) => [name, []]));
  const { quick, minutes, progress } = options;
  const pace: Pace = { quick, minutes, progress };
  const inCluster: ClusterBudget[] = [];
  for (const budget of options.budgets) {
    if (budget.kind === 'cluster') inCluster.push(budget);
    else rows.get(budget.name)?.push(...(await budget.measure(pace)));
  }
  const kubernetesVersion =
    inCluster.length === 0 ? undefined : await measureInCluster(inCluster, options, rows);
  return { results: Array.from(rows, ([budget, rows]) => ({ budget, rows })), kubernetesVersion };
}

async function measureInCluster(
  budgets: readonly ClusterBudget[],
  options: RunOptions,
  rows: ReadonlyMap<string, Row[]>,
): Promise<string> {
  const stage = await startStage({ ...options, from: options.headwind });
  try {
    const planned = budgets.map((budget) => ({ budget, sizes: capped(budget.sizes, options.workloads) }));
    const sizes = [...new Set(planned.flatMap(({ sizes }) => sizes))].toSorted((a, b) => a - b);
    for (const size of sizes) {
      await stage.fill(size);
      for (const { budget } of planned.filter((plan) => plan.sizes.includes(size))) {
        options.progress(`${budget.title}, ${size} workloads`);
        rows.get(budget.name)?.push(...(await budget.measure(stage, size)));
      }
    }
    return stage.kubernetesVersion;
  } finally {
    await stage.close();
  }
}

function capped(sizes: readonly number[], most: number): readonly number[] {
  return [...new Set(sizes.map((size) => Math.min(size, most)))];
}
