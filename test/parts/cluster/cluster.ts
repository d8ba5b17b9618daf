import { join } from 'node:path';
import { requireParts, NODE_PARTS, TEST_PARTS } from '../binaries.ts';
import type { ControlPlaneFacts } from '../control-plane-access.ts';
import { startControlPlane } from '../control-plane.ts';
import { startDockerRegistry } from '../docker-registry.ts';
import { createImageMaker } from './images.ts';
import { startNode } from './node.ts';
import { startScheduler } from './scheduler.ts';
import { openStateDirectory } from './state-directory.ts';

export interface ClusterOptions {
  /** Ports of 127.0.0.1 on which somebody will listen for the registry's notifications. */
  readonly webhookPorts: readonly number[];
  /** Takes a line of progress. */
  readonly say: (line: string) => void;
}

export interface Cluster {
  readonly controlPlane: ControlPlaneFacts;
  /** `http://127.0.0.1:PORT`; pods pull from it by the same address. */
  readonly registryUrl: string;
  /** `10.0.0.1:PORT` where pods reach it at another place than the node does, which pulls for them. */
  readonly podSideRegistry: string | undefined;
  /** Whether the registry tells of pushes by itself, at the ports asked for. */
  readonly notifies: boolean;
  /** Ends everything and removes all that it kept. */
  stop(): Promise<void>;
}

type Ending = () => Promise<void>;

/**
 * Starts a real cluster of one node on the loopback interface, on free ports, with its own data: etcd, kube-apiserver
 * (RBAC on), kube-controller-manager, kube-scheduler, a registry, containerd and kubelet. Throws a MissingPartsError
 * that names every part that is nowhere; where one does not start, an error with the end of its log.
 */
export async function startCluster({ webhookPorts, say }: ClusterOptions): Promise<Cluster> {
  requireParts([...TEST_PARTS, ...NODE_PARTS], process.env);
  const state = await openStateDirectory(say);
  const endings: Ending[] = [() => state.remove()];
  const stop = async (): Promise<void> => {
    // The last one first; one that fails keeps none of the others.
    const failures: unknown[] = [];
    for (const ending of endings.splice(0).toReversed())
      await ending().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw new AggregateError(failures, 'the cluster did not end cleanly');
  };
  try {
    say(`starts the control plane (logs are in ${state.path})`);
    const controlPlane = await startControlPlane({
      directory: join(state.path, 'control-plane'),
      managerFlags: ['--kube-api-qps=200', '--kube-api-burst=400'],
    });
    endings.push(() => controlPlane.stop());
    const scheduler = await startScheduler(controlPlane, state.path);
    endings.push(() => scheduler.stop('SIGKILL'));
    say('starts the registry');
    const registry = await startDockerRegistry({
      directory: join(state.path, 'registry'),
      notifications: webhookPorts.map((port) => ({
        name: `headwind-${port}`,
        url: `http://127.0.0.1:${port}/webhook/registry`,
      })),
    });
    endings.push(() => registry.stop());
    const sandboxImage = await (await createImageMaker(registry.url)).pushPause();
    const node = await startNode({
      state,
      api: controlPlane,
      registryHost: registry.host,
      sandboxImage,
      say,
    });
    endings.push(() => node.stop());
    const { url, ca, admin, version, directory } = controlPlane;
    say(`is ready: Kubernetes ${version} at ${url}, registry ${registry.host}`);
    return {
      controlPlane: { url, ca, admin, version, directory },
      registryUrl: registry.url,
      podSideRegistry: `${node.podSideAddress}:${new URL(registry.url).port}`,
      notifies: true,
      stop,
    };
  } catch (error) {
    await stop().catch((cause: unknown) => say(String(cause)));
    throw error;
  }
}
