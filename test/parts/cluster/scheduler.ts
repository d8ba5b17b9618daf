import { join } from 'node:path';
import { requirePart } from '../binaries.ts';
import { freePorts, startChild, type Child } from '../child.ts';
import type { ControlPlaneAccess } from '../control-plane-access.ts';

/** Starts a kube-scheduler, which puts pods on the node as soon as both are there. */
export async function startScheduler(api: ControlPlaneAccess, directory: string): Promise<Child> {
  const [port = 0] = await freePorts(1);
  const minor = Number(/^v1\.(\d+)/.exec(api.version)?.[1] ?? 0);
  return startChild({
    name: 'kube-scheduler',
    command: requirePart('kube-scheduler', process.env),
    args: [
      `--kubeconfig=${api.admin.kubeconfigPath}`,
      '--leader-elect=false',
      '--bind-address=127.0.0.1',
      `--secure-port=${port}`,
      '--kube-api-qps=200',
      '--kube-api-burst=400',
      // The unauthenticated port, on by default until 1.22; the flag itself is gone since 1.24.
      ...(minor < 24 ? ['--port=0'] : []),
    ],
    logFile: join(directory, 'kube-scheduler.log'),
  });
}
