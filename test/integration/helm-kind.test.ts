import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { accessControlPlane } from '../parts/control-plane-access.ts';
import { eventually } from '../parts/eventually.ts';
import { fluxObject, fluxPath, installFluxCrds, type FluxKind } from '../parts/flux-crds.ts';
import { startGateProxy, type GateProxy } from '../parts/gate-proxy.ts';
import { pushChart } from '../parts/push-image.ts';
import { startScriptedServer, type ScriptedServer } from '../parts/scripted-server.ts';
import { artifactOf, knownTo, requestsFor, theRequestFor } from '../parts/workload-views.ts';
import { metricOf, openWorld, post, type World } from '../parts/world.ts';

const Release = z.object({
  metadata: z.object({
    generation: z.number(),
    annotations: z.record(z.string(), z.string()).default({}),
  }),
  spec: z.object({
    suspend: z.boolean().optional(),
    chart: z.object({ spec: z.object({ version: z.string() }) }).optional(),
  }),
});
const OciRepository = z.object({
  metadata: z.object({ generation: z.number() }),
  spec: z.object({ ref: z.object({ tag: z.string() }) }),
});
const History = z.array(z.object({ container: z.string(), image: z.string() }));

const LOGIN = `Basic ${Buffer.from('helm:secret').toString('base64')}`;

describe('a HelmRelease', () => {
  let world: World;
  let proxy: GateProxy;
  let charts: ScriptedServer;
  // The versions that the index holds, by chart.
  const offered = new Map<string, readonly string[]>();

  beforeAll(async () => {
    const facts = inject('controlPlane');
    await installFluxCrds(accessControlPlane(facts));
    charts = await startScriptedServer((request, response) => {
      if (request.authorization !== LOGIN) {
        response.writeHead(401).end();
        return;
      }
      const entries = Object.fromEntries(
        [...offered].map(([name, versions]) => [
          name,
          versions.map((version) => ({ name, version, urls: ['x'] })),
        ]),
      );
      response.writeHead(200, { 'content-type': 'application/x-yaml' });
      response.end(JSON.stringify({ apiVersion: 'v1', entries }));
    });
    proxy = await startGateProxy(facts);
    world = await openWorld(facts, { apiUrl: proxy.url, narrow: true });
    await world.api.expectOk('POST', `/api/v1/namespaces/${world.namespace}/secrets`, {
      metadata: { name: 'login' },
      stringData: { username: 'helm', password: 'secret' },
    });
    await create('HelmRepository', 'charts', {
      url: charts.url,
      secretRef: { name: 'login' },
      interval: '1h',
    });
    await create('HelmRepository', 'oci', {
      type: 'oci',
      url: `oci://${world.registry.host}/charts`,
      insecure: true,
      interval: '1h',
    });
  });
  afterAll(async () => {
    await world.close();
    await proxy.close();
    await charts.stop();
  });

  async function create(
    kind: FluxKind,
    name: string,
    spec: object,
    annotations: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const object = fluxObject(kind, { name, spec, annotations });
    await world.api.expectOk('POST', fluxPath(kind, world.namespace), object);
  }
  const patch = (kind: FluxKind, name: string, body: object): Promise<unknown> =>
    world.api.expectOk(
      'PATCH',
      `${fluxPath(kind, world.namespace)}/${name}`,
      body,
      'application/merge-patch+json',
    );
  const release = async (name: string): Promise<z.infer<typeof Release>> =>
    Release.parse(await world.api.expectOk('GET', `${fluxPath('HelmRelease', world.namespace)}/${name}`));
  const versionOf = async (name: string): Promise<string | undefined> =>
    (await release(name)).spec.chart?.spec.version;
  const historyOf = async (name: string): Promise<readonly string[]> => {
    const { annotations } = (await release(name)).metadata;
    return History.parse(JSON.parse(annotations['headwind.sh/update-history'] ?? '[]')).map(
      ({ image }) => image,
    );
  };
  const ofChart = (chart: string, version: string, repository = 'charts'): object => ({
    interval: '1h',
    chart: { spec: { chart, version, sourceRef: { kind: 'HelmRepository', name: repository } } },
  });
  const direct = { policy: 'minor', 'require-approval': 'false', 'min-update-interval': '0' };
  const approve = (name: string): ReturnType<typeof post> =>
    post(`${world.headwind().urls.api}/api/v1/updates/${world.namespace}/${name}/approve`, {
      approver: 'alice',
    });
  const blockersOf = async (name: string): Promise<readonly string[]> =>
    (await artifactOf(world, name)).blockers.map(({ code }) => code);
  const blocked = (name: string, code: string): Promise<unknown> =>
    eventually(async () => (await blockersOf(name)).includes(code), { what: `${name} says ${code}` });
  const pushedChart = (repository: string, tag: string): Promise<unknown> =>
    pushChart({ url: world.registry.url, repository, tag });

  it('is discovered out of the box, waits for an approval, and then has the new version of its chart', async () => {
    offered.set('web', ['1.0.0', '1.1.0', '1.2.0-rc.1', '2.0.0']);
    await create('HelmRelease', 'asked', ofChart('web', '1.0.0'), { policy: 'minor' });

    const request = await theRequestFor(world, 'asked', { phase: 'Pending' });
    expect(request.spec).toMatchObject({
      updateType: 'helmChart',
      containerName: 'web',
      currentImage: 'web:1.0.0',
      newImage: 'web:1.1.0',
      targetRef: { kind: 'HelmRelease', apiVersion: 'helm.toolkit.fluxcd.io/v2' },
    });
    expect(await versionOf('asked')).toBe('1.0.0');

    expect((await approve(request.metadata.name)).status).toBe(200);
    expect(await versionOf('asked')).toBe('1.1.0');
    expect(await historyOf('asked')).toEqual(['web:1.1.0', 'web:1.0.0']);
    expect((await release('asked')).metadata.annotations['headwind.sh/last-update']).toBeDefined();
    expect(await metricOf(world.headwind(), 'headwind_helm_updates_applied_total')).toBeGreaterThan(0);
    expect(await metricOf(world.headwind(), 'headwind_helm_repository_queries_total')).toBeGreaterThan(0);
  });

  it('without approval moves at once, and policy all stays at the newest', async () => {
    offered.set('direct', ['0.9.0', '1.0.0', '1.5.0', '1.4.0']);
    await create('HelmRelease', 'direct', ofChart('direct', '1.0.0'), { ...direct, policy: 'all' });
    await theRequestFor(world, 'direct', { phase: 'Completed' });
    expect(await versionOf('direct')).toBe('1.5.0');

    await blocked('direct', 'up-to-date');
    expect(requestsFor(await world.requests(), 'direct')).toHaveLength(1);
    expect(await versionOf('direct')).toBe('1.5.0');
    expect(await blockersOf('direct')).toEqual(['up-to-date']);
  });

  it('that names a range is left to Flux, and one that is suspended waits until it is resumed', async () => {
    offered.set('ranged', ['1.0.0', '1.1.0']);
    await create('HelmRelease', 'ranged', ofChart('ranged', '1.x'), direct);
    await blocked('ranged', 'flux-owns-range');

    await create('HelmRelease', 'asleep', { ...ofChart('ranged', '1.0.0'), suspend: true }, direct);
    await theRequestFor(world, 'asleep', { phase: 'Approved' });
    await blocked('asleep', 'suspended');
    expect(await versionOf('asleep')).toBe('1.0.0');
    await patch('HelmRelease', 'asleep', { spec: { suspend: false } });
    await theRequestFor(world, 'asleep', { phase: 'Completed' });
    expect(await versionOf('asleep')).toBe('1.1.0');
    expect(requestsFor(await world.requests(), 'ranged')).toEqual([]);
  });

  it('in a registry hears of a pushed chart by webhook, and nothing of an image of the same name', async () => {
    await pushedChart('charts/podinfo', '6.5.0');
    await create('HelmRelease', 'oci', ofChart('podinfo', '6.5.0', 'oci'), {
      ...direct,
      'event-source': 'webhook',
    });
    await knownTo(world, 'oci');

    await world.registry.pushImage({ repository: 'charts/podinfo', tag: '6.6.0' });
    await blocked('oci', 'tag-missing');
    expect(requestsFor(await world.requests(), 'oci')).toEqual([]);

    await pushedChart('charts/podinfo', '6.5.1_up1');
    await theRequestFor(world, 'oci', { phase: 'Completed' });
    expect(await versionOf('oci')).toBe('6.5.1+up1');
  });

  const ociRepository = async (name: string): Promise<z.infer<typeof OciRepository>> =>
    OciRepository.parse(
      await world.api.expectOk('GET', `${fluxPath('OCIRepository', world.namespace)}/${name}`),
    );
  const byReference = async (name: string): Promise<void> => {
    await pushedChart(`charts/${name}`, '1.0.0');
    await create('OCIRepository', name, {
      interval: '1h',
      insecure: true,
      url: `oci://${world.registry.host}/charts/${name}`,
      ref: { tag: '1.0.0' },
    });
    const spec = { interval: '1h', chartRef: { kind: 'OCIRepository', name } };
    await create('HelmRelease', name, spec, { ...direct, 'event-source': 'webhook' });
    await eventually(async () => (await artifactOf(world, name)).image === `${name}:1.0.0`, {
      what: `Headwind knows what ${name} runs`,
    });
  };

  it('with chartRef has the tag of its OCIRepository moved, and its own history written', async () => {
    await byReference('referred');
    await pushedChart('charts/referred', '1.1.0');
    await theRequestFor(world, 'referred', { phase: 'Completed' });
    expect((await ociRepository('referred')).spec.ref.tag).toBe('1.1.0');
    expect(await historyOf('referred')).toEqual(['referred:1.1.0', 'referred:1.0.0']);
  });

  it.each([
    ['before the tag is set', 'ocirepositories', 'before'],
    ['after the tag is set', 'ocirepositories', 'after'],
    ['before that is recorded', 'helmreleases', 'before'],
    ['after that is recorded', 'helmreleases', 'after'],
  ] as const)('Invariant 4: killed %s, nothing is set twice and all is recorded', async (_, plural, when) => {
    const name = `killed-${plural}-${when}`;
    await byReference(name);
    const before = (await ociRepository(name)).metadata.generation;
    const at = ({ method, path }: { readonly method: string; readonly path: string }): boolean =>
      method === 'PATCH' && path.includes(`/${plural}/`);
    const reached = proxy.stopAt({ at, when });
    const pushing = pushedChart(`charts/${name}`, '1.1.0');
    await reached;
    world.headwind().kill('SIGKILL');
    await world.headwind().exited;
    await pushing.catch(() => undefined);
    await world.restart();

    const request = await theRequestFor(world, name, { phase: 'Completed' });
    const source = await ociRepository(name);
    expect(source.spec.ref.tag).toBe('1.1.0');
    expect(source.metadata.generation).toBe(before + 1);
    expect(await historyOf(name)).toEqual([`${name}:1.1.0`, `${name}:1.0.0`]);
    expect(request.status.previousImage).toBe(`${name}:1.0.0`);
  });
});
