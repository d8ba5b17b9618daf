import { z } from 'zod';
import { UpdateRequest } from '../../src/core/update-request.ts';
import type { Evidence } from './oracle.ts';
import { tagOf, type Promises } from './people.ts';
import { FIRST_VERSION, type WorkloadPlan } from './plan.ts';
import { NAMESPACE } from './scene-facts.ts';
import type { RunningScene } from './scene.ts';

const Requests = z.object({ items: z.array(UpdateRequest) });
const Deployments = z.object({
  items: z.array(
    z.object({
      metadata: z.object({
        name: z.string(),
        generation: z.number(),
        annotations: z.record(z.string(), z.string()),
      }),
      spec: z.object({
        template: z.object({ spec: z.object({ containers: z.array(z.object({ image: z.string() })) }) }),
      }),
    }),
  ),
});
const History = z.array(z.object({ image: z.string(), updateRequestName: z.string().optional() }));

/** What stands in Kubernetes of some workloads, as the administrator reads it, beside what was promised. */
export async function gather(
  scene: RunningScene,
  workloads: readonly WorkloadPlan[],
  promises: Promises,
): Promise<readonly Evidence[]> {
  const { access } = scene.controlPlane;
  // The requests first: a request that is Completed then has changed its workload before that is read.
  const requests = Requests.parse(
    await access.expectOk('GET', `/apis/headwind.sh/v1alpha1/namespaces/${NAMESPACE}/updaterequests`),
  );
  const deployments = Deployments.parse(
    await access.expectOk('GET', `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`),
  );
  return workloads.map((workload) => {
    const deployment = deployments.items.find(({ metadata }) => metadata.name === workload.name);
    if (deployment === undefined) throw new Error(`there is no Deployment ${workload.name}`);
    const { generation, annotations } = deployment.metadata;
    const history = History.parse(JSON.parse(annotations['headwind.sh/update-history'] ?? '[]'));
    const own = requests.items.filter(({ spec }) => spec.targetRef.name === workload.name);
    /** Of pairs that begin with the workload. */
    const secondsOf = (keys: ReadonlySet<string>): readonly string[] =>
      [...keys].flatMap((key) =>
        key.startsWith(`${workload.name} `) ? [key.slice(workload.name.length + 1)] : [],
      );
    const pushed = secondsOf(promises.pushed);
    const told = secondsOf(promises.told);
    return {
      name: workload.name,
      policy: workload.policy,
      first: FIRST_VERSION,
      promised: workload.eventSource === 'webhook' ? told : pushed,
      pushed,
      running: tagOf(deployment.spec.template.spec.containers[0]?.image ?? ''),
      generation,
      sights: scene.witness
        .sightsOf(workload.name)
        .map((sight) => ({ generation: sight.generation, tag: tagOf(sight.image) })),
      history: history
        .map(({ image, updateRequestName }) => ({ tag: tagOf(image), request: updateRequestName }))
        .toReversed(),
      requests: own.map(({ metadata, spec, status }) => ({
        name: metadata.name,
        from: tagOf(spec.currentImage),
        to: tagOf(spec.newImage),
        phase: status.phase,
        message: status.message,
        isRollback: spec.rollback === true,
      })),
      approved: secondsOf(promises.approved),
      rejected: secondsOf(promises.rejected),
      mustRollBack: workload.rollsBackAtMs !== undefined,
    };
  });
}
