import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { UpdateRequest } from '../../src/core/update-request.ts';
import { makeClientCertificate } from '../parts/certificate.ts';
import { accessControlPlane, type ControlPlaneAccess } from '../parts/control-plane-access.ts';
import { clientAuthority } from '../parts/control-plane.ts';
import { startDockerRegistry, type DockerRegistry } from '../parts/docker-registry.ts';
import { eventually } from '../parts/eventually.ts';
import { fluxObject, fluxPath, installFluxCrds } from '../parts/flux-crds.ts';
import { applyManifest, installHeadwind, readManifests } from '../parts/manifests.ts';
import { everyKubectl, pluginPath, runProgram, writeKubeconfigs, type Ran } from '../parts/plugin-people.ts';
import { startHeadwind, type Program } from '../parts/program.ts';
import { workloadOf } from '../parts/world.ts';

const SHOP = `plugin-${randomBytes(4).toString('hex')}`;
const BANK = `${SHOP}-bank`;
/** ann may approve in the shop alone, and see workloads there. */
const ANN = 'ann@example.com';
const Annotated = z.object({
  metadata: z.object({ annotations: z.record(z.string(), z.string()).default({}) }),
});

let access: ControlPlaneAccess;
let directory: string;
let headwind: Program;
let kubeconfigs: ReadonlyMap<string, string>;
let counter = 0;

beforeAll(async () => {
  const facts = inject('controlPlane');
  access = accessControlPlane(facts);
  await installHeadwind(access);
  for (const manifest of await readManifests('optional/roles.yaml')) await applyManifest(access, manifest);
  for (const name of [SHOP, BANK])
    await access.expectOk('POST', '/api/v1/namespaces', { metadata: { name } });
  await access.expectOk('POST', `/api/v1/namespaces/${SHOP}/serviceaccounts`, { metadata: { name: 'ann' } });
  const subjects = [
    { kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: ANN },
    { kind: 'ServiceAccount', name: 'ann', namespace: SHOP },
  ];
  await bind(SHOP, 'headwind-approver', subjects);
  await bind(SHOP, 'view', subjects);
  directory = await mkdtemp(join(tmpdir(), 'headwind-plugin-'));
  const files = await makeClientCertificate(clientAuthority(facts.directory), directory, {
    user: ANN,
    groups: ['shop-leads'],
  });
  kubeconfigs = await writeKubeconfigs(access, directory, {
    namespace: SHOP,
    person: {
      token: await access.serviceAccountToken(SHOP, 'ann'),
      keyFile: basename(files.keyFile),
      certificateFile: basename(files.certificateFile),
    },
  });
  const own = join(directory, 'headwind.yaml');
  const token = await access.serviceAccountToken('headwind-system', 'headwind');
  await writeFile(own, access.kubeconfigFor(token), { mode: 0o600 });
  const env = { KUBECONFIG: own, HEADWIND_NAMESPACES: `${SHOP},${BANK}`, HEADWIND_VERIFY_IMAGES: 'never' };
  headwind = await startHeadwind({ env });
});

afterAll(async () => {
  await headwind.stop();
  for (const name of [SHOP, BANK]) await access.request('DELETE', `/api/v1/namespaces/${name}`);
  access.disconnect();
  await rm(directory, { recursive: true, force: true });
});

async function bind(namespace: string, role: string, subjects: readonly object[]): Promise<void> {
  const path = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings`;
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role };
  await access.expectOk('POST', path, { metadata: { name: role }, roleRef, subjects });
}

const deployments = (namespace: string): string => `/apis/apps/v1/namespaces/${namespace}/deployments`;

/** A Deployment at 1.0.0; answers its name. */
async function aWorkload(
  namespace: string,
  annotations: Readonly<Record<string, string>> = {},
): Promise<string> {
  counter += 1;
  const name = `web-${counter}`;
  const images = { app: `registry.invalid/${name}:1.0.0` };
  await access.expectOk(
    'POST',
    deployments(namespace),
    workloadOf('Deployment', { name, images, annotations }),
  );
  return name;
}

/** A request of Headwind itself that waits for a person, caused by a push; answers its name. */
async function aWaitingRequest(namespace: string): Promise<string> {
  const workload = await aWorkload(namespace);
  const push = { repository: `registry.invalid/${workload}`, tag: '1.1.0' };
  return eventually(
    async () => {
      await fetch(`${headwind.urls.webhook}/webhook/generic`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(push),
      });
      const list = await access.expectOk('GET', requestsIn(namespace));
      const { items } = z.object({ items: z.array(UpdateRequest) }).parse(list);
      const found = items.find(({ spec }) => spec.targetRef.name === workload);
      if (found === undefined) throw new Error(`${items.length} requests`);
      return found.metadata.name;
    },
    { what: `a request for ${workload}` },
  );
}

function requestsIn(namespace: string): string {
  return `/apis/headwind.sh/v1alpha1/namespaces/${namespace}/updaterequests`;
}

async function stored(namespace: string, name: string): Promise<UpdateRequest> {
  return UpdateRequest.parse(await access.expectOk('GET', `${requestsIn(namespace)}/${name}`));
}

function environment(kubeconfig: string): Record<string, string> {
  return { PATH: pluginPath(), HOME: directory, KUBECONFIG: kubeconfig };
}

/** `kubectl headwind …` as somebody; ann by her token unless told. */
function kubectl(
  args: readonly string[],
  options: { as?: 'admin' | 'ann'; input?: string } = {},
): Promise<Ran> {
  const own = kubeconfigs.get('a token') ?? '';
  const env = environment(options.as === 'admin' ? access.admin.kubeconfigPath : own);
  return runProgram('kubectl', ['headwind', ...args], { env, input: options.input ?? '' });
}

describe('kubectl', () => {
  it.each(everyKubectl())('%s runs the plugin and hands on what it says', async (_name, path) => {
    const name = await aWaitingRequest(SHOP);
    const env = environment(kubeconfigs.get('a client certificate') ?? '');
    const listed = await runProgram(path, ['headwind', 'list', '-o', 'name'], { env });
    expect(listed).toMatchObject({ code: 0, err: '' });
    expect(listed.out.split('\n')).toContain(`updaterequest.headwind.sh/${name}`);
    expect((await runProgram(path, ['headwind', 'list', '-o', 'xml'], { env })).code).toBe(2);
    expect((await runProgram(path, ['headwind', 'get', 'nothing'], { env })).code).toBe(1);
  });
});

describe('a kubeconfig with', () => {
  it.each([
    'a token',
    'a file with a token',
    'a client certificate',
    'a client certificate in files',
    'an exec plugin',
    'an exec plugin of the beta version',
    'several files',
  ])('%s lets its owner approve where she may', async (style) => {
    const name = await aWaitingRequest(SHOP);
    const env = environment(kubeconfigs.get(style) ?? '');
    const ran = await runProgram('kubectl', ['headwind', 'approve', name], { env });
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(ran.out).toContain('Completed');
    expect((await stored(SHOP, name)).status).toMatchObject({ phase: 'Completed', approvedBy: 'someone' });
  });
});

describe('somebody who may approve in one namespace alone', () => {
  it('is refused elsewhere, with what is missing, and nothing changes', async () => {
    const name = await aWaitingRequest(BANK);
    const refused = await kubectl(['approve', name, '-n', BANK]);
    expect(refused.code).toBe(1);
    expect(refused.err).toContain(`you may not approve update requests in namespace "${BANK}"`);
    expect(refused.err).toContain(`RoleBinding in "${BANK}" to the ClusterRole headwind-approver`);
    expect((await stored(BANK, name)).status.phase).toBe('Pending');
  });

  it('cannot approve a request of the same name in the other namespace by mistake', async () => {
    const name = await aWaitingRequest(SHOP);
    expect((await kubectl(['reject', name, 'not there', '-n', BANK])).code).toBe(1);
    expect((await stored(SHOP, name)).status.phase).toBe('Pending');
  });

  it('is told how to go on where all namespaces cannot be listed', async () => {
    const { code, out, err } = await kubectl(['list', '-A']);
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('you may not list update requests in all namespaces');
    expect(err).toContain('name a namespace with -n');
  });

  it('may not pause where she may only look', async () => {
    const name = await aWorkload(SHOP);
    const { code, err } = await kubectl(['pause', `deploy/${name}`]);
    expect(code).toBe(1);
    expect(err).toContain(`you may not change workloads in namespace "${SHOP}"`);
  });

  it('may not act as somebody else', async () => {
    const { code, err } = await kubectl(['list', '--as', 'root', '--as-group', 'system:masters']);
    expect(code).toBe(1);
    expect(err).toContain('cannot impersonate');
  });
});

describe('an administrator', () => {
  it('acts as somebody else, with the rights and in the name of that one', async () => {
    const [shop, bank] = [await aWaitingRequest(SHOP), await aWaitingRequest(BANK)];
    const as = ['--as', ANN, '--as-group', 'system:authenticated'];
    expect(await kubectl(['approve', shop, '-n', SHOP, ...as], { as: 'admin' })).toMatchObject({ code: 0 });
    expect((await stored(SHOP, shop)).status.approvedBy).toBe(ANN);
    expect(await kubectl(['approve', bank, '-n', BANK, ...as], { as: 'admin' })).toMatchObject({ code: 1 });
  });

  it('pauses and resumes, which touches nothing else', async () => {
    const name = await aWorkload(SHOP, { 'require-approval': 'false' });
    const as = 'admin' as const;
    const read = async (): Promise<Record<string, string>> => {
      const object = Annotated.parse(await access.expectOk('GET', `${deployments(SHOP)}/${name}`));
      const all = Object.entries(object.metadata.annotations);
      // The controller numbers revisions whenever it gets to it.
      return Object.fromEntries(all.filter(([key]) => key !== 'deployment.kubernetes.io/revision'));
    };
    const before = await read();
    expect((await kubectl(['pause', name, '-n', SHOP], { as })).out).toBe(`deployment.apps/${name} paused`);
    expect(await read()).toEqual({ ...before, 'headwind.sh/paused': 'true' });
    expect((await kubectl(['pause', `deploy/${name}`, '-n', SHOP], { as })).out).toContain(
      'is paused already',
    );
    expect((await kubectl(['explain', name, '-n', SHOP], { as })).out).toContain('waits: paused:');
    const resumed = await kubectl(['resume', `deployment.apps/${name}`, '-n', SHOP, '-o', 'json'], { as });
    expect(JSON.parse(resumed.out)).toMatchObject({ name, paused: false, changed: true });
    expect(await read()).toEqual(before);
  });

  it('sees all namespaces', async () => {
    const name = await aWaitingRequest(BANK);
    const { code, out } = await kubectl(['list', '-A'], { as: 'admin' });
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`^${BANK} +${name} `, 'm'));
  });
});

describe('every output', () => {
  const COMMANDS: readonly (readonly [readonly string[]])[] = [
    [['list']],
    [['list', '--phase', 'all']],
    [['holds']],
    [['explain']],
    [['simulate']],
    [['simulate', '--pushed', 'registry.invalid/web-1:1.2.0']],
    [['version', '--client']],
  ];

  it.each(COMMANDS)('of %j can be read by machines', async (words) => {
    await aWaitingRequest(SHOP);
    const [json, yaml, name] = await Promise.all(
      ['json', 'yaml', 'name'].map((output) => kubectl([...words, '-o', output])),
    );
    expect([json?.code, yaml?.code, name?.code]).toEqual([0, 0, 0]);
    const value: unknown = JSON.parse(json?.out ?? '');
    expect(load(yaml?.out ?? '')).toEqual(value);
    for (const line of (name?.out ?? '').split('\n').filter((text) => text !== ''))
      expect(line).toMatch(/^(?:[a-z.]+\/[a-z0-9.-]+|\d+\.\d+\.\d+)$/);
  });

  it('as names goes through xargs, for requests and for workloads', async () => {
    await aWaitingRequest(SHOP);
    await aWaitingRequest(SHOP);
    const env = environment(kubeconfigs.get('a token') ?? '');
    const pipe = (script: string): Promise<Ran> => runProgram('sh', ['-c', script], { env });
    const explained = await pipe('kubectl headwind explain -o name | xargs kubectl headwind explain -o name');
    expect(explained).toMatchObject({ code: 0 });
    expect(explained.out).toContain('deployment.apps/web-');
    const approved = await pipe(
      'kubectl headwind list --phase pending -o name | xargs kubectl headwind approve',
    );
    expect(approved.code).toBe(0);
    expect((await kubectl(['list', '--phase', 'pending'])).err).toContain('No update requests');
  });

  it('has tables without titles where they are not wanted', async () => {
    const name = await aWaitingRequest(SHOP);
    const { out } = await kubectl(['list', '--no-headers', '-l', `headwind.sh/workload-kind=Deployment`]);
    expect(out).toContain(name);
    expect(out).not.toContain('NAME');
    expect((await kubectl(['list', '-l', 'headwind.sh/workload=none', '-o', 'name'])).out).toBe('');
  });
});

describe('explain', () => {
  it('says what Kubernetes knows, and what only the running Headwind does', async () => {
    const name = await aWaitingRequest(SHOP);
    const workload = (await stored(SHOP, name)).spec.targetRef.name;
    const { code, out, err } = await kubectl(['explain', `deploy/${workload}`]);
    expect(code).toBe(0);
    expect(out).toContain(`open request: ${name}`);
    expect(out).toContain('waits: awaiting-approval: A person has to approve or reject it; until 2');
    expect(err).toContain('you may not get services/proxy of service headwind-system/headwind-api');
    expect(err).toContain('kubectl port-forward');
    const asAdmin = await kubectl(['explain', workload, '-n', SHOP], { as: 'admin' });
    expect(asAdmin.err).toContain('there is no service headwind-system/headwind-api');
  });

  it('says the same with the last decision, through the API', async () => {
    const name = await aWaitingRequest(SHOP);
    const workload = (await stored(SHOP, name)).spec.targetRef.name;
    const { code, out, err } = await kubectl(['explain', workload, '--api-url', headwind.urls.api]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('waits: awaiting-approval:');
    expect(out).toMatch(/last decision: .* on 1\.1\.0: update/);
  });

  it('says why the last push changed nothing', async () => {
    const workload = await aWorkload(SHOP, { 'event-source': 'none' });
    const { out } = await kubectl(['explain', workload]);
    expect(out).toContain('waits: event-source: headwind.sh/event-source is none');
  });
});

describe('simulate', () => {
  it('says what a push would cause, in the cluster, and causes nothing', async () => {
    const name = await aWaitingRequest(SHOP);
    const workload = (await stored(SHOP, name)).spec.targetRef.name;
    const { code, out } = await kubectl(['simulate', '--pushed', `registry.invalid/${workload}:1.2.0`]);
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`Deployment/${workload} .* webhook +1\\.2\\.0 +waits for approval`));
    expect(out).toContain(`takes the place of ${name}`);
    expect((await stored(SHOP, name)).status.phase).toBe('Pending');
  });

  it('needs no cluster for a manifest', async () => {
    const object = workloadOf('Deployment', {
      name: 'new',
      images: { app: 'nginx:1.25.0' },
      annotations: { 'require-approval': 'false' },
    });
    const args = [
      'simulate',
      '-f',
      '-',
      '--tags',
      'nginx=1.26.1,2.0.0',
      '-o',
      'json',
      '--kubeconfig',
      '/gone',
    ];
    const { code, out } = await kubectl(args, { input: JSON.stringify(object) });
    expect(code).toBe(0);
    const answers = [{ candidate: '1.26.1', outcome: 'applied', newImage: 'nginx:1.26.1' }];
    expect(JSON.parse(out)).toMatchObject({ artifacts: [{ name: 'new', answers }] });
  });
});

describe('a registry', () => {
  let registry: DockerRegistry;
  const credentials = { username: 'ann', password: 'of-the-registry' };

  beforeAll(async () => {
    registry = await startDockerRegistry({ auth: { htpasswd: { ann: credentials.password } } });
    for (const tag of ['1.0.0', '1.1.0', '1.2.0', '2.0.0'])
      await registry.pushImage({ repository: 'private/web', tag, credentials });
  });
  afterAll(async () => registry.stop());

  /** What simulating on a manifest with an image from there says, as machines read it. */
  async function simulate(dockerConfig: object, pushed: readonly string[] = []): Promise<unknown> {
    const docker = await mkdtemp(join(directory, 'docker-'));
    await writeFile(join(docker, 'config.json'), JSON.stringify(dockerConfig));
    const env = {
      ...environment('/gone'),
      DOCKER_CONFIG: docker,
      HEADWIND_INSECURE_REGISTRIES: registry.host,
    };
    const images = { app: `${registry.host}/private/web:1.0.0` };
    const input = JSON.stringify(workloadOf('Deployment', { name: 'web', images }));
    const args = ['headwind', 'simulate', '-f', '-', '--registry', '-o', 'json', ...pushed];
    const { code, out, err } = await runProgram('kubectl', args, { env, input });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const Simulated = z.object({ artifacts: z.array(z.object({ answers: z.array(z.unknown()) })) });
    return Simulated.parse(JSON.parse(out)).artifacts[0]?.answers;
  }

  it("is asked with the logins of one's own docker", async () => {
    const auth = Buffer.from(`ann:${credentials.password}`).toString('base64');
    const login = { auths: { [registry.host]: { auth } } };
    expect(await simulate(login)).toMatchObject([
      {
        candidate: '1.2.0',
        outcome: 'approval',
        newImage: `${registry.host}/private/web:1.2.0`,
        verified: true,
      },
    ]);
    expect(await simulate(login, ['--pushed', `${registry.host}/private/web:1.9.0`])).toMatchObject([
      { candidate: '1.9.0', outcome: 'stays', blockers: [{ code: 'tag-missing' }] },
      { candidate: '1.2.0' },
    ]);
  });

  it('that refuses is told', async () => {
    expect(await simulate({})).toMatchObject([{ outcome: 'stays', blockers: [{ code: 'registry-auth' }] }]);
  });
});

describe('a HelmRelease', () => {
  beforeAll(async () => {
    await installFluxCrds(access);
    const oci = { interval: '1h', url: 'oci://registry.invalid/charts/podinfo', ref: { tag: '6.5.0' } };
    const chartRef = { kind: 'OCIRepository', name: 'podinfo' };
    await access.expectOk(
      'POST',
      fluxPath('OCIRepository', SHOP),
      fluxObject('OCIRepository', { name: 'podinfo', spec: oci }),
    );
    await access.expectOk(
      'POST',
      fluxPath('HelmRelease', SHOP),
      fluxObject('HelmRelease', {
        name: 'podinfo',
        annotations: { policy: 'minor' },
        spec: { interval: '1h', chartRef },
      }),
    );
  });

  it('is explained, simulated, paused and resumed like every workload', async () => {
    const as = 'admin' as const;
    const shop = ['-n', SHOP];
    const pushed = 'registry.invalid/charts/podinfo:6.6.0';
    expect((await kubectl(['explain', ...shop], { as })).out).toMatch(
      /HelmRelease\/podinfo +podinfo +podinfo:6\.5\.0 /,
    );
    expect((await kubectl(['simulate', 'hr/podinfo', ...shop, '--pushed', pushed], { as })).out).toContain(
      '-> podinfo:6.6.0',
    );
    const name = 'helmrelease.helm.toolkit.fluxcd.io/podinfo';
    expect((await kubectl(['pause', 'hr/podinfo', ...shop], { as })).out).toBe(`${name} paused`);
    expect((await kubectl(['explain', name, ...shop], { as })).out).toContain('waits: paused:');
    expect((await kubectl(['resume', 'podinfo', ...shop, '-o', 'name'], { as })).out).toBe(name);
    expect((await kubectl(['history', 'hr/podinfo', ...shop], { as })).out).toContain('podinfo:6.5.0');
  });
});

describe('completion', () => {
  it('is what kubectl asks its plugin program for', async () => {
    const name = await aWaitingRequest(SHOP);
    const env = environment(kubeconfigs.get('a token') ?? '');
    const words = (...args: readonly string[]): Promise<Ran> =>
      runProgram('kubectl_complete-headwind', args, { env });
    expect((await words('')).out).toContain('approve\t');
    expect((await words('approve', '')).out.split('\n')).toContainEqual(
      expect.stringMatching(new RegExp(`^${name}\tPending: `)),
    );
    expect((await words('explain', 'deploy/web-1')).out).toContain('deploy/web-1');
    expect((await words('list', '--context', '')).out).toBe('shop\n:4');
  });

  it('works in bash', async () => {
    const env = environment(kubeconfigs.get('a token') ?? '');
    const script = `source <(kubectl-headwind completion bash)
      COMP_WORDS=(kubectl-headwind list -o ''); COMP_CWORD=3; _kubectl_headwind; echo "\${COMPREPLY[*]}"`;
    const { code, out } = await runProgram('bash', ['-c', script], { env });
    expect({ code, out }).toEqual({ code: 0, out: 'table wide json yaml name' });
  });
});
