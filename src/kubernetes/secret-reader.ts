import type { KubernetesClient } from './client.ts';
import { KubernetesError } from './errors.ts';

/** The Secret as it is; undefined where there is none or it may not be read. Rejects where the API server cannot be asked. */
export type ReadSecret = (namespace: string, name: string) => Promise<unknown>;

/** Makes the reader, which keeps nothing of what it reads. */
export function createSecretReader(client: Pick<KubernetesClient, 'request'>): ReadSecret {
  return async (namespace, name) => {
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets/${encodeURIComponent(name)}`;
    try {
      return await client.request({ method: 'GET', path });
    } catch (error) {
      // 401 is not one of them: that is our own credential, and it says nothing about the Secret.
      if (error instanceof KubernetesError && [403, 404].includes(error.status)) return undefined;
      throw error;
    }
  };
}
