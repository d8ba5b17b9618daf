import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import type { UpdateRequest } from '../../src/core/update-request.ts';
import { startCountingProxy, type CountingProxy } from '../parts/counting-proxy.ts';
import { eventually } from '../parts/eventually.ts';
import { startTokenServer, type TokenServer } from '../parts/token-server.ts';
import {
  metricOf,
  openWorld,
  post,
  requestsWhen,
  workloadOf,
  type World,
  type WorkloadDescription,
} from '../parts/world.ts';

const POLLS = { HEADWIND_POLLING_ENABLED: 'true', HEADWIND_POLLING_INTERVAL: '2' };
const POLLED = { 'event-source': 'polling' };

const Views = z.array(
  z.object({
    name: z.string(),
    artifacts: z.array(
      z.object({
        name: z.string(),
        decision: z.object({ action: z.string(), candidate: z.string(), reason: z.string() }).optional(),
        blockers: z.array(z.object({ code: z.string(), message: z.string() })),
      }),
    ),
  }),
);
type View = z.infer<typeof Views>[number]['artifacts'][number];

async function viewOf(world: World, name: string): Promise<View> {
  const url = `${world.headwind().urls.api}/api/v1/workloads?namespace=${world.namespace}`;
  const views = Views.parse(await (await fetch(url)).json());
  const view = views.find((candidate) => candidate.name === name)?.artifacts[0];
  if (view === undefined) throw new Error(`Headwind does not know ${name}`);
  return view;
}

/** Waits until the first container of a workload has this blocker, and returns its message. */
async function blocked(world: World, name: string, code: string): Promise<string> {
  return eventually(
    async () => {
      const { blockers, decision } = await viewOf(world, name);
      const found = blockers.find((blocker) => blocker.code === code);
      if (found === undefined) throw new Error(JSON.stringify({ blockers, decision }));
      return found.message;
    },
    { what: `${name} is blocked by ${code}`, timeoutMs: 30_000, everyMs: 100 },
  );
}

async function requestsFor(world: World, name: string, count = 1): Promise<readonly UpdateRequest[]> {
  const ours = (requests: readonly UpdateRequest[]): readonly UpdateRequest[] =>
    requests.filter(({ spec }) => spec.targetRef.name === name);
  const what = `${count} requests for ${name}`;
  return ours(await requestsWhen(world, what, (all) => ours(all).length === count, 40_000));
}

const KINDS = {
  Deployment: 'deployments',
  StatefulSet: 'statefulsets',
  DaemonSet: 'daemonsets',
} as const;

const create = (world: World, kind: keyof typeof KINDS, described: WorkloadDescription): Promise<void> =>
  world.create(
    KINDS[kind],
    workloadOf(kind, { ...described, annotations: { ...POLLED, ...described.annotations } }),
  );

function pullSecret(name: string, host: string, username: string, password: string): object {
  const config = JSON.stringify({ auths: { [host]: { username, password } } });
  return {
    metadata: { name },
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': Buffer.from(config).toString('base64') },
  };
}

const secretsPath = (world: World): string => `/api/v1/namespaces/${world.namespace}/secrets`;

/** One workload of each kind, and one with an init container, each with a repository and a pull secret of its own. */
async function discoverAllKinds(
  world: World,
  users: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const { host } = world.registry;
  const cases = Object.entries(users).map(([username, password], index) => {
    const kind = (['Deployment', 'StatefulSet', 'DaemonSet', 'Deployment'] as const)[index] ?? 'Deployment';
    return { kind, username, password, init: index === 3 };
  });
  for (const { kind, username, password, init } of cases) {
    const credentials = { username, password };
    const repository = `kinds/${username}`;
    for (const tag of ['1.0.0', '1.0.1', '1.10.0', '1.9.0', '2.0.0', 'latest'])
      await world.registry.pushImage({ repository, tag, credentials });
    const secret = pullSecret(`pull-${username}`, host, username, password);
    await world.api.expectOk('POST', secretsPath(world), secret);
    const image = `${host}/${repository}:1.0.0`;
    await create(world, kind, {
      name: username,
      images: init ? { other: 'registry.invalid/none/app:1.0.0' } : { main: image },
      ...(init ? { initImages: { main: image } } : {}),
      annotations: init ? { images: `${host}/${repository}` } : {},
      pullSecrets: [`pull-${username}`],
    });
  }
  const found: string[] = [];
  for (const { username } of cases) found.push(...(await requestsFor(world, username)).map(tell));
  return found;
}

/** What came, in one line: `kinds/app:1.10.0 by polling, verified`. */
function tell({ metadata, spec }: UpdateRequest): string {
  const source = metadata.annotations?.['headwind.sh/source'] ?? 'nobody';
  const verified = spec.newDigest?.startsWith('sha256:') === true ? 'verified' : 'not verified';
  return `${spec.newImage.slice(spec.newImage.indexOf('/') + 1)} by ${source}, ${verified}`;
}

const DISCOVERED = ['deployed', 'stateful', 'daemon', 'initial'].map(
  (name) => `kinds/${name}:1.10.0 by polling, verified`,
);
const USERS = { deployed: 'pw-1', stateful: 'pw-2', daemon: 'pw-3', initial: 'pw-4' };

describe('a registry with htpasswd', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld(inject('controlPlane'), {
      env: POLLS,
      notifies: false,
      narrow: true,
      registry: { auth: { htpasswd: { ...USERS, ci: 'right' } } },
    });
  });
  afterAll(async () => world.close());

  it('is asked for every kind, init containers too, each with its own pull secret', async () => {
    expect(await discoverAllKinds(world, USERS)).toEqual(DISCOVERED);
  });

  it('that refuses a Secret is told by name, and a mended Secret lifts it without a restart', async () => {
    const { host } = world.registry;
    const credentials = { username: 'ci', password: 'right' };
    for (const tag of ['1.0.0', '1.1.0'])
      await world.registry.pushImage({ repository: 'auth/app', tag, credentials });
    await world.api.expectOk('POST', secretsPath(world), pullSecret('regcred', host, 'ci', 'wrong'));
    await create(world, 'Deployment', {
      name: 'denied',
      images: { main: `${host}/auth/app:1.0.0` },
      pullSecrets: ['regcred'],
    });
    const message = await blocked(world, 'denied', 'registry-auth');
    expect(message).toContain(`Secret ${world.namespace}/regcred`);
    expect(message).not.toContain('wrong');
    expect(await metricOf(world.headwind(), 'headwind_polling_errors_total')).toBeGreaterThan(0);

    const { pid } = world.headwind();
    await world.api.expectOk(
      'PATCH',
      `${secretsPath(world)}/regcred`,
      pullSecret('regcred', host, 'ci', 'right'),
      'application/merge-patch+json',
    );
    const [request] = await requestsFor(world, 'denied');
    expect(request?.spec.newImage).toBe(`${host}/auth/app:1.1.0`);
    expect((await viewOf(world, 'denied')).blockers.map(({ code }) => code)).toEqual(['awaiting-approval']);
    expect(world.headwind().pid).toBe(pid);
  });

  it('without any Secret says that there is none', async () => {
    const { host } = world.registry;
    await create(world, 'Deployment', { name: 'bare', images: { main: `${host}/auth/app:1.0.0` } });
    expect(await blocked(world, 'bare', 'registry-auth')).toContain(
      `neither the pod template nor ServiceAccount ${world.namespace}/default names a pull secret`,
    );
  });
});

describe('a registry behind a token server', () => {
  let world: World;
  let tokens: TokenServer;
  beforeAll(async () => {
    tokens = await startTokenServer({ users: USERS });
    world = await openWorld(inject('controlPlane'), {
      env: POLLS,
      notifies: false,
      narrow: true,
      registry: { auth: { token: tokens.auth } },
    });
  });
  afterAll(async () => {
    await world.close();
    await tokens.stop();
  });

  it('is asked for every kind, init containers too, each with its own pull secret', async () => {
    expect(await discoverAllKinds(world, USERS)).toEqual(DISCOVERED);
  });
});

describe('a registry that is open to everybody', () => {
  let world: World;
  let proxy: CountingProxy;
  beforeAll(async () => {
    world = await openWorld(inject('controlPlane'), { env: POLLS, narrow: true });
    proxy = await startCountingProxy(world.registry.url);
    await world.restart({ HEADWIND_INSECURE_REGISTRIES: `${world.registry.host},${proxy.host}` });
  });
  afterAll(async () => {
    await world.close();
    await proxy.close();
  });

  it('event-source is honoured both ways', async () => {
    const { host } = world.registry;
    const image = `${host}/source/app:1.0.0`;
    await world.registry.pushImage({ repository: 'source/app', tag: '1.0.0' });
    await world.registry.pushImage({ repository: 'source/app', tag: '1.1.0' });
    for (const source of ['webhook', 'none', 'both', 'polling'])
      await create(world, 'Deployment', {
        name: `by-${source}`,
        images: { main: image },
        annotations: { 'event-source': source },
      });
    await requestsFor(world, 'by-both');
    await requestsFor(world, 'by-polling');
    // The registry has told of the push as well, and a workload that turns up soon after hears of that.
    const [byWebhook] = await requestsFor(world, 'by-webhook');
    expect(byWebhook?.metadata.annotations?.['headwind.sh/source']).toBe('webhook');
    expect(await requestsFor(world, 'by-none', 0)).toEqual([]);
    expect(await metricOf(world.headwind(), 'headwind_polling_resources_filtered_total')).toBe(2);

    // A poll this rare leaves time to see that the push alone does nothing.
    await create(world, 'Deployment', {
      name: 'rare',
      images: { main: `${host}/source/rare:1.0.0` },
      annotations: { 'polling-interval': '1d' },
    });
    await world.registry.pushImage({ repository: 'source/rare', tag: '1.0.0' });
    await blocked(world, 'rare', 'up-to-date');
    await world.registry.pushImage({ repository: 'source/rare', tag: '1.2.0' });
    expect(await blocked(world, 'rare', 'event-source')).toContain('this came by webhook');
    expect(await requestsFor(world, 'rare', 0)).toEqual([]);
  });

  it('an open request stays, with the trouble beside it, while the registry cannot be asked', async () => {
    await world.registry.pushImage({ repository: 'trouble/app', tag: '1.0.0' });
    await world.registry.pushImage({ repository: 'trouble/app', tag: '1.1.0' });
    await create(world, 'Deployment', {
      name: 'trouble',
      images: { main: `${proxy.host}/trouble/app:1.0.0` },
    });
    await requestsFor(world, 'trouble');
    proxy.refuseWith(429, { 'retry-after': '3' });
    expect(await blocked(world, 'trouble', 'registry')).toContain('429');
    const { blockers, decision } = await viewOf(world, 'trouble');
    expect(blockers.map(({ code }) => code)).toEqual(['awaiting-approval', 'registry']);
    expect(decision).toMatchObject({ action: 'update', candidate: '1.1.0' });
    const [request] = await requestsFor(world, 'trouble');
    expect(request?.status.phase).toBe('Pending');
    proxy.refuseWith(undefined);
    await eventually(
      async () => (await viewOf(world, 'trouble')).blockers.every(({ code }) => code === 'awaiting-approval'),
      { what: 'the trouble is over', timeoutMs: 40_000 },
    );
  });

  it('a version that a person refused is not brought back by the next poll, a newer one is', async () => {
    const { host } = world.registry;
    const repository = 'held/app';
    for (const tag of ['1.0.0', '1.0.5', '1.1.0', '1.2.0'])
      await world.registry.pushImage({ repository, tag });
    await create(world, 'Deployment', { name: 'held', images: { main: `${host}/${repository}:1.0.0` } });
    const reject = async (request: UpdateRequest | undefined): Promise<void> => {
      const path = `/api/v1/updates/${world.namespace}/${request?.metadata.name}/reject`;
      await post(`${world.headwind().urls.api}${path}`, { approver: 'ann' });
    };
    const [first] = await requestsFor(world, 'held');
    expect(first?.spec.newImage).toMatch(/:1\.2\.0$/);
    await reject(first);
    // The smaller step is still open; what lies between is not.
    const second = (await requestsFor(world, 'held', 2)).find(({ spec }) => spec.newImage.endsWith(':1.0.5'));
    expect(second).toBeDefined();
    await reject(second);
    await blocked(world, 'held', 'held');
    await world.registry.pushImage({ repository, tag: '1.3.0' });
    const all = await requestsFor(world, 'held', 3);
    const tags = all.map(({ spec }) => spec.newImage.slice(spec.newImage.lastIndexOf(':') + 1));
    expect(tags.sort()).toEqual(['1.0.5', '1.2.0', '1.3.0']);
  });

  it('a thousand workloads on a hundred repositories cost one list for each repository and cycle', async () => {
    const repositories = Array.from({ length: 100 }, (_, index) => `fleet/app-${index}`);
    for (const repository of repositories) await world.registry.pushImage({ repository, tag: '1.0.0' });
    for (let index = 0; index < 1000; index += 1)
      await create(world, 'Deployment', {
        name: `fleet-${index}`,
        images: { main: `${proxy.host}/${repositories[index % 100]}:1.0.0` },
        annotations: { 'polling-interval': '5s' },
      });
    await eventually(async () => (await viewOf(world, 'fleet-999')).decision !== undefined, {
      what: 'the last one is polled',
      timeoutMs: 60_000,
    });
    const listsOf = (repository: string): number =>
      proxy.requests.filter((line) => line.startsWith(`GET /v2/${repository}/tags/list`)).length;
    const before = new Map(repositories.map((repository) => [repository, listsOf(repository)]));
    const total = proxy.requests.filter((line) => line.includes('/v2/fleet/')).length;
    const startedAt = performance.now();
    await eventually(() => repositories.every((one) => listsOf(one) >= (before.get(one) ?? 0) + 4), {
      what: 'four more cycles',
      timeoutMs: 60_000,
    });
    const seconds = (performance.now() - startedAt) / 1000;
    const most = Math.ceil(seconds / (5 * 0.9)) + 1;
    for (const one of repositories) expect(listsOf(one) - (before.get(one) ?? 0)).toBeLessThanOrEqual(most);
    // Nothing else is asked while nothing changes.
    const since = proxy.requests.filter((line) => line.includes('/v2/fleet/')).slice(total);
    expect(since.filter((line) => !line.includes('/tags/list'))).toEqual([]);
  });

  it('metrics have moved with all of this, and nothing was logged as a bug', async () => {
    const names = ['cycles_total', 'errors_total', 'images_checked_total', 'new_tags_found_total'];
    for (const name of names)
      expect([name, await metricOf(world.headwind(), `headwind_polling_${name}`)]).not.toEqual([name, 0]);
    const errors = world.headwind().logs();
    expect(errors.filter(({ level }) => level === 'ERROR')).toEqual([]);
  });
});

const Pods = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), deletionTimestamp: z.string().optional() }),
      spec: z.object({ containers: z.array(z.object({ name: z.string(), image: z.string() })) }),
    }),
  ),
});

/** Says in the status of the one pod of `app` what a kubelet would say that had pulled this digest. */
async function runs(world: World, app: string, repository: string, digest: string): Promise<void> {
  const path = `/api/v1/namespaces/${world.namespace}/pods`;
  const pod = await eventually(
    async () => {
      const list = await world.api.expectOk(
        'GET',
        `${path}?labelSelector=${encodeURIComponent(`app=${app}`)}`,
      );
      return Pods.parse(list).items.find(({ metadata }) => metadata.deletionTimestamp === undefined);
    },
    { what: `there is a pod of ${app}`, timeoutMs: 30_000 },
  );
  const containerStatuses = pod.spec.containers.map(({ name, image }) => ({
    name,
    image,
    imageID: `${repository}@${digest}`,
    ready: true,
    started: true,
    restartCount: 0,
    state: { running: { startedAt: '2026-01-01T00:00:00Z' } },
  }));
  await world.api.expectOk(
    'PATCH',
    `${path}/${pod.metadata.name}/status`,
    { status: { phase: 'Running', containerStatuses } },
    'application/merge-patch+json',
  );
}

describe('a registry that tells of no pushes', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld(inject('controlPlane'), { env: POLLS, narrow: true, notifies: false });
  });
  afterAll(async () => world.close());

  it('Invariant 2: tags that mislead others mislead no policy', async () => {
    const { host } = world.registry;
    const signature = `sha256-${'a'.repeat(64)}.sig`;
    for (const tag of [
      '17.9-alpine',
      '17.11-alpine',
      '16beta1',
      'latest',
      signature,
      '2025.04.0',
      '17.10-alpine',
    ])
      await world.registry.pushImage({ repository: 'mislead/pg', tag });
    const policies = ['patch', 'minor', 'major', 'all', 'glob', 'force'];
    const running = ['17.9-alpine', '17.11-alpine', '16beta1', 'latest', '2025.04.0'];
    const described = policies.flatMap((policy) => running.map((tag) => ({ policy, tag })));
    const nameOf = (policy: string, tag: string): string => `${policy}-${tag.replaceAll('.', '-')}`;
    for (const { policy, tag } of described)
      await create(world, 'Deployment', {
        name: nameOf(policy, tag),
        images: { main: `${host}/mislead/pg:${tag}` },
        annotations: { policy, 'track-digest': 'false', ...(policy === 'glob' ? { pattern: '*' } : {}) },
      });
    for (const { policy, tag } of described)
      await eventually(async () => (await viewOf(world, nameOf(policy, tag))).decision !== undefined, {
        what: `there is a decision about ${tag} under ${policy}`,
        timeoutMs: 30_000,
      });
    const requests = (await world.requests()).filter(({ spec }) => spec.newImage.includes('mislead/pg'));
    expect(
      requests.map(({ spec }) => `${spec.policy}: ${spec.currentImage} -> ${spec.newImage}`).sort(),
    ).toEqual(
      ['all', 'force', 'glob', 'major', 'minor'].map(
        (policy) => `${policy}: ${host}/mislead/pg:17.9-alpine -> ${host}/mislead/pg:17.11-alpine`,
      ),
    );
    expect((await viewOf(world, 'all-latest')).blockers.map(({ code }) => code)).toEqual([
      'current-unversioned',
    ]);
  });
});

describe('an image that is built anew under the same tag', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld(inject('controlPlane'), { env: POLLS, narrow: true, notifies: false });
  });
  afterAll(async () => world.close());

  it.each([
    ['Deployment', 'latest', { policy: 'force' }],
    ['StatefulSet', '1.0.0', { policy: 'minor', 'track-digest': 'true' }],
  ] as const)(
    'is found after the start, though Headwind was stopped meanwhile: %s, %s',
    async (kind, tag, annotations) => {
      const name = kind.toLowerCase();
      const repository = `rebuilt/${name}`;
      const path = `${world.registry.host}/${repository}`;
      const { digest: old } = await world.registry.pushImage({ repository, tag });
      await create(world, kind, {
        name,
        images: { main: `${path}:${tag}` },
        annotations: { ...annotations, 'require-approval': 'false' },
        replicas: 1,
      });
      await runs(world, name, path, old);
      await eventually(
        async () => (await viewOf(world, name)).decision?.reason === `${tag} is still the digest that runs`,
        { what: 'the digest is compared with the pods', timeoutMs: 30_000 },
      );

      await world.headwind().stop();
      const { digest } = await world.registry.pushImage({ repository, tag });
      await world.restart();

      await requestsWhen(
        world,
        'the new digest is applied',
        (requests) =>
          requests.some(({ spec, status }) => spec.targetRef.name === name && status.phase === 'Completed'),
        30_000,
      );
      expect(await world.images(KINDS[kind], name)).toEqual({ main: `${path}:${tag}@${digest}` });

      // From now on it is compared with what is set.
      const { digest: third } = await world.registry.pushImage({ repository, tag });
      await requestsFor(world, name, 2);
      const images = (await requestsFor(world, name, 2)).map(({ spec }) => spec.newImage);
      expect(images.sort()).toEqual([`${path}:${tag}@${digest}`, `${path}:${tag}@${third}`].sort());
    },
  );
});

describe('an image that no node can run', () => {
  let world: World;
  const nodes = { 'poll-arm': 'arm64', 'poll-amd': 'amd64' };
  beforeAll(async () => {
    world = await openWorld(inject('controlPlane'), { env: POLLS, narrow: true, notifies: false });
    for (const [name, architecture] of Object.entries(nodes))
      await world.api.expectOk('POST', '/api/v1/nodes', {
        metadata: {
          name,
          labels: { 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': architecture, pool: name },
        },
      });
  });
  afterAll(async () => {
    for (const name of Object.keys(nodes)) await world.api.request('DELETE', `/api/v1/nodes/${name}`);
    await world.close();
  });

  it('is not proposed, by poll nor by webhook, and is where one can', async () => {
    const { host } = world.registry;
    // The pushed images are for linux/amd64.
    for (const tag of ['1.0.0', '1.1.0']) await world.registry.pushImage({ repository: 'platform/app', tag });
    const images = { main: `${host}/platform/app:1.0.0` };
    const nodeSelector = { 'kubernetes.io/arch': 'arm64' };
    await create(world, 'Deployment', { name: 'anywhere', images });
    await create(world, 'Deployment', { name: 'on-arm', images, nodeSelector });
    await create(world, 'StatefulSet', {
      name: 'hooked',
      images,
      nodeSelector: { pool: 'poll-arm' },
      annotations: { 'event-source': 'webhook' },
    });
    await requestsFor(world, 'anywhere');
    expect(await blocked(world, 'on-arm', 'platform')).toBe(
      'the image is built for linux/amd64, and the nodes that it may land on are linux/arm64',
    );
    await post(`${world.headwind().urls.webhook}/webhook/registry`, {
      repository: `${host}/platform/app`,
      tag: '1.1.0',
    });
    await blocked(world, 'hooked', 'platform');
    expect(await requestsFor(world, 'on-arm', 0)).toEqual([]);
    expect(await requestsFor(world, 'hooked', 0)).toEqual([]);
  });
});
