import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startControlPlane, type ControlPlane } from '../parts/control-plane.ts';
import { applyManifest, installHeadwind, readManifests } from '../parts/manifests.ts';
import { startHeadwind, type Program } from '../parts/program.ts';
import { startScriptedServer } from '../parts/scripted-server.ts';
import { USUAL_REQUEST, whatIsAsked } from './asked.ts';
import { beforeKubectl, kubectlOf } from './kubectl.ts';
import type { Surroundings } from './shell.ts';
import { createShop } from './shop.ts';

export interface ReaderCluster extends Surroundings {
  close(): Promise<void>;
}

const SECRET = 'the-secret-of-every-sender';
const ASKING = {
  HEADWIND_API_AUTH_MODE: 'token',
  HEADWIND_UI_AUTH_MODE: 'token',
  HEADWIND_WEBHOOK_SECRET: SECRET,
};
/**
 * A cluster as the documents suppose it: Headwind installed, people with rights, and always that workload and that
 * request which a command is about. Two Headwinds run, one that asks who somebody is and one that does not.
 */
export async function startReaderCluster(): Promise<ReaderCluster> {
  await using started = new AsyncDisposableStack();
  const api = await startControlPlane({ modern: true });
  started.defer(() => api.stop());
  const directory = await mkdtemp(join(tmpdir(), 'headwind-reader-'));
  started.defer(() => rm(directory, { recursive: true, force: true }));
  const receiver = await startScriptedServer((_, response) => void response.end('ok'));
  started.defer(() => receiver.stop());
  await prepare(api);
  const kubeconfig = join(directory, 'kubeconfig');
  const token = await api.serviceAccountToken('headwind-system', 'headwind');
  await writeFile(kubeconfig, api.kubeconfigFor(token), { mode: 0o600 });
  const notifying = { SLACK_ENABLED: 'true', SLACK_WEBHOOK_URL: `${receiver.url}/slack` };
  const env = {
    KUBECONFIG: kubeconfig,
    HEADWIND_VERIFY_IMAGES: 'never',
    HEADWIND_METRICS_BACKEND: 'live',
    ...notifying,
  };
  const open = await startHeadwind({ env });
  started.defer(async () => void (await open.stop()));
  const asking = await startHeadwind({ env: { ...env, ...ASKING } });
  started.defer(async () => void (await asking.stop()));
  const surroundings = await surroundingsOf({ api, open, asking, directory, notifying });
  const all = started.move();
  return { ...surroundings, close: () => all.disposeAsync() };
}

async function prepare(api: ControlPlane): Promise<void> {
  await installHeadwind(api);
  for (const file of ['configmap.yaml', 'deployment.yaml', 'service.yaml', 'optional/roles.yaml'])
    for (const manifest of await readManifests(file)) await applyManifest(api, manifest);
  for (const name of ['shop', 'production'])
    await api.expectOk('POST', '/api/v1/namespaces', { metadata: { name } });
  for (const [namespace, name] of [
    ['shop', 'ann'],
    ['default', 'my-service-account'],
  ] as const) {
    await api.expectOk('POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name } });
    // What they need is not what is tried here.
    await api.expectOk('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
      metadata: { name: `all-${name}` },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    });
  }
}

interface Parts {
  readonly api: ControlPlane;
  readonly open: Program;
  readonly asking: Program;
  readonly directory: string;
  /** The settings of a channel of notifications. */
  readonly notifying: Readonly<Record<string, string>>;
}

async function surroundingsOf({ api, open, asking, directory, notifying }: Parts): Promise<Surroundings> {
  const token = await api.serviceAccountToken('shop', 'ann');
  const log = join(directory, 'headwind.log');
  const undo: (readonly string[])[] = [];
  const kubectl = kubectlOf(api.admin.kubeconfigPath, directory);
  const shop = createShop(api, { open, asking, token });
  await shop.serve(whatIsAsked(['kubectl-headwind', 'list', '-n', 'shop']));
  await fetch(`${open.urls.webhook}/webhook/generic`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"repository": "registry.example.com/team/app", "tag": "1.2.3"}',
  });
  // Something that is recorded.
  await fetch(`${open.urls.api}/api/v1/updates/shop/${USUAL_REQUEST}/reject`, { method: 'POST' });
  return {
    kubeconfig: api.admin.kubeconfigPath,
    servers: (text) => (/authorization|API_TOKEN|x-webhook-secret/i.test(text) ? asking.urls : open.urls),
    words: {
      name: USUAL_REQUEST,
      request: USUAL_REQUEST,
      namespace: 'shop',
      workload: 'web',
      deployment: 'web',
      container: 'app',
      "a kubeconfig with the account's token": join(directory, 'kubeconfig'),
    },
    env: { HEADWIND_LOG: log, TOKEN: token, SECRET, ...notifying },
    async before(words) {
      if (words[0] === 'kubectl') await beforeKubectl(words.slice(1), { kubectl, undo });
      if (words[0] === 'helm') throw new Error('charts are installed in a cluster of their own');
      await shop.serve(whatIsAsked(words));
      await writeFile(log, [...open.output(), ...asking.output(), ''].join('\n'));
    },
    async after() {
      for (const args of undo.splice(0)) await kubectl(...args);
    },
  };
}
