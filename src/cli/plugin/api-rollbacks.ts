import { z } from 'zod';
import type { RollbackWish } from '../../core/rollback-target.ts';
import type { UpdateRequest } from '../../core/update-request.ts';
import { EntriesView, HoldView, ReleaseAnswer, RollbackAnswer } from '../../http/rollback-shapes.ts';
import type { Backend, RequestName, WorkloadName } from './backend.ts';

export interface ApiRollbacksOptions {
  /** Makes one call and answers its body in the wanted shape; throws FailedError for every status but 200 and 202. */
  readonly ask: <T extends z.ZodType>(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    shape: T,
    body?: object,
  ) => Promise<z.output<T>>;
  readonly get: (request: RequestName) => Promise<UpdateRequest | undefined>;
}

const Holds = z.array(HoldView);

/** Histories, rollbacks and holds through Headwind's own API. */
export function createApiRollbacks({
  ask,
  get,
}: ApiRollbacksOptions): Pick<Backend, 'history' | 'rollBack' | 'holds' | 'releaseHold'> {
  return {
    async history(workload) {
      const { kind, containers, entries } = await ask('GET', pathOf(workload), EntriesView);
      return { kind, namespace: workload.namespace, name: workload.name, containers, entries };
    },
    async rollBack({ workload, container, wish, dryRun, by, reason }) {
      const body = { container, ...toBody(wish), dryRun, user: by, reason };
      const answer = await ask('POST', pathOf(workload), RollbackAnswer, body);
      const { kind, namespace, deployment, previousImage, image, index, takesBack, updateRequest } = answer;
      const report = {
        kind,
        namespace,
        workload: deployment,
        container: answer.container,
        previousImage,
        image,
        index,
        takesBack,
      };
      if (updateRequest === null) return report;
      const request = await get({ namespace, name: updateRequest });
      return request === undefined ? report : { ...report, request };
    },
    holds: (namespace) => {
      const query = namespace === undefined ? '' : `?${new URLSearchParams({ namespace }).toString()}`;
      return ask('GET', `/api/v1/holds${query}`, Holds);
    },
    async releaseHold({ namespace, name }, by, reason) {
      const path = `/api/v1/holds/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
      const { image } = await ask('DELETE', path, ReleaseAnswer, { user: by, reason });
      return image;
    },
  };
}

function toBody(wish: RollbackWish): object {
  return 'index' in wish ? { index: wish.index } : { image: wish.image };
}

function pathOf({ namespace, name, kind }: WorkloadName): string {
  const query = kind === undefined ? '' : `?${new URLSearchParams({ kind }).toString()}`;
  return `/api/v1/rollback/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}${query}`;
}
