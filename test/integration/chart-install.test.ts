import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startControlPlane, type ControlPlane } from '../parts/control-plane.ts';
import { eventually } from '../parts/eventually.ts';
import { CHART, startHelm, type Helm } from '../parts/helm.ts';
import { startKubectl, type Kubectl } from '../parts/kubectl.ts';
import { applyManifest, crdEstablished, pathOf } from '../parts/manifests.ts';
import { installMonitoringCrds } from '../parts/monitoring-crds.ts';
import { writeOlderChart } from '../parts/older-chart.ts';

const CRD = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/updaterequests.headwind.sh';
const INSTALL_FILE = fileURLToPath(new URL('../../deploy/install.yaml', import.meta.url));

const DataObject = z.object({
  metadata: z.object({ uid: z.string() }),
  data: z.record(z.string(), z.string()).default({}),
});
const PodTemplate = z.object({
  metadata: z.object({ uid: z.string(), labels: z.record(z.string(), z.string()) }),
  spec: z.object({
    template: z.object({ metadata: z.object({ annotations: z.record(z.string(), z.string()) }) }),
  }),
});
const Definition = z.object({
  metadata: z.object({ uid: z.string(), annotations: z.record(z.string(), z.string()).default({}) }),
});

/** What older API servers do not have, taken back from the examples. */
const WITHOUT_NEWS = {
  admissionPolicy: { enabled: false },
  podDisruptionBudget: { enabled: true, maxUnavailable: 1, unhealthyPodEvictionPolicy: '' },
};

describe.each([
  ['1.20', { modern: false, kubeVersion: '1.20', override: WITHOUT_NEWS }],
  ['1.33', { modern: true, kubeVersion: '1.33', override: {} }],
] as const)('the chart on Kubernetes %s', (_version, { modern, kubeVersion, override }) => {
  let plane: ControlPlane;
  let helm: Helm;
  let kubectl: Kubectl;

  beforeAll(async () => {
    plane = await startControlPlane({ modern });
    helm = await startHelm(plane.admin.kubeconfigPath);
    kubectl = await startKubectl(plane.admin.kubeconfigPath);
    await installMonitoringCrds(plane);
    for (const name of ['shop', 'blog'])
      await plane.expectOk('POST', '/api/v1/namespaces', { metadata: { name } });
  });
  afterAll(async () => {
    await helm?.close();
    await kubectl?.close();
    await plane?.stop();
  });

  const aNamespace = async (): Promise<string> => {
    const name = `hw-${randomBytes(4).toString('hex')}`;
    await plane.expectOk('POST', '/api/v1/namespaces', { metadata: { name } });
    return name;
  };
  /** Applies all that these values make, and takes it away again. */
  const accepts = async (values: object): Promise<number> => {
    const namespace = await aNamespace();
    const manifests = await helm.template({ values, namespace, kubeVersion });
    for (const manifest of manifests) {
      const { namespace: place = namespace, ...metadata } = manifest.metadata;
      await applyManifest(plane, { ...manifest, metadata: { ...metadata, namespace: place } });
    }
    for (const manifest of manifests) {
      if (manifest.kind === 'CustomResourceDefinition') continue;
      const { namespace: place = namespace, ...metadata } = manifest.metadata;
      await plane.expectOk(
        'DELETE',
        await pathOf(plane, { ...manifest, metadata: { ...metadata, namespace: place } }),
      );
    }
    return manifests.length;
  };

  describe('makes objects that the API server accepts', () => {
    it.each([
      ['full', 31],
      ['existing', 15],
      ['minimal', 5],
      ['namespaced', 15],
    ])('with the %s values', async (name, atLeast) => {
      const values = z
        .record(z.string(), z.unknown())
        .parse(load(await readFile(join(CHART, `ci/${name}-values.yaml`), 'utf8')));

      expect(await accepts({ ...values, ...(name === 'full' ? override : {}) })).toBeGreaterThanOrEqual(
        name === 'full' && !modern ? atLeast - 2 : atLeast,
      );
    });

    it.each<[string, object]>([
      ['nothing but defaults', {}],
      ['a random key for sessions', { session: { create: true } }],
      ['secrets of webhooks', { webhooks: { secrets: { all: 'a-long-random-text' } } }],
      ['registries', { registries: { defaults: { concurrency: 2 } } }],
      ['receivers of notifications', { notifications: { config: { targets: [] } } }],
      ['Telegraf', { telegraf: { enabled: true }, observability: { influxdb: { url: 'http://influx' } } }],
      ['roles for people', { roles: { create: true } }],
      ['roles in its own namespace', { rbac: { namespaced: true } }],
      ['an ingress', { ingress: { enabled: true } }],
      ['an ingress without a host', { ingress: { enabled: true, hosts: [{ paths: [{ path: '/' }] }] } }],
      ['a network policy', { networkPolicy: { enabled: true } }],
      [
        'a network policy for both directions',
        { networkPolicy: { enabled: true, policyTypes: ['Ingress', 'Egress'] } },
      ],
      ['a disruption budget', { podDisruptionBudget: { enabled: true } }],
      ['a disruption budget by shares', { podDisruptionBudget: { enabled: true, minAvailable: '50%' } }],
      ['a ServiceMonitor', { serviceMonitor: { enabled: true } }],
      ['a PodMonitor', { podMonitor: { enabled: true } }],
      ['several replicas', { replicaCount: 3 }],
      ['one Service for everybody', { service: { webhook: { type: 'LoadBalancer' } } }],
      ['a long name', { fullnameOverride: 'a-name-that-is-much-longer-than-the-names-of-most-releases' }],
    ])('with %s', async (_name, values) => {
      expect(await accepts(values)).toBeGreaterThanOrEqual(13);
    });
  });

  describe('as a release', () => {
    let namespace: string;

    const install = async (release: string, place: string, values: object = {}): Promise<string> =>
      helm.run('install', release, CHART, '--namespace', place, '--values', await helm.valuesFile(values));
    const upgrade = async (release: string, place: string, values: object = {}): Promise<string> =>
      helm.run('upgrade', release, CHART, '--namespace', place, '--values', await helm.valuesFile(values));
    const config = async (): Promise<z.infer<typeof DataObject>> =>
      DataObject.parse(
        await plane.expectOk('GET', `/api/v1/namespaces/${namespace}/configmaps/headwind-config`),
      );
    const secret = async (name: string): Promise<z.infer<typeof DataObject>> =>
      DataObject.parse(await plane.expectOk('GET', `/api/v1/namespaces/${namespace}/secrets/${name}`));
    const deployment = async (): Promise<z.infer<typeof PodTemplate>> =>
      PodTemplate.parse(
        await plane.expectOk('GET', `/apis/apps/v1/namespaces/${namespace}/deployments/headwind`),
      );
    const checksum = async (): Promise<string | undefined> =>
      (await deployment()).spec.template.metadata.annotations['checksum/environment'];
    /** As the settings page does. */
    const writes = (what: string, data: object): Promise<unknown> =>
      plane.expectOk(
        'PATCH',
        `/api/v1/namespaces/${namespace}/${what}`,
        { data },
        'application/merge-patch+json',
      );
    const requests = (): string => `/apis/headwind.sh/v1alpha1/namespaces/${namespace}/updaterequests`;
    const gone = async (): Promise<void> => {
      await eventually(async () => (await plane.request('GET', CRD)).status === 404, {
        what: 'the definition is gone',
        timeoutMs: 30_000,
      });
    };

    beforeAll(async () => {
      namespace = await aNamespace();
      await plane.request('DELETE', CRD);
      await gone();
    });

    it('is installed, with its definition', async () => {
      expect(await install('headwind', namespace, { session: { create: true } })).toContain(
        'STATUS: deployed',
      );
      await crdEstablished(plane);
      expect((await deployment()).metadata.labels).toMatchObject({
        'app.kubernetes.io/managed-by': 'Helm',
        'app.kubernetes.io/instance': 'headwind',
      });
    });

    it('is upgraded: what the settings page has written stays, and so does the key of sessions', async () => {
      const before = { key: (await secret('headwind-session')).data, checksum: await checksum() };
      await writes('configmaps/headwind-config', { 'polling.enabled': 'true', 'polling.interval': '60' });
      await writes('secrets/headwind-secrets', { 'slack-webhook-url': 'aHR0cHM6Ly94' });

      const values = {
        session: { create: true },
        env: { HEADWIND_LOG: 'debug' },
        configMap: { data: { 'polling.interval': 120 } },
      };
      await upgrade('headwind', namespace, values);

      expect((await config()).data).toMatchObject({
        HEADWIND_LOG: 'debug',
        'polling.enabled': 'true',
        'polling.interval': '120',
      });
      expect((await secret('headwind-secrets')).data).toEqual({ 'slack-webhook-url': 'aHR0cHM6Ly94' });
      expect((await secret('headwind-session')).data).toEqual(before.key);
      expect(await checksum()).not.toBe(before.checksum);
    });

    it('has one definition only: a second one is refused, and works without', async () => {
      const other = await aNamespace();

      await expect(install('second', other)).rejects.toThrow(
        'exists and cannot be imported into the current release',
      );
      expect(await install('second', other, { crds: { install: false } })).toContain('STATUS: deployed');
      await helm.run('uninstall', 'second', '--namespace', other);
      expect((await plane.request('GET', CRD)).status).toBe(200);
    });

    it('lets two teams have releases of one name, each with its own namespaces', async () => {
      const [one, another] = [await aNamespace(), await aNamespace()];
      const values = { crds: { install: false }, rbac: { namespaced: true } };

      expect(await install('headwind', one, { ...values, namespaces: ['shop'] })).toContain(
        'STATUS: deployed',
      );
      expect(await install('headwind', another, { ...values, namespaces: ['blog'] })).toContain(
        'STATUS: deployed',
      );
      for (const place of [one, another]) await helm.run('uninstall', 'headwind', '--namespace', place);
    });

    it('is uninstalled, and leaves definition and requests alone', async () => {
      await plane.expectOk('POST', requests(), aRequest(namespace));
      const before = Definition.parse(await plane.expectOk('GET', CRD)).metadata.uid;

      await helm.run('uninstall', 'headwind', '--namespace', namespace);

      expect(
        (await plane.request('GET', `/apis/apps/v1/namespaces/${namespace}/deployments/headwind`)).status,
      ).toBe(404);
      expect((await plane.request('GET', `${requests()}/kept`)).status).toBe(200);
      expect(Definition.parse(await plane.expectOk('GET', CRD)).metadata.uid).toBe(before);
    });

    it('is installed again over what it left', async () => {
      expect(await install('headwind', namespace)).toContain('STATUS: deployed');
      expect((await plane.request('GET', `${requests()}/kept`)).status).toBe(200);
    });

    it('takes the definition with it where that is not to be kept', async () => {
      await upgrade('headwind', namespace, { crds: { keep: false } });
      expect(Definition.parse(await plane.expectOk('GET', CRD)).metadata.annotations).not.toHaveProperty(
        'helm.sh/resource-policy',
      );

      await helm.run('uninstall', 'headwind', '--namespace', namespace);
      await gone();
    });

    it('takes over what the single file has installed, without making anything anew', async () => {
      const place = 'headwind-system';
      await kubectl.run('apply', '-f', INSTALL_FILE);
      await crdEstablished(plane);
      const again = (await kubectl.run('apply', '-f', INSTALL_FILE)).trim().split('\n');
      expect(again.filter((line) => !line.endsWith(' unchanged'))).toEqual([]);
      namespace = place;
      const before = (await deployment()).metadata.uid;
      await writes('configmaps/headwind-config', { 'polling.enabled': 'true' });
      await writes('secrets/headwind-secrets', { 'slack-webhook-url': 'aHR0cHM6Ly94' });

      await expect(install('headwind', place)).rejects.toThrow('exists and cannot be imported');
      await helm.run('install', 'headwind', CHART, '--namespace', place, '--take-ownership');

      const after = await deployment();
      expect(after.metadata.uid).toBe(before);
      expect(after.metadata.labels).toMatchObject({ 'app.kubernetes.io/managed-by': 'Helm' });
      expect((await config()).data).toMatchObject({
        HEADWIND_API_AUTH_MODE: 'token',
        'polling.enabled': 'true',
      });
      expect((await secret('headwind-secrets')).data).toEqual({ 'slack-webhook-url': 'aHR0cHM6Ly94' });
    });

    it('follows an older chart of the name, whose Deployment has another selector', async () => {
      await helm.run('uninstall', 'headwind', '--namespace', namespace);
      await plane.expectOk('DELETE', CRD);
      await gone();
      namespace = await aNamespace();
      const older = await writeOlderChart(join(await helm.valuesFile({}), '..'));
      await helm.run('install', 'headwind', older, '--namespace', namespace);
      await crdEstablished(plane);
      // Its program has made this one.
      const secrets = `/api/v1/namespaces/${namespace}/secrets`;
      const metadata = { name: 'headwind-secrets' };
      await plane.expectOk('POST', secrets, { metadata, data: { 'slack-webhook-url': 'aHR0cHM6Ly94' } });
      await writes('configmaps/headwind-config', { 'slack.enabled': 'true' });
      await plane.expectOk('POST', requests(), aRequest(namespace));

      const deployments = `/apis/apps/v1/namespaces/${namespace}/deployments/headwind`;
      await plane.expectOk('DELETE', deployments);
      await eventually(async () => (await plane.request('GET', deployments)).status === 404, {
        what: 'the older Deployment is gone',
      });
      await helm.run('upgrade', 'headwind', CHART, '--namespace', namespace, '--take-ownership');

      expect((await deployment()).metadata.labels).toMatchObject({
        'helm.sh/chart': expect.stringContaining('headwind-'),
      });
      expect((await secret('headwind-secrets')).data).toEqual({ 'slack-webhook-url': 'aHR0cHM6Ly94' });
      expect((await config()).data).toMatchObject({
        HEADWIND_UI_AUTH_MODE: 'token',
        'slack.enabled': 'true',
      });
      expect((await plane.request('GET', `${requests()}/kept`)).status).toBe(200);
      expect((await plane.request('GET', `/api/v1/namespaces/${namespace}/services/headwind`)).status).toBe(
        404,
      );
      expect(
        (await plane.request('GET', `/api/v1/namespaces/${namespace}/services/headwind-ui`)).status,
      ).toBe(200);
      expect(JSON.stringify(await plane.expectOk('GET', CRD))).toContain('RolledBack');
    });

    it.each<[string, object, string]>([
      ['where the dashboard is', {}, 'port-forward service/noted-headwind-ui 8082:8082'],
      ['its address where it has one', { ingress: { enabled: true } }, 'http://headwind.example.com'],
      ['what is watched', { namespaces: ['shop', 'blog'] }, 'the namespaces shop, blog'],
      [
        'that nobody is asked who they are',
        { env: { HEADWIND_API_AUTH_MODE: 'none' } },
        'WARNING: env.HEADWIND_API_AUTH_MODE is none',
      ],
      ['that a key is missing', { replicaCount: 2 }, 'session.create or session.existingSecret'],
      [
        'that the policy shuts the ingress out',
        { ingress: { enabled: true }, networkPolicy: { enabled: true } },
        'networkPolicy.apiFrom',
      ],
      [
        'that nodes cannot be drained',
        { podDisruptionBudget: { enabled: true, minAvailable: 1 } },
        'no node with one of them can be drained',
      ],
    ])('says after an installation %s', async (_name, values, message) => {
      const file = await helm.valuesFile({ crds: { install: false }, ...values });
      const place = ['--namespace', await aNamespace(), '--values', file];

      expect(await helm.run('install', 'noted-headwind', CHART, ...place, '--dry-run=server')).toContain(
        message,
      );
    });
  });
});

function aRequest(namespace: string): object {
  return {
    apiVersion: 'headwind.sh/v1alpha1',
    kind: 'UpdateRequest',
    metadata: { name: 'kept' },
    spec: {
      targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', namespace },
      updateType: 'image',
      containerName: 'web',
      currentImage: 'nginx:1.25.0',
      newImage: 'nginx:1.26.0',
      policy: 'minor',
    },
  };
}
