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

/** Measures the budgets, from few workloads to many. One that cannot be measured does not take the others with it. */
export async function measureAll(options: RunOptions): Promise<RunResult> {
  const found = new Map<string, Found>(options.budgets.map(({ name }) => [name, { rows: [], failures: [] }]));
  const { quick, minutes, progress } = options;
  const pace: Pace = { quick, minutes, progress };
  const inCluster: ClusterBudget[] = [];
  for (const budget of options.budgets) {
    if (budget.kind === 'cluster') inCluster.push(budget);
    else await note(found, budget, () => budget.measure(pace));
  }
  const kubernetesVersion =
    inCluster.length === 0 ? undefined : await measureInCluster(inCluster, options, found);
  return { results: Array.from(found, ([budget, rest]) => ({ budget, ...rest })), kubernetesVersion };
}

interface Found {
  readonly rows: Row[];
  readonly failures: string[];
}
type FoundByName = ReadonlyMap<string, Found>;

async function note(
  found: FoundByName,
  { name }: Budget,
  measure: () => Promise<readonly Row[]>,
): Promise<void> {
  const { rows, failures } = found.get(name) ?? { rows: [], failures: [] };
  try {
    rows.push(...(await measure()));
  } catch (error) {
    failures.push(error instanceof Error ? error.message : String(error));
  }
}

async function measureInCluster(
  budgets: readonly ClusterBudget[],
  options: RunOptions,
  found: FoundByName,
): Promise<string> {
  const stage = await startStage({ ...options, from: options.headwind });
  try {
    const planned = budgets.map((budget) => ({ budget, sizes: capped(budget.sizes, options.workloads) }));
    const sizes = [...new Set(planned.flatMap(({ sizes }) => sizes))].toSorted((a, b) => a - b);
    for (const size of sizes) {
      await stage.fill(size);
      for (const { budget } of planned.filter((plan) => plan.sizes.includes(size))) {
        options.progress(`${budget.title}, ${size} workloads`);
        await note(found, budget, () => budget.measure(stage, size));
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
