import { z } from 'zod';
import { ok } from '../../core/result.ts';
import { WorkloadShape, type WorkloadView } from '../../http/api-shapes.ts';
import { FailedError, UsageError } from '../exit.ts';
import type { ApiRollbacksOptions } from './api-rollbacks.ts';
import type { Backend, WorkloadName, WorkloadQuery } from './backend.ts';

const Workloads = z.array(WorkloadShape);
const OpenApi = z.object({ info: z.object({ version: z.string() }) });
/** What else pausing answers is for other clients. */
const Paused = z.object({ changed: z.boolean().default(true) });

/** Explanations and pauses through Headwind's own API. */
export function createApiWorkloads({
  ask,
}: Pick<ApiRollbacksOptions, 'ask'>): Pick<Backend, 'explain' | 'setPaused' | 'serverVersion'> {
  const list = (namespace: string | undefined): Promise<readonly WorkloadView[]> => {
    const query = namespace === undefined ? '' : `?${new URLSearchParams({ namespace }).toString()}`;
    return ask('GET', `/api/v1/workloads${query}`, Workloads);
  };

  /** The kind stands in the path: where it was not said, there must be one workload of the name. */
  async function kindOf(wanted: WorkloadName): Promise<string> {
    if (wanted.kind !== undefined) return wanted.kind;
    const found = select(await list(wanted.namespace), wanted);
    const [only, ...others] = found.map(({ kind }) => kind);
    if (only !== undefined && others.length === 0) return only;
    if (only === undefined) throw missing(wanted);
    const { namespace, name } = wanted;
    throw new FailedError(
      `there are several workloads ${namespace}/${name}: ${[only, ...others].join(', ')}; say which with --kind`,
    );
  }

  return {
    async explain({ namespace, names, selector }: WorkloadQuery) {
      if (selector !== undefined)
        throw new UsageError(
          "--selector goes with the cluster alone: Headwind's API does not know the workloads' labels",
        );
      const all = await list(namespace);
      const workloads = names.length === 0 ? all : names.flatMap((name) => some(select(all, name), name));
      return { source: 'headwind', workloads, notes: [] };
    },
    async setPaused(workload, paused, by) {
      const kind = await kindOf(workload);
      const { namespace, name } = workload;
      const path = [kind, namespace, name].map(encodeURIComponent).join('/');
      const action = paused ? 'pause' : 'resume';
      const { changed } = await ask('POST', `/api/v1/workloads/${path}/${action}`, Paused, { user: by });
      return { kind, namespace, name, paused, changed };
    },
    serverVersion: async () => ok((await ask('GET', '/openapi.json', OpenApi)).info.version),
  };
}

function select(all: readonly WorkloadView[], wanted: WorkloadName): readonly WorkloadView[] {
  return all.filter(
    ({ kind, namespace, name }) =>
      namespace === wanted.namespace &&
      name === wanted.name &&
      (wanted.kind === undefined || kind === wanted.kind),
  );
}

function some(found: readonly WorkloadView[], wanted: WorkloadName): readonly WorkloadView[] {
  if (found.length > 0) return found;
  throw missing(wanted);
}

function missing({ namespace, name, kind }: WorkloadName): FailedError {
  const what = `there is no ${kind ?? 'workload'} "${name}" in namespace "${namespace}"`;
  return new FailedError(`${what} that Headwind follows (does it carry headwind.sh/policy?)`);
}
