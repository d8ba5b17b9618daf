import type { KubernetesClient } from './client.ts';
import { KubernetesError } from './errors.ts';

/**
 * A Secret as the API server gives it; undefined where there is none or it may not be read. Throws what the client throws
 * where that is not known.
 */
export async function readSecret(
  client: Pick<KubernetesClient, 'request'>,
  namespace: string,
  name: string,
): Promise<unknown> {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets/${encodeURIComponent(name)}`;
  try {
    return await client.request({ method: 'GET', path });
  } catch (error) {
    if (error instanceof KubernetesError && [403, 404].includes(error.status)) return undefined;
    throw error;
  }
}
