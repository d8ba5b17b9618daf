import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { WebhookDeliveryView } from '../../src/http/api-shapes.ts';
import { eventually } from '../parts/eventually.ts';
import { metricOf, openWorld, requestsWhen, workloadOf, type World } from '../parts/world.ts';

const SECRET = 'the-secret-of-the-registry';
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

async function recentOf(world: World): Promise<readonly WebhookDeliveryView[]> {
  const answer = await fetch(`${world.headwind().urls.api}/api/v1/webhooks/recent`);
  return z.array(WebhookDeliveryView).parse(await answer.json());
}

/** A Deployment that runs `repository:1.0.0`, known to Headwind. */
async function aDeployment(world: World, name: string, repository = name): Promise<void> {
  const images = { app: `${world.registry.host}/${repository}:1.0.0` };
  await world.create('deployments', workloadOf('Deployment', { name, images }));
}

async function known(world: World, count: number): Promise<void> {
  const Views = z.array(z.unknown());
  await eventually(
    async () => {
      const url = `${world.headwind().urls.api}/api/v1/workloads?namespace=${world.namespace}`;
      return Views.parse(await (await fetch(url)).json()).length === count;
    },
    { what: `Headwind knows ${count} workloads`, timeoutMs: 30_000 },
  );
}

function notification(world: World, repository: string, tag: string, id: string): string {
  const { host } = world.registry;
  const digest = `sha256:${'0'.repeat(64)}`;
  const url = `http://${host}/v2/${repository}/manifests/${digest}`;
  const target = { mediaType: MANIFEST, digest, repository, url, tag };
  return JSON.stringify({ events: [{ id, action: 'push', target, request: { host } }] });
}

async function send(
  world: World,
  path: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<number> {
  const type = 'application/vnd.docker.distribution.events.v2+json';
  const answer = await fetch(`${world.headwind().urls.webhook}${path}`, {
    method: 'POST',
    headers: { 'content-type': type, ...headers },
    body,
  });
  await answer.body?.cancel();
  return answer.status;
}

async function proposedFor(world: World, name: string): Promise<readonly string[]> {
  const requests = await world.requests();
  return requests.filter(({ spec }) => spec.targetRef.name === name).map(({ spec }) => spec.newImage);
}

async function proposed(world: World, name: string, tag: string): Promise<number> {
  const all = await requestsWhen(
    world,
    `a request for ${name}:${tag}`,
    (requests) =>
      requests.some(({ spec }) => spec.targetRef.name === name && spec.newImage.endsWith(`:${tag}`)),
    30_000,
  );
  return all.filter(({ spec }) => spec.targetRef.name === name && spec.newImage.endsWith(`:${tag}`)).length;
}

describe('the notifications of a real registry, with its authorization header', () => {
  let world: World;
  let directory: string;
  let file: string;

  /** Puts the file in place as a whole, as a mounted Secret does. */
  const setSecrets = async (text: string): Promise<void> => {
    await writeFile(`${file}.new`, text, { mode: 0o600 });
    await rename(`${file}.new`, file);
  };

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'headwind-webhooks-'));
    file = join(directory, 'secrets.yaml');
    await setSecrets(`distribution: ${SECRET}\n`);
    world = await openWorld(inject('controlPlane'), {
      narrow: true,
      webhookPath: '/webhook/distribution',
      webhookHeaders: { Authorization: [`Bearer ${SECRET}`] },
      env: { HEADWIND_WEBHOOK_SECRETS_FILE: file },
    });
    for (const name of ['arrives', 'refused', 'rotated', 'restarted']) await aDeployment(world, name);
    await known(world, 4);
  });
  afterAll(async () => {
    await world.close();
    await rm(directory, { recursive: true, force: true });
  });

  it('pushes arrive', async () => {
    await world.registry.pushImage({ repository: 'arrives', tag: '1.1.0' });
    expect(await proposed(world, 'arrives', '1.1.0')).toBe(1);

    const delivery = (await recentOf(world)).find(({ signals }) => signals.length > 0);
    expect(delivery).toMatchObject({
      sender: 'distribution',
      path: '/webhook/distribution',
      status: 200,
      signals: [{ kind: 'image', registry: world.registry.host, repository: 'arrives', tag: '1.1.0' }],
      outcome: [{ result: 'created', kind: 'Deployment', name: 'arrives', artifact: 'app' }],
    });
  });

  it('with a wrong header, or none, or in the form of another sender: 401, and nothing happens', async () => {
    const repository = 'refused';
    const { host } = world.registry;
    // Without notifications of its own: the tag is there, and only these requests tell of it.
    await setSecrets('distribution: a-secret-that-the-registry-does-not-know\n');
    await eventually(
      async () =>
        (await send(world, '/webhook/distribution', '{"events":[]}', {
          authorization: `Bearer ${SECRET}`,
        })) === 401,
      {
        what: 'the replaced file counts',
      },
    );
    await world.registry.pushImage({ repository, tag: '1.1.0' });
    const body = notification(world, repository, '1.1.0', 'x');
    const flat = JSON.stringify({ repository: `${host}/${repository}`, tag: '1.1.0' });
    const json = { 'content-type': 'application/json' };

    expect(await send(world, '/webhook/distribution', body, { authorization: 'Bearer wrong' })).toBe(401);
    expect(await send(world, '/webhook/distribution', body)).toBe(401);
    expect(await send(world, '/webhook/registry', body)).toBe(401);
    expect(await send(world, '/webhook/registry', flat, json)).toBe(401);
    expect(await send(world, '/webhook/distribution/wrong', body)).toBe(401);
    await eventually(
      async () => {
        const refusals = (await recentOf(world)).filter(({ status }) => status === 401);
        return refusals.length > 10;
      },
      { what: 'the registry itself is refused, again and again', timeoutMs: 30_000 },
    );
    expect(await proposedFor(world, repository)).toEqual([]);
    const refused = 'headwind_webhook_requests_total{sender="distribution",outcome="not-proven"}';
    expect(await metricOf(world.headwind(), refused)).toBeGreaterThan(5);
  });

  it('what was refused comes again and is found, once the header is right: rotating loses nothing', async () => {
    await world.registry.pushImage({ repository: 'rotated', tag: '1.1.0' });
    await setSecrets(`distribution: [a-secret-that-the-registry-does-not-know, ${SECRET}]\n`);
    expect(await proposed(world, 'refused', '1.1.0')).toBe(1);
    expect(await proposed(world, 'rotated', '1.1.0')).toBe(1);
  });

  it('a file that cannot be used changes nothing', async () => {
    await setSecrets('distribution: [\n');
    await eventually(
      () =>
        world
          .headwind()
          .logs()
          .some(({ fields }) => fields.message.startsWith('webhook secrets cannot be read')),
      { what: 'the warning' },
    );
    await world.registry.pushImage({ repository: 'rotated', tag: '1.2.0' });
    expect(await proposed(world, 'rotated', '1.2.0')).toBe(1);
    await setSecrets(`distribution: ${SECRET}\n`);
  });

  it('a restart in between loses none: the registry tries again', async () => {
    world.headwind().kill('SIGKILL');
    await world.headwind().exited;
    const tags = ['1.1.0', '1.2.0', '1.3.0'];
    for (const tag of tags) await world.registry.pushImage({ repository: 'restarted', tag });
    await world.restart();
    expect(await proposed(world, 'restarted', '1.3.0')).toBe(1);
    await eventually(
      async () => {
        const arrived = (await recentOf(world)).flatMap(({ signals }) => signals).map(({ tag }) => tag);
        return tags.every((tag) => arrived.includes(tag));
      },
      { what: 'every push arrives', timeoutMs: 30_000 },
    );
  });

  it('no secret stands in what was logged', () => {
    expect(world.headwind().output().join('\n')).not.toContain(SECRET);
  });
});

describe('a burst of 1,000 notifications for 100 repositories', () => {
  const REPOSITORIES = Array.from({ length: 100 }, (_, i) => `burst-${i}`);
  const TAGS = ['1.1.0', '1.2.0'];
  let world: World;

  beforeAll(async () => {
    world = await openWorld(inject('controlPlane'), {
      narrow: true,
      notifies: false,
      env: { HEADWIND_WEBHOOK_SECRET: SECRET },
    });
    await Promise.all(REPOSITORIES.map((repository) => aDeployment(world, repository)));
    // One after the other: docker-registry 2.8 now and then loses one of two equal layers that come at the same moment.
    for (const repository of REPOSITORIES)
      for (const tag of TAGS) await world.registry.pushImage({ repository, tag });
    await known(world, REPOSITORIES.length);
  });
  afterAll(() => world.close());

  it('every change is found, and no request is made twice', async () => {
    const burst = Array.from({ length: 5 }, (_, round) =>
      TAGS.flatMap((tag) => REPOSITORIES.map((repository) => ({ repository, tag, round }))),
    ).flat();
    expect(burst).toHaveLength(1000);
    const startedMs = performance.now();
    const statuses = await Promise.all(
      burst.map(({ repository, tag, round }) =>
        send(
          world,
          '/webhook/registry',
          notification(world, repository, tag, `${repository}-${tag}-${round}`),
          {
            authorization: `Bearer ${SECRET}`,
          },
        ),
      ),
    );
    const tookMs = performance.now() - startedMs;

    expect(new Set(statuses)).toEqual(new Set([200]));
    const requests = await world.requests();
    const pending = requests.filter(({ status }) => status.phase === 'Pending');
    const newest = REPOSITORIES.map((repository) => `${world.registry.host}/${repository}:1.2.0`).toSorted();
    expect(pending.map(({ spec }) => spec.newImage).toSorted()).toEqual(newest);
    const images = requests.map(({ spec }) => `${spec.targetRef.name} ${spec.newImage}`);
    expect(images.length).toBe(new Set(images).size);
    const text = await (await fetch(`${world.headwind().urls.metrics}/metrics`)).text();
    const asked = [...text.matchAll(/^headwind_registry_requests_total\{purpose="manifest".*\} (\d+)$/gm)]
      .map(([, count]) => Number(count))
      .reduce((sum, count) => sum + count, 0);
    // One question for each notification would be five times as many as there are tags.
    expect(asked).toBeLessThan(1000);
    process.stdout.write(
      `1000 notifications in ${tookMs.toFixed(0)} ms, ${requests.length} requests, ${asked} questions to the registry\n`,
    );
  });

  it('sent again, it changes nothing, and is not acted on', async () => {
    const before = (await world.requests()).map(
      ({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`,
    );
    const statuses = await Promise.all(
      REPOSITORIES.map((repository) =>
        send(world, '/webhook/registry', notification(world, repository, '1.1.0', `${repository}-1.1.0-0`), {
          authorization: `Bearer ${SECRET}`,
        }),
      ),
    );
    expect(new Set(statuses)).toEqual(new Set([200]));
    const after = (await world.requests()).map(
      ({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`,
    );
    expect(after.toSorted()).toEqual(before.toSorted());
    const repeated = 'headwind_webhook_requests_total{sender="distribution",outcome="duplicate"}';
    expect(await metricOf(world.headwind(), repeated)).toBe(REPOSITORIES.length);
  });

  it('nothing was logged as a bug', () => {
    expect(
      world
        .headwind()
        .logs()
        .filter(({ level }) => level === 'ERROR'),
    ).toEqual([]);
  });
});
