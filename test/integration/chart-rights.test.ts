import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { UpdateRequest } from '../../src/core/update-request.ts';
import { startControlPlane, type ControlPlane } from '../parts/control-plane.ts';
import { startDockerRegistry, type DockerRegistry } from '../parts/docker-registry.ts';
import { eventually } from '../parts/eventually.ts';
import { installFluxCrds } from '../parts/flux-crds.ts';
import { CHART, startHelm, type Helm } from '../parts/helm.ts';
import { aPerson } from '../parts/people.ts';
import { startHeadwind, type Program } from '../parts/program.ts';
import { post, workloadOf } from '../parts/world.ts';

const LOGIN = { username: 'shop', password: 'pw-shop-Ooh8eiCh' };
const RELEASE = 'headwind';

const Requests = z.object({ items: z.array(UpdateRequest) });
const ConfigMap = z.object({ data: z.record(z.string(), z.string()) });
const Workload = z.object({
  spec: z.object({
    template: z.object({ spec: z.object({ containers: z.array(z.object({ image: z.string() })) }) }),
  }),
});

describe.each([
  ['for all namespaces', { namespaced: false, watched: [] }],
  ['for one namespace alone', { namespaced: true, watched: ['shop'] }],
] as const)('Headwind under the rights of the chart %s', (_name, { namespaced, watched }) => {
  let plane: ControlPlane;
  let registry: DockerRegistry;
  let helm: Helm;
  let headwind: Program;
  let directory: string;
  let token: string;
  const own = 'updates';

  beforeAll(async () => {
    plane = await startControlPlane();
    registry = await startDockerRegistry({ auth: { htpasswd: { [LOGIN.username]: LOGIN.password } } });
    helm = await startHelm(plane.admin.kubeconfigPath);
    directory = await mkdtemp(join(tmpdir(), 'headwind-chart-'));
    await installFluxCrds(plane);
    for (const namespace of ['shop', 'elsewhere']) await aShop(namespace);

    const values = await helm.valuesFile({
      rbac: { namespaced },
      namespaces: watched,
      roles: { create: true },
      env: {
        HEADWIND_INSECURE_REGISTRIES: registry.host,
        HEADWIND_VERIFY_IMAGES: 'always',
        HEADWIND_LOG: 'debug',
      },
    });
    const place = ['--namespace', own, '--create-namespace'];
    await helm.run('install', RELEASE, CHART, ...place, '--values', values);
    headwind = await startHeadwind({ env: await environment() });
  });
  afterAll(async () => {
    await headwind?.stop();
    await helm?.close();
    await registry?.stop();
    await plane?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  /** A namespace with a login for the registry and a workload of it. */
  async function aShop(namespace: string): Promise<void> {
    const logins = { auths: { [registry.host]: LOGIN } };
    await plane.expectOk('POST', '/api/v1/namespaces', { metadata: { name: namespace } });
    await plane.expectOk('POST', `/api/v1/namespaces/${namespace}/secrets`, {
      metadata: { name: 'login' },
      type: 'kubernetes.io/dockerconfigjson',
      data: { '.dockerconfigjson': Buffer.from(JSON.stringify(logins)).toString('base64') },
    });
    const web = workloadOf('Deployment', {
      name: 'web',
      images: { web: `${registry.host}/shop/web:1.0.0` },
      annotations: { 'auto-rollback': 'true' },
      pullSecrets: ['login'],
      replicas: 1,
    });
    await plane.expectOk('POST', `/apis/apps/v1/namespaces/${namespace}/deployments`, web);
  }

  /** What the Deployment of the chart would give its container, and a kubeconfig in place of a pod's own files. */
  async function environment(): Promise<Record<string, string>> {
    token = await plane.serviceAccountToken(own, RELEASE);
    const kubeconfig = join(directory, 'kubeconfig');
    await writeFile(kubeconfig, plane.kubeconfigFor(token), { mode: 0o600 });
    const { data } = ConfigMap.parse(await config());
    const variables = Object.entries(data).filter(([key]) => /^[A-Z_]+$/.test(key));
    return { ...Object.fromEntries(variables), HEADWIND_NAMESPACE: own, KUBECONFIG: kubeconfig };
  }

  const config = (): Promise<unknown> =>
    plane.expectOk('GET', `/api/v1/namespaces/${own}/configmaps/headwind-config`);
  const requestsIn = async (namespace: string): Promise<readonly UpdateRequest[]> => {
    const path = `/apis/headwind.sh/v1alpha1/namespaces/${namespace}/updaterequests`;
    return Requests.parse(await plane.expectOk('GET', path)).items;
  };
  const imageIn = async (namespace: string): Promise<string | undefined> => {
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments/web`;
    return Workload.parse(await plane.expectOk('GET', path)).spec.template.spec.containers[0]?.image;
  };
  const push = async (tag: string): Promise<void> => {
    await registry.pushImage({ repository: 'shop/web', tag, credentials: LOGIN });
    const told = await post(`${headwind.urls.webhook}/webhook/registry`, {
      repository: `${registry.host}/shop/web`,
      tag,
    });
    expect(told.status).toBe(200);
  };

  it('does an update: a private registry is asked, and somebody with the chart’s role approves', async () => {
    await push('1.1.0');
    const [request] = await eventually(
      async () => {
        const requests = await requestsIn('shop');
        if (requests.length !== 1) throw new Error(`there are ${requests.length}`);
        return requests;
      },
      { what: 'a request in the namespace shop', timeoutMs: 15_000 },
    );
    expect(request?.spec.newDigest).toMatch(/^sha256:/);

    const ann = await aPerson(plane, { namespace: 'shop', name: 'ann', roles: [`${RELEASE}-approver`] });
    const url = `${headwind.urls.api}/api/v1/updates/shop/${request?.metadata.name}/approve`;
    expect((await fetch(url, { method: 'POST' })).status).toBe(401);
    const approved = await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${ann.token}` } });

    expect(approved.status).toBe(200);
    expect(await imageIn('shop')).toBe(`${registry.host}/shop/web:1.1.0`);
    expect((await requestsIn('shop'))[0]?.status).toMatchObject({
      phase: 'Completed',
      approvedBy: ann.username,
    });
  });

  it('reads its settings anew, and lets the settings page write them', async () => {
    const admin = await aPerson(plane, { namespace: own, name: 'admin', roles: [`${RELEASE}-admin`] });
    const headers = { authorization: `Bearer ${admin.token}`, 'content-type': 'application/json' };
    const body = JSON.stringify({
      polling: { interval: 120 },
      notifications: { teams: { webhookUrl: 'https://teams.example.com/x' } },
    });
    const answer = await fetch(`${headwind.urls.ui}/api/v1/settings`, { method: 'PUT', headers, body });

    expect([answer.status, await answer.text()]).toEqual([200, expect.any(String)]);
    expect(ConfigMap.parse(await config()).data).toMatchObject({ 'polling.interval': '120' });
  });

  it('sees the namespaces that it is meant to see, and no other', async () => {
    expect(await requestsIn('elsewhere')).toHaveLength(namespaced ? 0 : 1);
    expect(await imageIn('elsewhere')).toBe(`${registry.host}/shop/web:1.0.0`);
  });

  it.each([
    ['shop', 200],
    ['elsewhere', namespaced ? 403 : 200],
  ])('may read a pull secret by name in %s: %i', async (namespace, status) => {
    const path = `/api/v1/namespaces/${namespace}/secrets/login`;

    expect((await plane.requestAs(token, { method: 'GET', path })).status).toBe(status);
  });

  it.each(['/api/v1/secrets', '/api/v1/namespaces/shop/secrets', `/api/v1/namespaces/${own}/secrets`])(
    'may not list %s',
    async (path) => {
      expect((await plane.requestAs(token, { method: 'GET', path })).status).toBe(403);
    },
  );

  it('was refused nothing that it asked for', async () => {
    const metrics = await (await fetch(`${headwind.urls.metrics}/metrics`)).text();
    const asked = metrics
      .split('\n')
      .filter((line) => line.startsWith('headwind_kubernetes_requests_total{'));

    expect(asked.length).toBeGreaterThan(3);
    expect(asked.filter((line) => line.includes('code="403"'))).toEqual([]);
  });
});
