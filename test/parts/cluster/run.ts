#!/usr/bin/env node
// Starts the cluster of `make e2e` for a person, says how to talk to it, and ends it with Ctrl-C.
// usage: node test/parts/cluster/run.ts [PORT...]     the registry tells /webhook/registry on these ports of pushes
import { startCluster } from './cluster.ts';

const startedMs = performance.now();
const say = (line: string): void =>
  console.log(`cluster: ${((performance.now() - startedMs) / 1000).toFixed(1).padStart(5)} s  ${line}`);
const cluster = await startCluster({ webhookPorts: process.argv.slice(2).map(Number), say });
console.log(`
  export KUBECONFIG=${cluster.controlPlane.admin.kubeconfigPath}
  export HEADWIND_E2E_REGISTRY=${new URL(cluster.registryUrl).host}

Ctrl-C ends it and removes everything.`);
const alive = setInterval(() => {}, 60_000);
await new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
});
clearInterval(alive);
say('ends');
await cluster.stop();
