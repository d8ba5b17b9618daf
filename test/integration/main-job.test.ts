import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { UpdateRequest } from '../../src/core/update-request.ts';
import { eventually } from '../parts/eventually.ts';
import { metricOf, openWorld, post, requestsWhen, workloadOf, type World } from '../parts/world.ts';

const WorkloadViews = z.array(
  z.object({
    name: z.string(),
    artifacts: z.array(
      z.object({
        name: z.string(),
        blockers: z.array(
          z.object({ code: z.string(), message: z.string(), liftsAt: z.string().optional() }),
        ),
        openRequest: z.string().optional(),
      }),
    ),
  }),
);

async function blockersOf(world: World, name: string): Promise<readonly { code: string; message: string }[]> {
  const url = `${world.headwind().urls.api}/api/v1/workloads?namespace=${world.namespace}`;
  const views = WorkloadViews.parse(await (await fetch(url)).json());
  return views.find((view) => view.name === name)?.artifacts[0]?.blockers ?? [];
}

describe('a pushed image becomes an approved, applied update', () => {
  let world: World;

  beforeAll(async () => {
    world = await openWorld(inject('controlPlane'));
  });
  afterAll(async () => {
    await world.close();
  });

  const approve = (name: string, approver = 'alice'): ReturnType<typeof post> =>
    post(`${world.headwind().urls.api}/api/v1/updates/${world.namespace}/${name}/approve`, { approver });

  it('300 workloads: one request for each matching artifact, none for the others, and each spelling is kept', async () => {
    const host = world.registry.host;
    await world.registry.pushImage({ repository: 'fleet/app', tag: '1.0.0' });
    const kinds = [
      ...Array.from({ length: 200 }, () => ['Deployment', 'deployments'] as const),
      ...Array.from({ length: 50 }, () => ['StatefulSet', 'statefulsets'] as const),
      ...Array.from({ length: 50 }, () => ['DaemonSet', 'daemonsets'] as const),
    ];
    // Every tenth uses the repository: as its container, as an init container, or in a sidecar.
    const described = kinds.map(([kind, plural], index) => {
      const matches = index % 10 === 0;
      const image = `${host}/fleet/${matches ? 'app' : `other-${index % 7}`}:1.0.0`;
      const asInit = matches && index % 20 === 0;
      return {
        plural,
        name: `w${index}`,
        matches,
        object: workloadOf(kind, {
          name: `w${index}`,
          images: {
            main: asInit ? `${host}/fleet/proxy:1.0.0` : image,
            'main-app': `${host}/fleet/app-exporter:1.0.0`,
          },
          ...(asInit ? { initImages: { setup: image } } : {}),
        }),
      };
    });
    for (const { plural, object } of described) await world.create(plural, object);
    const matching = described.filter(({ matches }) => matches);
    await knownTo(world, 'w299');

    await world.registry.pushImage({ repository: 'fleet/app', tag: '1.1.0' });

    const requests = await requestsWhen(
      world,
      'one request per matching artifact',
      ({ length }) => length >= matching.length,
    );
    expect(requests.map(({ spec }) => spec.targetRef.name).sort()).toEqual(
      matching.map(({ name }) => name).sort(),
    );
    expect(new Set(requests.map(({ status }) => status.phase))).toEqual(new Set(['Pending']));
    expect(requests.every(({ spec }) => spec.newDigest?.startsWith('sha256:'))).toBe(true);

    const chosen = requests.find(({ spec }) => spec.containerName === 'setup');
    const { status } = await approve(chosen?.metadata.name ?? '');
    expect(status).toBe(200);
    const name = chosen?.spec.targetRef.name ?? '';
    const plural = described.find((one) => one.name === name)?.plural ?? '';
    expect(await world.images(plural, name)).toEqual({
      main: `${host}/fleet/proxy:1.0.0`,
      'main-app': `${host}/fleet/app-exporter:1.0.0`,
      setup: `${host}/fleet/app:1.1.0`,
    });
  });

  it('a second, identical notification changes nothing, nor does one from another host', async () => {
    const host = world.registry.host;
    const before = await world.requests();
    const webhook = `${world.headwind().urls.webhook}/webhook/registry`;
    const same = await post(webhook, envelope(host, 'fleet/app', '1.1.0'));
    expect(same).toMatchObject({ status: 200, body: { created: 0 } });
    const elsewhere = await post(webhook, envelope('registry.example.com', 'fleet/app', '1.1.0'));
    expect(elsewhere).toMatchObject({ status: 200, body: { matched: 0, created: 0 } });
    const after = await world.requests();
    expect(after.map(versionOf).sort()).toEqual(before.map(versionOf).sort());
  });

  it('Invariant 5: of two approvals at the same moment one wins, the other gets 409, and there is one patch', async () => {
    const host = world.registry.host;
    await world.create(
      'deployments',
      workloadOf('Deployment', { name: 'race', images: { app: `${host}/race/app:1.0.0` } }),
    );
    await knownTo(world, 'race');
    await world.registry.pushImage({ repository: 'race/app', tag: '1.0.1' });
    const [request] = await requestsOf(world, 'race', 1);
    const generation = await generationOf(world, 'race');
    const answers = await Promise.all(
      ['alice', 'bob', 'carol'].map((who) => approve(request?.metadata.name ?? '', who)),
    );
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 409, 409]);
    expect(await world.images('deployments', 'race')).toEqual({ app: `${host}/race/app:1.0.1` });
    expect(await generationOf(world, 'race')).toBe(generation + 1);
  });

  it('Invariant 8: without approval it is applied at once, and the next one by itself when the minimum interval is over', async () => {
    const host = world.registry.host;
    const annotations = { 'require-approval': 'false', 'min-update-interval': '6' };
    const images = { app: `${host}/auto/app:1.0.0` };
    await world.create('statefulsets', workloadOf('StatefulSet', { name: 'auto', images, annotations }));
    await knownTo(world, 'auto');
    await world.registry.pushImage({ repository: 'auto/app', tag: '1.0.1' });
    await requestsOf(world, 'auto', 1, ({ status }) => status.phase === 'Completed');
    expect(await world.images('statefulsets', 'auto')).toEqual({ app: `${host}/auto/app:1.0.1` });
    const written = await world.annotations('statefulsets', 'auto');
    expect(Date.parse(written['headwind.sh/last-update'] ?? '')).toBeGreaterThan(Date.now() - 60_000);
    expect(JSON.parse(written['headwind.sh/update-history'] ?? '')).toMatchObject([
      { container: 'app', image: `${host}/auto/app:1.0.1`, approvedBy: 'policy' },
      { container: 'app', image: `${host}/auto/app:1.0.0` },
    ]);

    await world.registry.pushImage({ repository: 'auto/app', tag: '1.0.2' });
    await requestsOf(
      world,
      'auto',
      2,
      ({ status }) => status.phase === 'Completed' || status.phase === 'Approved',
    );
    const waiting = await blockersOf(world, 'auto');
    expect(waiting).toMatchObject([{ code: 'min-update-interval', liftsAt: expect.any(String) }]);
    expect(await world.images('statefulsets', 'auto')).toEqual({ app: `${host}/auto/app:1.0.1` });
    await requestsOf(world, 'auto', 2, ({ status }) => status.phase === 'Completed');
    expect(await world.images('statefulsets', 'auto')).toEqual({ app: `${host}/auto/app:1.0.2` });
    const first = Date.parse(written['headwind.sh/last-update'] ?? '');
    const second = Date.parse(
      (await world.annotations('statefulsets', 'auto'))['headwind.sh/last-update'] ?? '',
    );
    expect(second - first).toBeGreaterThanOrEqual(6000);
    expect(await metricOf(world.headwind(), 'headwind_updates_skipped_interval_total')).toBe(1);
  });

  it('Invariant 9: a tag that the registry does not have is refused, and the API says why', async () => {
    const host = world.registry.host;
    await world.create(
      'daemonsets',
      workloadOf('DaemonSet', { name: 'ghost', images: { app: `${host}/ghost/app:1.0.0` } }),
    );
    await world.registry.pushImage({ repository: 'ghost/app', tag: '1.0.0' });
    await knownTo(world, 'ghost');
    const answer = await post(
      `${world.headwind().urls.webhook}/webhook/registry`,
      envelope(host, 'ghost/app', '1.2.99'),
    );
    expect(answer).toMatchObject({ status: 200, body: { created: 0 } });
    expect(await blockersOf(world, 'ghost')).toMatchObject([{ code: 'tag-missing' }]);
    expect((await world.requests()).filter(({ spec }) => spec.newImage.endsWith(':1.2.99'))).toEqual([]);
  });

  it('Invariant 7: a rejected version is held, a newer one is proposed', async () => {
    const host = world.registry.host;
    await world.create(
      'deployments',
      workloadOf('Deployment', { name: 'held', images: { app: `${host}/held/app:1.0.0` } }),
    );
    await knownTo(world, 'held');
    await world.registry.pushImage({ repository: 'held/app', tag: '1.1.0' });
    const [request] = await requestsOf(world, 'held', 1);
    const reject = `${world.headwind().urls.api}/api/v1/updates/${world.namespace}/${request?.metadata.name}/reject`;
    expect(await post(reject, { approver: 'alice', reason: 'not ready' })).toMatchObject({
      status: 200,
      body: { status: { phase: 'Rejected', rejectedBy: 'alice', message: 'not ready' } },
    });
    // The same tag, pushed anew with other content: still no.
    await world.registry.pushImage({ repository: 'held/app', tag: '1.1.0' });
    await world.registry.pushImage({ repository: 'held/app', tag: '1.2.0' });
    const requests = await requestsOf(world, 'held', 2);
    expect(requests.map(({ spec, status }) => `${spec.newImage} ${status.phase}`).sort()).toEqual([
      `${host}/held/app:1.1.0 Rejected`,
      `${host}/held/app:1.2.0 Pending`,
    ]);
  });

  it('a newer candidate supersedes a pending request, and an approval in the status by kubectl is applied', async () => {
    const host = world.registry.host;
    await world.create(
      'deployments',
      workloadOf('Deployment', { name: 'next', images: { app: `${host}/next/app:1.0.0` } }),
    );
    await knownTo(world, 'next');
    await world.registry.pushImage({ repository: 'next/app', tag: '1.1.0' });
    await requestsOf(world, 'next', 1);
    await world.registry.pushImage({ repository: 'next/app', tag: '1.2.0' });
    const requests = await requestsOf(world, 'next', 2, ({ spec, status }) =>
      spec.newImage.endsWith(':1.2.0') ? status.phase === 'Pending' : status.phase === 'Superseded',
    );
    const pending = requests.find(({ status }) => status.phase === 'Pending');
    const path = `/apis/headwind.sh/v1alpha1/namespaces/${world.namespace}/updaterequests/${pending?.metadata.name}/status`;
    await world.api.expectOk(
      'PATCH',
      path,
      { status: { phase: 'Approved', approvedBy: 'dana' } },
      'application/merge-patch+json',
    );
    await requestsOf(
      world,
      'next',
      2,
      ({ spec, status }) => !spec.newImage.endsWith(':1.2.0') || status.phase === 'Completed',
    );
    expect(await world.images('deployments', 'next')).toEqual({ app: `${host}/next/app:1.2.0` });
  });

  it('a pending request follows a workload that moves on its own', async () => {
    const host = world.registry.host;
    await world.create(
      'deployments',
      workloadOf('Deployment', { name: 'drift', images: { app: `${host}/drift/app:1.0.0` } }),
    );
    await knownTo(world, 'drift');
    await world.registry.pushImage({ repository: 'drift/app', tag: '1.3.0' });
    await requestsOf(world, 'drift', 1);
    const patch = {
      spec: { template: { spec: { containers: [{ name: 'app', image: `${host}/drift/app:1.1.0` }] } } },
    };
    const path = `/apis/apps/v1/namespaces/${world.namespace}/deployments/drift`;
    await world.api.expectOk('PATCH', path, patch, 'application/strategic-merge-patch+json');
    const requests = await requestsOf(world, 'drift', 2, ({ spec, status }) =>
      spec.currentImage.endsWith(':1.1.0') ? status.phase === 'Pending' : status.phase === 'Superseded',
    );
    expect(requests.every(({ spec }) => spec.newImage === `${host}/drift/app:1.3.0`)).toBe(true);
  });

  it('a pause waits for its end, even after a person has approved', async () => {
    const host = world.registry.host;
    const images = { app: `${host}/pause/app:1.0.0` };
    await world.create(
      'deployments',
      workloadOf('Deployment', { name: 'pause', images, annotations: { paused: 'true' } }),
    );
    await knownTo(world, 'pause');
    await world.registry.pushImage({ repository: 'pause/app', tag: '1.1.0' });
    const [request] = await requestsOf(world, 'pause', 1);
    expect(await approve(request?.metadata.name ?? '')).toMatchObject({ status: 202 });
    expect(await world.images('deployments', 'pause')).toEqual(images);
    expect(await blockersOf(world, 'pause')).toMatchObject([{ code: 'paused' }]);
    const path = `/apis/apps/v1/namespaces/${world.namespace}/deployments/pause`;
    await world.api.expectOk(
      'PATCH',
      path,
      { metadata: { annotations: { 'headwind.sh/paused': null } } },
      'application/merge-patch+json',
    );
    await requestsOf(world, 'pause', 1, ({ status }) => status.phase === 'Completed');
    expect(await world.images('deployments', 'pause')).toEqual({ app: `${host}/pause/app:1.1.0` });
  });

  it('Invariant 11: whoever may write requests in a namespace gains nothing beyond it, and no other image', async () => {
    const host = world.registry.host;
    await world.create(
      'deployments',
      workloadOf('Deployment', { name: 'victim', images: { app: `${host}/victim/app:1.0.0` } }),
    );
    const path = `/apis/headwind.sh/v1alpha1/namespaces/${world.namespace}/updaterequests`;
    const crafted = (name: string, newImage: string, namespace: string): object => ({
      apiVersion: 'headwind.sh/v1alpha1',
      kind: 'UpdateRequest',
      metadata: { name },
      spec: {
        targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'victim', namespace },
        updateType: 'image',
        containerName: 'app',
        currentImage: `${host}/victim/app:1.0.0`,
        newImage,
        policy: 'all',
      },
    });
    await world.api.expectOk('POST', path, crafted('other-image', `${host}/evil/app:1.0.1`, world.namespace));
    await world.api.expectOk(
      'POST',
      path,
      crafted('other-namespace', `${host}/victim/app:1.0.1`, 'kube-system'),
    );
    for (const name of ['other-image', 'other-namespace']) {
      expect(await approve(name)).toMatchObject({ status: 200, body: { status: { phase: 'Failed' } } });
    }
    expect(await world.images('deployments', 'victim')).toEqual({ app: `${host}/victim/app:1.0.0` });
  });

  it('Invariant 3: every change of a workload is the work of a completed request', async () => {
    const completed = (await world.requests()).filter(({ status }) => status.phase === 'Completed');
    expect(completed.length).toBeGreaterThanOrEqual(6);
    for (const { metadata, spec } of completed) {
      const plural = `${spec.targetRef.kind.toLowerCase()}s`;
      const written = await world.annotations(plural, spec.targetRef.name);
      expect(written['headwind.sh/update-history']).toContain(`"updateRequestName":"${metadata.name}"`);
    }
  });

  it('metrics have moved with all of this', async () => {
    const moved = [
      'headwind_webhook_events_total',
      'headwind_webhook_events_processed',
      'headwind_updates_pending',
      'headwind_updates_approved_total',
      'headwind_updates_rejected_total',
      'headwind_updates_applied_total',
      'headwind_updates_failed_total',
      'headwind_deployments_watched',
      'headwind_statefulsets_watched',
      'headwind_daemonsets_watched',
      'headwind_reconcile_duration_seconds_count',
    ];
    for (const name of moved) {
      expect([name, await metricOf(world.headwind(), name)]).not.toEqual([name, 0]);
    }
    // Of all namespaces, as the metric: what other tests have left may still be going.
    await eventually(
      async () => {
        const everywhere = await world.api.expectOk('GET', '/apis/headwind.sh/v1alpha1/updaterequests');
        const { items } = z.object({ items: z.array(UpdateRequest) }).parse(everywhere);
        const pending = items.filter(({ status }) => status.phase === 'Pending').length;
        const shown = await metricOf(world.headwind(), 'headwind_updates_pending');
        if (shown === pending) return true;
        throw new Error(`${shown} are shown, ${pending} are pending`);
      },
      { what: 'the metric says how many requests are pending' },
    );
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

function envelope(host: string, repository: string, tag: string): object {
  const digest = `sha256:${'0'.repeat(64)}`;
  const mediaType = 'application/vnd.docker.distribution.manifest.v2+json';
  const url = `http://${host}/v2/${repository}/manifests/${digest}`;
  return {
    events: [
      { id: tag, action: 'push', target: { mediaType, digest, repository, url, tag }, request: { host } },
    ],
  };
}

type Requests = Awaited<ReturnType<World['requests']>>;

async function requestsOf(
  world: World,
  workload: string,
  count: number,
  each: (request: Requests[number]) => boolean = () => true,
): Promise<Requests> {
  const ours = (requests: Requests): Requests =>
    requests.filter(({ spec }) => spec.targetRef.name === workload);
  try {
    const what = `${count} requests for ${workload} as expected`;
    return ours(
      await requestsWhen(
        world,
        what,
        (requests) => ours(requests).length === count && ours(requests).every(each),
      ),
    );
  } catch (error) {
    const said = world
      .headwind()
      .logs()
      .slice(-15)
      .map((line) => JSON.stringify(line));
    throw new Error(`blocked by ${JSON.stringify(await blockersOf(world, workload))}\n${said.join('\n')}`, {
      cause: error,
    });
  }
}

async function knownTo(world: World, name: string): Promise<void> {
  await eventually(
    async () => {
      const answer = await fetch(
        `${world.headwind().urls.api}/api/v1/workloads?namespace=${world.namespace}`,
      );
      return WorkloadViews.parse(await answer.json()).some((view) => view.name === name);
    },
    { what: `Headwind knows ${name}` },
  );
}

function versionOf({ metadata }: Requests[number]): string {
  return `${metadata.name}@${metadata.resourceVersion}`;
}

async function generationOf(world: World, name: string): Promise<number> {
  const path = `/apis/apps/v1/namespaces/${world.namespace}/deployments/${name}`;
  const Generation = z.object({ metadata: z.object({ generation: z.number() }) });
  return Generation.parse(await world.api.expectOk('GET', path)).metadata.generation;
}
