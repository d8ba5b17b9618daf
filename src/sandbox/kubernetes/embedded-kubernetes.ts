import { randomUUID } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { toDraft } from './api-object.ts';
import { BUILT_IN_TYPES } from './built-in-types.ts';
import { CRD_TYPE, followCrds } from './crds.ts';
import { startGarbageCollector } from './garbage-collector.ts';
import { plainLog, type ContainerLog } from './logs.ts';
import { createResourceTypes } from './resource-type.ts';
import { serveApi } from './server.ts';
import { createObjectStore, type ObjectStore } from './store.ts';

export interface EmbeddedKubernetesOptions {
  /** Default 127.0.0.1: there is no sign-in, so nobody else should reach it. */
  readonly host?: string;
  /** Default 0: a free one. */
  readonly port?: number;
  /** CustomResourceDefinitions (apiextensions.k8s.io/v1) that are there from the start. */
  readonly crds: readonly unknown[];
  readonly clock: Clock;
  /** How many changes watches and paged lists can go back; default 10,000. */
  readonly historyLimit?: number;
  /** What `kubectl logs` shows; default one line that names the image. */
  readonly log?: ContainerLog;
}

export interface EmbeddedKubernetes {
  readonly url: string;
  /** A kubeconfig in YAML that points at `url`. */
  readonly kubeconfig: string;
  readonly store: ObjectStore;
  /** Cuts all connections and ends the background work. */
  close(): Promise<void>;
}

const FIRST_NAMESPACES = ['default', 'kube-system'];

/**
 * Starts a Kubernetes API without a cluster: objects in memory, plain HTTP, no sign-in. It does what the API server
 * and the garbage collector of a cluster do; the controllers of workloads work on `store`.
 * @throws ApiError 422 for a wrong CustomResourceDefinition, Error when the port cannot be had
 */
export async function startEmbeddedKubernetes(
  options: EmbeddedKubernetesOptions,
): Promise<EmbeddedKubernetes> {
  const { host = '127.0.0.1', port = 0, clock, crds, log = plainLog } = options;
  const types = createResourceTypes([...BUILT_IN_TYPES, CRD_TYPE]);
  const limits = options.historyLimit === undefined ? {} : { historyLimit: options.historyLimit };
  const store = createObjectStore({ types, clock, newUid: randomUUID, ...limits });
  const stopFollowing = followCrds({ store, types, clock });
  const stopCollecting = startGarbageCollector({ store, types, clock });
  const stop = (): void => {
    stopFollowing();
    stopCollecting();
  };
  try {
    for (const name of FIRST_NAMESPACES) {
      store.create('namespaces', { metadata: { name } });
      store.create('serviceaccounts', { metadata: { name: 'default', namespace: name } });
    }
    for (const crd of crds) store.create(CRD_TYPE.key, toDraft(crd));
    const server = await serveApi({ store, types, clock, log }, { host, port });
    const url = `http://${host.includes(':') ? `[${host}]` : host}:${server.port}`;
    return {
      url,
      kubeconfig: kubeconfigOf(url),
      store,
      close: async () => {
        stop();
        await server.close();
      },
    };
  } catch (error) {
    stop();
    throw error;
  }
}

function kubeconfigOf(url: string): string {
  return `apiVersion: v1
kind: Config
clusters:
  - name: headwind-demo
    cluster:
      server: ${url}
users:
  - name: headwind-demo
    user: {}
contexts:
  - name: headwind-demo
    context:
      cluster: headwind-demo
      user: headwind-demo
      namespace: default
current-context: headwind-demo
`;
}
