import { z } from 'zod';
import { UpdateRequest } from '../src/core/update-request.ts';
import { requestsPath } from '../src/pipeline/request-store.ts';
import type { Stage } from './stage.ts';
import { startWatcher } from './watcher.ts';

const Deployment = z.object({
  spec: z.object({
    template: z.object({ spec: z.object({ containers: z.array(z.object({ image: z.string() })) }) }),
  }),
});

/** The moments, of `performance.now()`, at which watches tell of an update. */
export interface Sighting {
  readonly patched: Promise<number>;
  readonly completed: Promise<number>;
}

/** After how many milliseconds a watch showed it. */
export interface Seen {
  readonly patchedMs: number;
  readonly completedMs: number;
}

/** Sees updates of workloads arrive. */
export interface UpdateWatch {
  /** When the workload runs the tag, and when its request is Completed. To be called before the update is caused. */
  update(workload: string, tag: string): Sighting;
  stop(): Promise<void>;
}

/** How long after `startedMs`, a moment of `performance.now()`, both were seen; resolves when they were. */
export async function sinceStart({ patched, completed }: Sighting, startedMs: number): Promise<Seen> {
  return { patchedMs: (await patched) - startedMs, completedMs: (await completed) - startedMs };
}

/** Watches the workloads and requests of one of the stage's namespaces. */
export async function startUpdateWatch(
  { client }: Pick<Stage, 'client'>,
  namespace: string,
): Promise<UpdateWatch> {
  const workloads = await startWatcher(client, `/apis/apps/v1/namespaces/${namespace}/deployments`);
  const requests = await startWatcher(client, requestsPath(namespace), (object) => {
    const request = UpdateRequest.safeParse(object);
    return request.success ? request.data.spec.targetRef.name : undefined;
  });
  return {
    update: (workload, tag) => ({
      patched: workloads.when(workload, (object) => {
        const found = Deployment.safeParse(object);
        return (
          found.success && found.data.spec.template.spec.containers[0]?.image.endsWith(`:${tag}`) === true
        );
      }),
      completed: requests.when(workload, (object) => {
        const request = UpdateRequest.safeParse(object);
        return (
          request.success &&
          request.data.status.phase === 'Completed' &&
          request.data.spec.newImage.endsWith(`:${tag}`)
        );
      }),
    }),
    async stop() {
      await Promise.all([workloads.stop(), requests.stop()]);
    },
  };
}
