import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fluxCrds } from '../../src/sandbox/kubernetes/flux-crds.ts';
import { startChartRepository, type ChartRepository } from '../parts/chart-repository.ts';
import { startControlPlane, type ControlPlane } from '../parts/control-plane.ts';
import { eventually } from '../parts/eventually.ts';
import {
  FLUX_KINDS,
  fluxCrd,
  fluxObject,
  fluxPath,
  installFluxCrds,
  type FluxKind,
} from '../parts/flux-crds.ts';
import { applyManifest } from '../parts/manifests.ts';
import { DIRECT, releasesOf, type Releases } from '../parts/releases.ts';
import { theRequestFor, workloadViews } from '../parts/workload-views.ts';
import { metricOf, openWorld, workloadOf, type World } from '../parts/world.ts';

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
/** A cluster is looked at for Flux at least so often. */
const NOTICED_MS = 60_000;
const KINDS = ['HelmRelease', 'HelmRepository', 'OCIRepository'] as const;

describe('in a cluster without Flux', () => {
  // One of its own: the shared one has Flux's definitions.
  let controlPlane: ControlPlane;
  let world: World;
  let releases: Releases;
  let charts: ChartRepository;

  beforeAll(async () => {
    controlPlane = await startControlPlane();
    charts = await startChartRepository();
    charts.offer('web', ['1.0.0', '1.1.0']);
    world = await openWorld(controlPlane, { from: 'build' });
    releases = releasesOf(world);
  });
  afterAll(async () => {
    await world.close();
    await charts.stop();
    await controlPlane.stop();
  });

  /** All that a person would take for trouble, but for what is said at the start: that nobody has to prove who he is. */
  const complaints = (): readonly object[] =>
    world
      .headwind()
      .logs()
      .filter(({ level }) => level === 'WARN' || level === 'ERROR')
      .filter(({ fields }) => !('mode' in fields) && !('open' in fields));
  const requestsMade = (): Promise<number> =>
    metricOf(world.headwind(), 'headwind_kubernetes_requests_total{verb="GET",code="404"}');
  const watched = (): Promise<number> => metricOf(world.headwind(), 'headwind_helm_releases_watched');

  it('all else works, and nothing is said of it, however often it is looked for', async () => {
    const images = { app: `${world.registry.host}/app:1.0.0` };
    const annotations = { policy: 'minor', ...DIRECT };
    await world.create('deployments', workloadOf('Deployment', { name: 'app', images, annotations }));
    await eventually(async () => (await workloadViews(world)).length === 1, { what: 'it is known' });
    await world.registry.pushImage({ repository: 'app', tag: '1.1.0' });
    await theRequestFor(world, 'app', { phase: 'Completed' });
    expect(complaints()).toEqual([]);
  });

  it('Flux is noticed when it arrives', async () => {
    const asked = await requestsMade();
    await installFluxCrds(world.api);
    await releases.create('HelmRepository', 'charts', { url: charts.url });
    await releases.release(
      'web',
      { chart: 'web', version: '1.0.0', from: 'charts' },
      { policy: 'minor', ...DIRECT },
    );
    await releases.hasVersion('web', '1.1.0', NOTICED_MS + 40_000);
    expect(await watched()).toBe(1);
    expect(await requestsMade()).toBeLessThanOrEqual(asked + 3);
    expect(complaints()).toEqual([]);
  });

  it('Flux may go again: its releases are forgotten, without a word of complaint', async () => {
    for (const kind of KINDS) await world.api.expectOk('DELETE', `${CRDS}/${crdName(kind)}`);
    await eventually(async () => (await workloadViews(world)).every(({ kind }) => kind !== 'HelmRelease'), {
      what: 'the release is forgotten',
      timeoutMs: NOTICED_MS,
    });
    expect(await watched()).toBe(0);
    expect(complaints()).toEqual([]);
  });

  it('Flux may come back in an older version, which is followed just so', async () => {
    for (const kind of KINDS)
      await eventually(
        async () => (await world.api.request('GET', `${CRDS}/${crdName(kind)}`)).status === 404,
        {
          what: `${crdName(kind)} is gone`,
          timeoutMs: 30_000,
        },
      );
    const versions: Readonly<Record<FluxKind, string>> = {
      HelmRelease: 'v2beta2',
      HelmRepository: 'v1beta2',
      OCIRepository: 'v1beta2',
    };
    for (const kind of KINDS) await applyManifest(world.api, fluxCrd(kind, versions[kind]));
    const create = async (kind: FluxKind, name: string, spec: object): Promise<void> => {
      const version = versions[kind];
      const annotations = kind === 'HelmRelease' ? { policy: 'minor', ...DIRECT } : {};
      const object = fluxObject(kind, { name, spec, annotations, version });
      await eventually(
        async () =>
          (await world.api.request('POST', fluxPath(kind, world.namespace, version), object)).status < 300,
        { what: `${kind} ${name} is created`, timeoutMs: 30_000 },
      );
    };
    await create('HelmRepository', 'charts', { url: charts.url });
    await create('HelmRelease', 'older', {
      interval: '1h',
      chart: {
        spec: { chart: 'web', version: '1.0.0', sourceRef: { kind: 'HelmRepository', name: 'charts' } },
      },
    });
    const request = await theRequestFor(world, 'older', {
      phase: 'Completed',
      timeoutMs: NOTICED_MS + 40_000,
    });
    expect(request.spec.targetRef.apiVersion).toBe('helm.toolkit.fluxcd.io/v2beta2');
    const path = `${fluxPath('HelmRelease', world.namespace, 'v2beta2')}/older`;
    expect(await world.api.expectOk('GET', path)).toMatchObject({
      spec: { chart: { spec: { version: '1.1.0' } } },
    });
    expect(complaints()).toEqual([]);
  });

  it('an API server takes the definitions with which the demo plays Flux', async () => {
    for (const kind of KINDS) await world.api.request('DELETE', `${CRDS}/${crdName(kind)}`);
    for (const crd of fluxCrds())
      await eventually(
        async () => (await world.api.request('POST', `${CRDS}?dryRun=All`, crd)).status !== 409,
        { what: 'the other definition is gone', timeoutMs: 30_000 },
      );
    for (const crd of fluxCrds())
      expect(await world.api.request('POST', `${CRDS}?dryRun=All`, crd)).toMatchObject({ status: 201 });
  });
});

function crdName(kind: FluxKind): string {
  const { plural, group } = FLUX_KINDS[kind];
  return `${plural}.${group}`;
}
