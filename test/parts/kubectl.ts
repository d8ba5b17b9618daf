import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { requirePart } from './binaries.ts';

export interface Kubectl {
  /** What the command prints; throws where it fails. */
  run(...args: readonly string[]): Promise<string>;
  close(): Promise<void>;
}

/** The real kubectl with this kubeconfig, and a home of its own, where it keeps what it has discovered. */
export async function startKubectl(kubeconfigPath: string): Promise<Kubectl> {
  const binary = requirePart('kubectl', process.env);
  const home = await mkdtemp(join(tmpdir(), 'headwind-kubectl-'));
  const env = { PATH: process.env['PATH'], HOME: home, KUBECONFIG: kubeconfigPath };
  return {
    run: async (...args) => (await promisify(execFile)(binary, args, { env, timeout: 30_000 })).stdout,
    close: () => rm(home, { recursive: true, force: true }),
  };
}
