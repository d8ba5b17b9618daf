import type { TestProject } from 'vitest/node';
import { freePorts } from '../child.ts';
import type { ControlPlaneFacts } from '../control-plane-access.ts';
import { startCluster, type Cluster } from './cluster.ts';
import { isClusterGiven, useGivenCluster } from './given-cluster.ts';

/** Who gets pushes told: one Headwind for each of these, which watches a namespace of its own. */
export const STAGES = ['rollouts', 'killed', 'healthy', 'image'] as const;
export type StageName = (typeof STAGES)[number];

/** What tests must know of the cluster; plain data, so that vitest can hand it to its workers. */
export interface ClusterFacts {
  readonly controlPlane: ControlPlaneFacts;
  readonly registryUrl: string;
  /** `host:port` where pods reach the registry at another place than the node does. */
  readonly podSideRegistry: string | undefined;
  readonly notifies: boolean;
  readonly webhookPorts: Readonly<Record<StageName, number>>;
}

declare module 'vitest' {
  interface ProvidedContext {
    /** The cluster with real pods that all tests of `make e2e` share. */
    cluster: ClusterFacts;
  }
}

/** Vitest's globalSetup of `make e2e`: the cluster that KUBECONFIG names, else one that is started here. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const startedMs = performance.now();
  const say = (line: string): void => {
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    console.log(`cluster: ${seconds.padStart(5)} s  ${line}`);
  };
  const [rollouts = 0, killed = 0, healthy = 0, image = 0] = await freePorts(STAGES.length);
  const webhookPorts = { rollouts, killed, healthy, image };
  const cluster: Cluster = isClusterGiven(process.env)
    ? await useGivenCluster({ env: process.env, say })
    : await startCluster({ webhookPorts: Object.values(webhookPorts), say });
  const { controlPlane, registryUrl, podSideRegistry, notifies } = cluster;
  project.provide('cluster', { controlPlane, registryUrl, podSideRegistry, notifies, webhookPorts });
  return async () => {
    say('ends');
    await cluster.stop();
  };
}
