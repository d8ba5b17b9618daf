import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { requirePart } from '../binaries.ts';
import { accessControlPlane, kubeconfig, type ControlPlaneFacts } from '../control-plane-access.ts';
import type { Cluster } from './cluster.ts';

const NAMESPACE = 'headwind-e2e';
const CRD = 'customresourcedefinition/updaterequests.headwind.sh';

const Config = z.object({
  clusters: z.tuple([
    z.object({ cluster: z.object({ server: z.url(), 'certificate-authority-data': z.string() }) }),
  ]),
});
const Version = z.object({ serverVersion: z.object({ gitVersion: z.string() }) });
const Token = z.object({ status: z.object({ token: z.string() }) });

export interface GivenClusterOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly say: (line: string) => void;
}

/** Whether the environment names a cluster; then none is started. */
export function isClusterGiven(env: NodeJS.ProcessEnv): boolean {
  return (env['KUBECONFIG'] ?? '') !== '';
}

/**
 * Uses the cluster that `KUBECONFIG` names, such as one of kind or k3s, and the registry that HEADWIND_E2E_REGISTRY
 * names. It needs a cluster without Headwind and an administrator's rights; `stop` takes away what was put there.
 */
export async function useGivenCluster({ env, say }: GivenClusterOptions): Promise<Cluster> {
  const registryUrl = await findRegistry(env);
  const kubectl = async (...args: readonly string[]): Promise<string> =>
    (await promisify(execFile)(requirePart('kubectl', env), args, { env, timeout: 120_000 })).stdout;
  await refuseOccupied(kubectl);
  const directory = await mkdtemp(join(tmpdir(), 'headwind-given-'));
  const remove = async (): Promise<void> => {
    const gone = [`namespace/${NAMESPACE}`, 'namespace/headwind-system', CRD];
    const forPeople = ['viewer', 'approver', 'rollbacker', 'admin'].map(
      (who) => `clusterrole/headwind-${who}`,
    );
    const bindings = [`clusterrolebinding/${NAMESPACE}`, 'clusterrolebinding/headwind'];
    const roles = [...bindings, 'clusterrole/headwind', ...forPeople];
    await kubectl('delete', '--ignore-not-found', '--timeout=90s', ...gone, ...roles);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const controlPlane = await becomeAdministrator(kubectl, directory);
    say(`uses Kubernetes ${controlPlane.version} at ${controlPlane.url}, registry ${registryUrl}`);
    return { controlPlane, registryUrl, podSideRegistry: undefined, notifies: false, stop: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

type Kubectl = (...args: readonly string[]) => Promise<string>;

async function refuseOccupied(kubectl: Kubectl): Promise<void> {
  const names = ['namespace/headwind-system', `namespace/${NAMESPACE}`, CRD];
  const found = (await kubectl('get', '--ignore-not-found', '--output=name', ...names)).trim();
  if (found !== '')
    throw new Error(
      `the cluster of KUBECONFIG already has ${found.replaceAll('\n', ', ')}; these tests need one without Headwind. ` +
        'Unset KUBECONFIG to have a cluster started here',
    );
}

async function findRegistry(env: NodeJS.ProcessEnv): Promise<string> {
  const host = env['HEADWIND_E2E_REGISTRY'] ?? '';
  if (!/^[a-z0-9.-]+(?::\d+)?$/i.test(host))
    throw new Error(
      `HEADWIND_E2E_REGISTRY is ${JSON.stringify(host)}. With KUBECONFIG set it must be host or host:port of a registry ` +
        'that this machine pushes to, the cluster pulls from and pods reach, all by this name and without credentials, and that ' +
        'allows deletes. Unset KUBECONFIG to have cluster and registry started here',
    );
  const failures: string[] = [];
  for (const url of [`https://${host}`, `http://${host}`]) {
    try {
      const answer = await fetch(`${url}/v2/`, { signal: AbortSignal.timeout(10_000) });
      await answer.body?.cancel();
      if (answer.ok) return url;
      failures.push(`${url}/v2/ answers ${answer.status}`);
    } catch (error) {
      failures.push(`${url}/v2/: ${String(error)}`);
    }
  }
  throw new Error(`HEADWIND_E2E_REGISTRY cannot be used: ${failures.join('; ')}`);
}

/** A service account with every right, since kubeconfigs sign in in many ways and the tests in one: with a token. */
async function becomeAdministrator(kubectl: Kubectl, directory: string): Promise<ControlPlaneFacts> {
  const view = await kubectl('config', 'view', '--minify', '--raw', '--flatten', '--output=json');
  const { cluster } = Config.parse(JSON.parse(view)).clusters[0];
  const ca = Buffer.from(cluster['certificate-authority-data'], 'base64').toString('utf8');
  const { serverVersion } = Version.parse(JSON.parse(await kubectl('version', '--output=json')));
  await kubectl('create', 'namespace', NAMESPACE);
  await kubectl('create', 'serviceaccount', 'admin', `--namespace=${NAMESPACE}`);
  const account = `--serviceaccount=${NAMESPACE}:admin`;
  await kubectl('create', 'clusterrolebinding', NAMESPACE, '--clusterrole=cluster-admin', account);
  const asked = join(directory, 'token-request.json');
  await writeFile(
    asked,
    JSON.stringify({
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds: 4 * 3600 },
    }),
  );
  const path = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/admin/token`;
  const answer = await kubectl('create', '--raw', path, '--filename', asked);
  const { token } = Token.parse(JSON.parse(answer)).status;
  const kubeconfigPath = join(directory, 'admin.kubeconfig');
  await writeFile(kubeconfigPath, kubeconfig(cluster.server, ca, token), { mode: 0o600 });
  const admin = { token, kubeconfigPath };
  const facts = { url: cluster.server, ca, admin, version: serverVersion.gitVersion, directory };
  await checkAccess(facts);
  return facts;
}

/** Fails early where the certificate, the address or the token is not as expected. */
async function checkAccess(facts: ControlPlaneFacts): Promise<void> {
  const access = accessControlPlane(facts);
  try {
    await access.expectOk('GET', '/api/v1/nodes?limit=1');
  } finally {
    access.disconnect();
  }
}
