import { gather } from './evidence.ts';
import { judge } from './oracle.ts';
import type { Promises } from './people.ts';
import type { Plan, WorkloadPlan } from './plan.ts';
import { NAMESPACE } from './scene-facts.ts';
import type { RunningScene } from './scene.ts';

/** What is kept of a run until the next one is over: something may still happen to it that should not. */
export interface Aftermath {
  /** Looks once more at the run before this one and removes it; answers what is wrong with it by now. */
  followUp(scene: RunningScene, plan: Plan, promises: Promises): Promise<readonly string[]>;
}

export function createAftermath(): Aftermath {
  let last: { readonly plan: Plan; readonly promises: Promises } | undefined;
  return {
    async followUp(scene, plan, promises) {
      const before = last;
      last = { plan, promises };
      if (before === undefined) return [];
      const evidence = await gather(scene, before.plan.workloads, before.promises);
      // Nobody approves any more what a poll proposes now.
      const late = evidence.map(judge).flatMap(({ wrong }) => wrong);
      for (const workload of before.plan.workloads) await remove(scene, workload);
      return late.map((what) => `after run ${before.plan.seed} was over: ${what}`);
    },
  };
}

async function remove(scene: RunningScene, { name }: WorkloadPlan): Promise<void> {
  const { access } = scene.controlPlane;
  await access.expectOk('DELETE', `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/${name}`);
  // Nobody here collects what belonged to it.
  const selector = `labelSelector=${encodeURIComponent(`headwind.sh/workload=${name}`)}`;
  const requests = `/apis/headwind.sh/v1alpha1/namespaces/${NAMESPACE}/updaterequests?${selector}`;
  await access.expectOk('DELETE', requests);
}
