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
  // What was answered to people before anything is read has to be found; what is answered meanwhile, only next time.
  const approvedBefore = new Set(promises.approved);
  const rejectedBefore = new Set(promises.rejected);
  const { access } = scene.controlPlane;
  const { requests, workloads: deployments } = await readTogether(
    async () =>
      Requests.parse(
        await access.expectOk('GET', `/apis/headwind.sh/v1alpha1/namespaces/${NAMESPACE}/updaterequests`),
      ).items,
    async () =>
      Deployments.parse(await access.expectOk('GET', `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`))
        .items,
  );
  return workloads.map((workload) => {
    const deployment = deployments.find(({ metadata }) => metadata.name === workload.name);
    if (deployment === undefined) throw new Error(`there is no Deployment ${workload.name}`);
    const { generation, annotations } = deployment.metadata;
    const history = History.parse(JSON.parse(annotations['headwind.sh/update-history'] ?? '[]'));
    const own = requests.filter(({ spec }) => spec.targetRef.name === workload.name);
    /** Of pairs that begin with the workload. */
    const secondsOf = (keys: ReadonlySet<string>): readonly string[] =>
      [...keys].flatMap((key) =>
        key.startsWith(`${workload.name} `) ? [key.slice(workload.name.length + 1)] : [],
      );
    return {
      name: workload.name,
      policy: workload.policy,
      first: FIRST_VERSION,
      promised: secondsOf(workload.eventSource === 'webhook' ? promises.told : promises.pushed),
      pushed: secondsOf(promises.begun),
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
      approved: secondsOf(approvedBefore),
      rejected: secondsOf(rejectedBefore),
      mustRollBack: workload.rollsBackAtMs !== undefined,
    };
  });
}

/**
 * What two readers answer, such that it belongs together: the requests first, since one that is Completed has changed
 * its workload before that is read; and both anew where a request came into being meanwhile, since that may have changed
 * a workload too.
 */
export async function readTogether<R extends { readonly metadata: { readonly uid?: string | undefined } }, W>(
  readRequests: () => Promise<readonly R[]>,
  readWorkloads: () => Promise<W>,
): Promise<{ readonly requests: readonly R[]; readonly workloads: W }> {
  let requests = await readRequests();
  for (;;) {
    const workloads = await readWorkloads();
    const after = await readRequests();
    const known = new Set(requests.map(({ metadata }) => metadata.uid));
    if (after.every(({ metadata }) => known.has(metadata.uid))) return { requests, workloads };
    requests = after;
  }
}
