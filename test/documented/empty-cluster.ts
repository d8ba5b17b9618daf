import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { requirePart } from '../parts/binaries.ts';
import { startControlPlane } from '../parts/control-plane.ts';
import { MANIFESTS } from '../parts/manifests.ts';
import { beforeKubectl, kubectlOf } from './kubectl.ts';
import type { Surroundings } from './shell.ts';

const INSTALL_FILE = join(MANIFESTS, '../install.yaml');
const CHART = join(MANIFESTS, '../../charts/headwind');
const NOWHERE = 'http://127.0.0.1:1';

/** A cluster to install into; nothing runs there, and what was installed before in another way is gone. */
export async function startEmptyCluster(): Promise<Surroundings & { close(): Promise<void> }> {
  const api = await startControlPlane({ modern: true });
  const directory = await mkdtemp(join(tmpdir(), 'headwind-empty-'));
  const kubeconfig = api.admin.kubeconfigPath;
  const kubectl = kubectlOf(kubeconfig, directory);
  const helm = async (...args: readonly string[]): Promise<string> => {
    const env = { PATH: process.env['PATH'], HOME: directory, KUBECONFIG: kubeconfig };
    return (await promisify(execFile)(requirePart('helm', process.env), args, { env, timeout: 120_000 }))
      .stdout;
  };
  const log = join(directory, 'headwind.log');
  await writeFile(log, '{"level":"INFO","fields":{"message":"ready"}}\n');
  await kubectl('create', 'namespace', 'shop');
  const release = ['headwind', '--namespace', 'headwind-system'];

  const isInstalled = async (): Promise<boolean> =>
    (await helm('list', '-A', '-q')).split('\n').includes('headwind');
  const isThere = async (): Promise<boolean> =>
    (await kubectl('get', 'deployments', '-A', '-o', 'name')).includes('deployment.apps/headwind\n');
  /** Both ways of installing make the same objects. */
  const clear = async (): Promise<void> => {
    if (await isInstalled()) await helm('uninstall', ...release);
    await kubectl('delete', '-f', INSTALL_FILE, '--ignore-not-found');
  };
  const beforeHelm = async ([verb = '', ...words]: readonly string[]): Promise<void> => {
    if (verb === 'install' && !words.includes('--take-ownership')) await clear();
    if (['uninstall', 'upgrade', 'get', 'status'].includes(verb) && !(await isInstalled())) {
      await clear();
      await helm('install', ...release, CHART, '--create-namespace');
    }
  };

  return {
    kubeconfig,
    servers: () => ({ webhook: NOWHERE, api: NOWHERE, ui: NOWHERE, metrics: NOWHERE }),
    words: {},
    env: { HEADWIND_LOG: log },
    async before([program, ...words]) {
      if (program === 'helm') await beforeHelm(words);
      if (program !== 'kubectl') return;
      const isInstalling =
        words.includes('apply') && /install\.yaml|deploy\/k8s(?: |$)/.test(words.join(' '));
      if (isInstalling && (await isInstalled())) await clear();
      if (!isInstalling && !(await isThere())) await kubectl('apply', '-f', INSTALL_FILE);
      await beforeKubectl(words, { kubectl, undo: [] });
    },
    after: () => Promise.resolve(),
    async close() {
      await api.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
