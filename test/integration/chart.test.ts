import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { load } from 'js-yaml';
import pLimit from 'p-limit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readSettings } from '../../src/config/settings.ts';
import { chartValues } from '../../tools/chart-values.ts';
import { meaningOf } from '../parts/chart-equality.ts';
import { startDockerRegistry } from '../parts/docker-registry.ts';
import { CHART, startHelm, type Helm } from '../parts/helm.ts';
import { installationFiles, readManifests, type Manifest } from '../parts/manifests.ts';

const Values = z.record(z.string(), z.unknown());
type Values = z.infer<typeof Values>;

/** Values that show what the chart can do, by the names of their files. */
const EXAMPLES = ['full', 'existing', 'minimal', 'namespaced'] as const;
const exampleFile = (name: string): string => join(CHART, 'ci', `${name}-values.yaml`);
const exampleValues = async (name: string): Promise<Values> =>
  Values.parse(load(await readFile(exampleFile(name), 'utf8')));

const ChartFile = z.object({ version: z.string() });
const PodSpec = z.looseObject({
  containers: z.array(
    z.looseObject({
      name: z.string(),
      env: z.array(z.looseObject({ name: z.string() })).default([]),
    }),
  ),
});
const DeploymentObject = z.object({
  spec: z.object({
    template: z.object({
      metadata: z.object({ annotations: z.record(z.string(), z.string()) }),
      spec: PodSpec,
    }),
  }),
});

describe('the chart', () => {
  let helm: Helm;

  beforeAll(async () => {
    helm = await startHelm();
  });
  afterAll(() => helm.close());

  const rendered = async (values: object = {}, kubeVersion = '1.33'): Promise<readonly Manifest[]> =>
    helm.template({ values, kubeVersion });
  const one = async (
    kind: string,
    values: object = {},
    kubeVersion = '1.33',
  ): Promise<Manifest | undefined> =>
    (await rendered(values, kubeVersion)).find((manifest) => manifest.kind === kind);
  const configData = async (values: object = {}): Promise<Record<string, string>> =>
    z.object({ data: z.record(z.string(), z.string()) }).parse(await one('ConfigMap', values)).data;
  const deployment = async (
    values: object = {},
  ): Promise<z.infer<typeof DeploymentObject>['spec']['template']> =>
    DeploymentObject.parse(await one('Deployment', values)).spec.template;

  describe('is in order', () => {
    it('for helm lint --strict by its defaults', async () => {
      await expect(helm.run('lint', '--strict', CHART)).resolves.toContain('0 chart(s) failed');
    });

    it.each(EXAMPLES)('for helm lint --strict with the %s values', async (name) => {
      const args = ['--strict', '--kube-version', '1.33', '--values', exampleFile(name)];
      await expect(helm.run('lint', CHART, ...args)).resolves.toContain('0 chart(s) failed');
    });

    it('for helm package, with everything in it that its templates name', async () => {
      const directory = join(await helm.valuesFile({}), '..');
      await helm.run('package', CHART, '--destination', directory);
      const [archive = ''] = (await readdir(directory)).filter((file) => file.endsWith('.tgz'));
      const packed = await helm.run(
        'template',
        'headwind',
        join(directory, archive),
        '--kube-version',
        '1.33',
      );
      const direct = await helm.run('template', 'headwind', CHART, '--kube-version', '1.33');

      expect(packed).toBe(direct);
    });
  });

  it('can be kept in an OCI registry, and installed from there', async () => {
    const registry = await startDockerRegistry();
    try {
      const directory = join(await helm.valuesFile({}), '..');
      await helm.run('package', CHART, '--destination', directory);
      const { version } = ChartFile.parse(load(await readFile(join(CHART, 'Chart.yaml'), 'utf8')));
      const repository = `oci://${registry.host}/charts`;
      await helm.run('push', join(directory, `headwind-${version}.tgz`), repository, '--plain-http');

      const args = [`${repository}/headwind`, '--version', version, '--plain-http', '--kube-version', '1.33'];
      expect(await helm.run('template', 'headwind', ...args)).toContain('kind: Deployment');
    } finally {
      await registry.stop();
    }
  });

  it.each(['charts/headwind/README.md', 'docs/install.md', 'docs/security.md'])(
    'takes every example of values in %s',
    async (file) => {
      const text = await readFile(join(CHART, '../..', file), 'utf8');
      const known = new Set(
        Object.keys(Values.parse(load(await readFile(join(CHART, 'values.yaml'), 'utf8')))),
      );
      const blocks = [...text.matchAll(/^```yaml\n([^]*?)^```$/gm)].map(([, block = '']) => load(block));
      const examples = blocks
        .map((block) => Values.safeParse(block))
        .filter(({ success, data }) => success && Object.keys(data).every((key) => known.has(key)));

      expect(examples.length).toBeGreaterThan(0);
      for (const { data } of examples) expect((await rendered(data)).length).toBeGreaterThan(10);
    },
  );

  describe('means the same as deploy/k8s', () => {
    const shipped = async (...files: readonly string[]): Promise<Readonly<Record<string, unknown>>> =>
      meaningOf((await Promise.all(files.map(readManifests))).flat());

    it('with its defaults', async () => {
      expect(meaningOf(await rendered())).toEqual(await shipped(...(await installationFiles())));
    });

    it.each([
      ['optional/roles.yaml', { roles: { create: true } }],
      ['optional/networkpolicy.yaml', { networkPolicy: { enabled: true } }],
      ['optional/approved-by.yaml', { admissionPolicy: { enabled: true } }],
    ])('%s included, where that is switched on', async (file, values) => {
      const files = [...(await installationFiles()), file];

      expect(meaningOf(await rendered(values))).toEqual(await shipped(...files));
    });
  });

  describe('takes values', () => {
    it('each of which changes something, in one of the examples', async () => {
      const effective = new Set<string>();
      for (const name of EXAMPLES) {
        const values = await exampleValues(name);
        const whole = await text(values);
        const limit = pLimit(4);
        await limit.map(leavesOf(values), async (path) => {
          const without = await text(omit(values, path)).catch(String);
          if (without !== whole) effective.add(path.join('.'));
        });
      }
      const known = chartValues(await readFile(join(CHART, 'values.yaml'), 'utf8')).map(({ path }) => path);
      const idle = known.filter(
        (path) => ![...effective].some((used) => used === path || used.startsWith(`${path}.`)),
      );

      expect(idle).toEqual([]);
    });

    /** What is made anew each time is left out. */
    async function text(values: object): Promise<string> {
      const file = await helm.valuesFile(values);
      const args = ['--kube-version', '1.33', '--namespace', 'hw', '--values', file];
      return (await helm.run('template', 'r', CHART, ...args)).replace(
        /^ {2}(?:sealing|key): ".*"$/m,
        '  KEY',
      );
    }

    it.each<[string, object, string]>([
      ['a name that there is not', { replicas: 2 }, 'Additional property replicas is not allowed'],
      [
        'a name further in that there is not',
        { image: { repo: 'x' } },
        'image: Additional property repo is not allowed',
      ],
      ['the older list of rules', { rbac: { rules: [] } }, 'rbac: Additional property rules is not allowed'],
      [
        'text for a number',
        { replicaCount: 'two' },
        'replicaCount: Invalid type. Expected: integer, given: string',
      ],
      [
        'text for a switch',
        { crds: { keep: 'yes' } },
        'crds.keep: Invalid type. Expected: boolean, given: string',
      ],
      [
        'a number for an annotation',
        { podAnnotations: { a: 5 } },
        'podAnnotations.a: Invalid type. Expected: string',
      ],
      ['a map for a variable', { env: { RUST_LOG: { a: 1 } } }, 'env.RUST_LOG: Invalid type'],
      [
        'a variable with a strange name',
        { env: { 'a-b': '1' } },
        'env: Additional property a-b is not allowed',
      ],
      [
        'a port that there is not',
        { service: { apiPort: 70_000 } },
        'service.apiPort: Must be less than or equal to 65535',
      ],
      [
        'a backend that there is not',
        withBackend('db'),
        'backend must be one of the following: "webhook", "api", "ui", "metrics"',
      ],
      [
        'an address that is none',
        { notifications: { teams: { webhookUrl: 'teams' } } },
        'notifications.teams.webhookUrl: Does not match pattern',
      ],
      ['a namespace that cannot be', { namespaces: ['Shop'] }, 'namespaces.0: Does not match pattern'],
      ['a digest that is none', { image: { digest: 'latest' } }, 'image.digest: Does not match pattern'],
      [
        'a variable among live settings',
        { configMap: { data: { HEADWIND_LOG: 'debug' } } },
        'configMap.data.HEADWIND_LOG: environment variables belong into env',
      ],
      [
        'another port in the pod',
        { env: { HEADWIND_API_PORT: '1' } },
        'env.HEADWIND_API_PORT: the chart sets this itself',
      ],
      [
        'namespaces beside the roles',
        { env: { HEADWIND_NAMESPACES: 'shop' } },
        'env.HEADWIND_NAMESPACES: set namespaces',
      ],
      [
        'live settings without a ConfigMap',
        { configMap: { create: false }, notifications: { teams: { enabled: true } } },
        'configMap.create is false: put teams.enabled into your own ConfigMap headwind-config',
      ],
      [
        'secrets without a Secret',
        { secret: { create: false, stringData: { a: 'b' } } },
        'secret.create is false: put a into your own Secret headwind-secrets',
      ],
      [
        'encoded secrets without a Secret',
        { secret: { create: false, data: { a: 'Yg==' } } },
        'secret.data needs secret.create',
      ],
      [
        'an address twice',
        { notifications: { existingSecret: 'a', teams: { webhookUrl: 'https://x' } } },
        'notifications.existingSecret: the addresses and secrets come from there',
      ],
      [
        'receivers twice',
        { notifications: { existingConfigSecret: 'a', config: { targets: [] } } },
        'notifications: either config or existingConfigSecret',
      ],
      [
        'webhook secrets twice',
        { webhooks: { existingSecret: 'a', secrets: { all: 'x' } } },
        'webhooks: either secrets or existingSecret',
      ],
      [
        'a session key twice',
        { session: { create: true, existingSecret: 'a' } },
        'session: either create or existingSecret',
      ],
      [
        'a token twice',
        { observability: { influxdb: { token: 'a', existingSecret: 'b' } } },
        'observability.influxdb: either token or existingSecret',
      ],
      [
        'Telegraf without a destination',
        { telegraf: { enabled: true } },
        'telegraf.enabled: say where it shall write to',
      ],
      [
        'tokens that nobody may ask about',
        { rbac: { namespaced: true, clusterRole: false } },
        'rbac.clusterRole is false: without it nobody can be asked who people are',
      ],
    ])('but not %s', async (_name, values, message) => {
      await expect(rendered(values)).rejects.toThrow(message);
    });

    it.each<[string, object, string]>([
      [
        'an admission policy before 1.30',
        { admissionPolicy: { enabled: true } },
        'ValidatingAdmissionPolicies from 1.30 on, this is v1.29.0',
      ],
      ['a Kubernetes that is too old', {}, 'which is incompatible with Kubernetes'],
    ])('but not %s', async (name, values, message) => {
      await expect(rendered(values, name.includes('1.30') ? '1.29' : '1.19')).rejects.toThrow(message);
    });
  });

  describe('configures', () => {
    it.each(EXAMPLES.filter((name) => name !== 'minimal'))(
      'the program as it accepts it, with the %s values',
      async (name) => {
        const data = await configData(await exampleValues(name));

        expect(readSettings(environmentOf(data))).toMatchObject({ ok: true });
      },
    );

    it('the container itself where there is no ConfigMap', async () => {
      const { spec } = await deployment({ configMap: { create: false }, env: { HEADWIND_LOG: 'debug' } });

      expect(spec.containers[0]?.env).toContainEqual({ name: 'HEADWIND_LOG', value: 'debug' });
    });

    it('large numbers as they are written', async () => {
      const values = {
        env: { HEADWIND_WEBHOOK_RATE_LIMIT: 100_000 },
        configMap: { data: { 'polling.interval': 1_000_000 } },
      };

      expect(await configData(values)).toMatchObject({
        HEADWIND_WEBHOOK_RATE_LIMIT: '100000',
        'polling.interval': '1000000',
      });
    });

    it('nothing where null takes a default away', async () => {
      expect(await configData({ env: { HEADWIND_VERIFY_IMAGES: null } })).not.toHaveProperty(
        'HEADWIND_VERIFY_IMAGES',
      );
    });

    it.each<[string, object, boolean]>([
      ['when a variable changes', { env: { HEADWIND_LOG: 'debug' } }, true],
      ['when registries change', { registries: { defaults: { tagBudget: 5 } } }, true],
      ['but not for a live setting', { configMap: { data: { 'polling.enabled': 'true' } } }, false],
      [
        'nor for an address of a receiver',
        { notifications: { teams: { enabled: true, webhookUrl: 'https://x' } } },
        false,
      ],
    ])('a new pod %s', async (_name, values, expected) => {
      const checksum = async (of: object = {}): Promise<string | undefined> =>
        (await deployment(of)).metadata.annotations['checksum/environment'];

      expect((await checksum(values)) !== (await checksum())).toBe(expected);
    });

    it.each<[string, object, string | undefined]>([
      ['no link without an ingress', {}, undefined],
      ['the host of the dashboard', { ingress: { enabled: true } }, 'http://headwind.example.com'],
      [
        'https where the host has a certificate',
        { ingress: { enabled: true, tls: [{ hosts: ['headwind.example.com'], secretName: 'x' }] } },
        'https://headwind.example.com',
      ],
      [
        'no host that leads elsewhere',
        { ingress: { enabled: true, ...withBackend('webhook').ingress } },
        undefined,
      ],
      [
        'what the variable says before all',
        { ingress: { enabled: true }, env: { HEADWIND_UI_URL: 'https://elsewhere' } },
        'https://elsewhere',
      ],
    ])('as the address of the dashboard %s', async (_name, values, expected) => {
      expect((await configData(values))['HEADWIND_UI_URL']).toBe(expected);
    });

    it.each([
      ['1.20', 'policy/v1beta1'],
      ['1.21', 'policy/v1'],
      ['1.33', 'policy/v1'],
    ])('for Kubernetes %s a disruption budget of %s', async (version, apiVersion) => {
      const budget = await one('PodDisruptionBudget', { podDisruptionBudget: { enabled: true } }, version);

      expect(budget).toMatchObject({ apiVersion, spec: { maxUnavailable: 1 } });
    });

    it('several replicas to be spread, where nothing else is said', async () => {
      expect((await deployment({ replicaCount: 2 })).spec).toMatchObject({
        topologySpreadConstraints: [
          { topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway' },
        ],
      });
      expect((await deployment()).spec).not.toHaveProperty('topologySpreadConstraints');
      const affinity = { nodeAffinity: {} };
      expect((await deployment({ replicaCount: 2, affinity })).spec).not.toHaveProperty(
        'topologySpreadConstraints',
      );
    });

    it('links, variables and Secrets of channels in a Secret of one’s own', async () => {
      const { spec } = await deployment(await exampleValues('existing'));

      expect(spec.containers[0]?.env.map(({ name }) => name)).toEqual([
        'HEADWIND_NAMESPACE',
        'HEADWIND_SESSION_KEY',
        'SLACK_WEBHOOK_URL',
        'HEADWIND_SLACK_SIGNING_SECRET',
        'TEAMS_WEBHOOK_URL',
        'WEBHOOK_URL',
        'WEBHOOK_SECRET',
        'HEADWIND_INFLUXDB_TOKEN',
      ]);
    });
  });

  describe('gives rights', () => {
    const namespaced = { rbac: { namespaced: true }, namespaces: ['shop', 'blog'] };

    it('in named namespaces alone, and none to read Secrets in all of them', async () => {
      const manifests = await rendered(namespaced);
      const places = manifests
        .filter(({ kind }) => kind === 'Role' || kind === 'ClusterRole')
        .map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`);
      const cluster = JSON.stringify(manifests.filter(({ kind }) => kind === 'ClusterRole'));

      expect(places.sort()).toEqual([
        'ClusterRole /headwind-headwind-system',
        'Role blog/headwind',
        'Role headwind-system/headwind-leadership',
        'Role headwind-system/headwind-settings',
        'Role shop/headwind',
      ]);
      expect(cluster).not.toContain('secrets');
      expect(await configData(namespaced)).toMatchObject({ HEADWIND_NAMESPACES: 'shop,blog' });
    });

    it('in its own namespace where none is named', async () => {
      const values = { rbac: { namespaced: true } };
      const roles = (await rendered(values)).filter(({ kind }) => kind === 'Role');

      expect(roles.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`).sort()).toEqual([
        'headwind-system/headwind',
        'headwind-system/headwind-leadership',
        'headwind-system/headwind-settings',
      ]);
      expect(await configData(values)).toMatchObject({ HEADWIND_NAMESPACES: 'headwind-system' });
    });

    it('to the Lease that the program is told to use', async () => {
      const roles = (await rendered({ env: { HEADWIND_LEASE_NAME: 'headwind-shop' } })).filter(
        ({ metadata }) => metadata.name === 'headwind-leadership',
      );

      expect(JSON.stringify(roles)).toContain('"resourceNames":["headwind-shop"]');
    });

    it('that add up to those of the manifests', async () => {
      const rights = (manifests: readonly Manifest[]): readonly unknown[] => {
        const roles = Object.entries(meaningOf(manifests)).filter(([key]) =>
          /^(?:Cluster)?Role .*headwind(?:-headwind-system)?$/.test(key),
        );
        const lists = roles.map(([, role]) => z.object({ rules: z.array(z.string()) }).parse(role).rules);
        return [...new Set(lists.flat())].sort();
      };

      expect(rights(await rendered(namespaced))).toEqual(rights(await rendered()));
    });

    it('to the service account that its pods have, in every binding', async () => {
      const values = { serviceAccount: { create: false, name: 'mine' }, ...namespaced };
      const bindings = (await rendered(values)).filter(({ kind }) => kind.endsWith('RoleBinding'));

      expect(bindings).toHaveLength(5);
      for (const binding of bindings)
        expect(binding['subjects']).toEqual([
          { kind: 'ServiceAccount', name: 'mine', namespace: 'headwind-system' },
        ]);
    });
  });
});

function withBackend(backend: string): { readonly ingress: object } {
  return { ingress: { enabled: true, hosts: [{ host: 'a.example.com', paths: [{ path: '/', backend }] }] } };
}

/** As the container gets it: names of variables alone. */
function environmentOf(data: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(data).filter(([key]) => /^[A-Z_]+$/.test(key)));
}

/** The paths of all values that are no maps, or empty ones. */
function leavesOf(value: unknown, at: readonly string[] = []): readonly (readonly string[])[] {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isMap || Object.keys(value).length === 0) return [at];
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, [...at, key]));
}

function omit(values: Values, [first = '', ...rest]: readonly string[]): Values {
  const { [first]: inner, ...others } = values;
  if (rest.length === 0) return others;
  return { ...others, [first]: omit(Values.parse(inner), rest) };
}
