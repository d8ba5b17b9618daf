import { z } from 'zod';
import type { KubernetesClient } from './client.ts';
import { KubernetesError } from './errors.ts';

/** A resource that a cluster may lack, such as one of Flux's. */
export interface OptionalResource {
  readonly group: string;
  /** Those that Headwind can read, the best first. */
  readonly versions: readonly string[];
  readonly plural: string;
}

const ApiGroup = z.object({ versions: z.array(z.object({ version: z.string() })) });
const ApiResourceList = z.object({
  resources: z.array(z.object({ name: z.string(), verbs: z.array(z.string()).catch([]) })),
});

/**
 * Asks the API server (by its discovery documents, which every authenticated caller may read) which of the versions it
 * serves; undefined where it serves none. Rejects where the question was not answered.
 */
export async function findServedVersion(
  client: Pick<KubernetesClient, 'request'>,
  { group, versions, plural }: OptionalResource,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const read = async (path: string): Promise<unknown> => {
    try {
      return await client.request({ method: 'GET', path, ...(signal === undefined ? {} : { signal }) });
    } catch (error) {
      if (error instanceof KubernetesError && error.status === 404) return undefined;
      throw error;
    }
  };
  const known = await read(`/apis/${group}`);
  if (known === undefined) return undefined;
  const served = new Set(ApiGroup.parse(known).versions.map(({ version }) => version));
  for (const version of versions.filter((candidate) => served.has(candidate))) {
    const list = await read(`/apis/${group}/${version}`);
    if (list === undefined) continue;
    const found = ApiResourceList.parse(list).resources.find(({ name }) => name === plural);
    if (found?.verbs.includes('watch') === true) return version;
  }
  return undefined;
}
