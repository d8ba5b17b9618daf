import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../test/parts/eventually.ts';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { fluxCrd, fluxObject, fluxPath, type FluxKind } from '../../test/parts/flux-crds.ts';
import type { Workload } from '../core/workload.ts';
import {
  startEmbeddedKubernetes,
  type EmbeddedKubernetes,
} from '../sandbox/kubernetes/embedded-kubernetes.ts';
import { createRecordingLog, type RecordingLog } from '../telemetry/recording-log.ts';
import { createCatalog, type Catalog } from './catalog.ts';
import { createKubernetesClient, type KubernetesClient } from './client.ts';
import { createReleaseWatch, type ReleaseWatch } from './release-watch.ts';

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

let api: EmbeddedKubernetes;
let client: KubernetesClient;
let clock: FakeClock;
let catalog: Catalog;
let recorded: RecordingLog;
let told: string[];
let asked: string[];
const started: ReleaseWatch[] = [];

beforeEach(async () => {
  clock = new FakeClock();
  api = await startEmbeddedKubernetes({ crds: [], clock });
  const plain = createKubernetesClient({
    connection: { server: new URL(api.url), token: () => Promise.resolve(undefined) },
  });
  asked = [];
  client = {
    ...plain,
    request: (call) => {
      asked.push(call.path);
      return plain.request(call);
    },
  };
  catalog = createCatalog();
  recorded = createRecordingLog();
  told = [];
});

afterEach(async () => {
  for (const watch of started.splice(0)) await watch.stop();
  client.close();
  await api.close();
});

function follow(): ReleaseWatch {
  const describeOf = ({ artifacts }: Workload): string =>
    artifacts.map(({ image, release }) => `${image} ${release?.obstacle?.code ?? 'followed'}`).join();
  const watch = createReleaseWatch({
    client,
    namespaces: [],
    labelSelector: undefined,
    catalog,
    onChanged: (release, before) =>
      told.push(`${before === undefined ? 'new' : 'changed'}: ${describeOf(release)}`),
    onRemoved: ({ name }) => told.push(`removed: ${name}`),
    onCount: () => undefined,
    onSourceChanged: ({ url }) => told.push(`source: ${url}`),
    clock,
    random: () => 0.5,
    log: recorded.target('watch'),
    onEvent: () => undefined,
  });
  started.push(watch);
  watch.start();
  return watch;
}

const install = (kind: FluxKind, version?: string): Promise<unknown> =>
  client.request({ method: 'POST', path: CRDS, body: fluxCrd(kind, version) });
const installFlux = async (): Promise<void> => {
  for (const kind of ['HelmRelease', 'HelmRepository', 'OCIRepository'] as const) await install(kind);
};
const create = (kind: FluxKind, name: string, spec: object, version?: string): Promise<unknown> =>
  client.request({
    method: 'POST',
    path: fluxPath(kind, 'default', version),
    body: fluxObject(kind, {
      name,
      spec,
      annotations: { policy: 'minor' },
      ...(version === undefined ? {} : { version }),
    }),
  });
const patch = (kind: FluxKind, name: string, body: object, sub = ''): Promise<unknown> =>
  client.request({
    method: 'PATCH',
    path: `${fluxPath(kind, 'default')}/${name}${sub}`,
    contentType: 'application/merge-patch+json',
    body,
  });
const ofCharts = (version: string): object => ({
  chart: { spec: { chart: 'nginx', version, sourceRef: { kind: 'HelmRepository', name: 'charts' } } },
});
const ofOci = { chartRef: { kind: 'OCIRepository', name: 'podinfo' } };

/** Moves the clock a little at a time until something real has happened. */
const inTime = (what: string, check: () => boolean): Promise<unknown> =>
  eventually(
    async () => {
      await clock.advance(250);
      if (!check()) throw new Error(`told so far: ${told.join(' | ')}`);
      return true;
    },
    { what, timeoutMs: 10_000, everyMs: 5 },
  );
const isTold = (line: string): Promise<unknown> => inTime(line, () => told.includes(line));

describe('following releases', () => {
  it('tells each of them, with what its source makes of it', async () => {
    await installFlux();
    await create('HelmRepository', 'charts', { url: 'https://charts.example.com' });
    await create('OCIRepository', 'podinfo', { url: 'oci://reg.example.com/podinfo', ref: { tag: '6.5.4' } });
    await create('HelmRelease', 'web', ofCharts('1.2.3'));
    await create('HelmRelease', 'pod', ofOci);

    const watch = follow();
    await watch.synced;
    await inTime('both are followed', () =>
      ['nginx:1.2.3', 'podinfo:6.5.4'].every((image) =>
        [...catalog.all()].some(
          ({ artifacts: [chart] }) => chart?.image === image && !chart.release?.obstacle,
        ),
      ),
    );
    expect(catalog.byRepository('reg.example.com/podinfo').map(({ workload }) => workload.name)).toEqual([
      'pod',
    ]);
    const source = { kind: 'HelmRepository', namespace: 'default', name: 'charts' } as const;
    expect(watch.sourceOf(source)).toMatchObject({ url: 'https://charts.example.com' });
  });

  it('tells a release again when its source arrives, changes or goes, and others not', async () => {
    await installFlux();
    await create('HelmRelease', 'pod', ofOci);
    await create('HelmRelease', 'web', ofCharts('1.2.3'));
    follow();
    await isTold('new: podinfo chart-source');
    await isTold('new: nginx:1.2.3 chart-source');

    await create('OCIRepository', 'podinfo', { url: 'oci://reg.example.com/podinfo', ref: { tag: '6.5.4' } });
    await isTold('changed: podinfo:6.5.4 followed');
    await patch('OCIRepository', 'podinfo', { spec: { ref: { tag: '6.6.0' } } });
    await isTold('changed: podinfo:6.6.0 followed');
    await client.request({ method: 'DELETE', path: `${fluxPath('OCIRepository', 'default')}/podinfo` });
    await inTime(
      'it is gone',
      () => told.filter((line) => line === 'changed: podinfo chart-source').length === 1,
    );
    expect(told.filter((line) => line.includes('nginx'))).toHaveLength(1);
  });

  it('says nothing of what changes in a status alone, unless another version runs', async () => {
    await installFlux();
    await create('HelmRepository', 'charts', { url: 'https://charts.example.com' });
    await create('HelmRelease', 'web', ofCharts('1.2.3'));
    follow();
    await inTime('it is followed', () => told.some((line) => line.endsWith('nginx:1.2.3 followed')));
    const before = told.length;

    await patch('HelmRelease', 'web', { status: { observedGeneration: 1 } }, '/status');
    await patch('HelmRepository', 'charts', { status: { observedGeneration: 1 } }, '/status');
    const version = (): string | undefined => [...catalog.all()][0]?.resourceVersion;
    const known = version();
    await patch('HelmRelease', 'web', { status: { observedGeneration: 2 } }, '/status');
    await inTime('the new state is known', () => version() !== known);
    expect(told.slice(before)).toEqual([]);

    const history = [{ chartName: 'nginx', chartVersion: '1.2.0' }];
    await patch('HelmRelease', 'web', { status: { history } }, '/status');
    await inTime('the running version is told', () => told.length > before);
    expect([...catalog.all()][0]?.artifacts[0]?.release?.running).toBe('1.2.0');
  });
});

describe('a cluster without Flux', () => {
  it('is no reason to wait, to warn, or to ask often', async () => {
    const watch = follow();
    await watch.synced;
    const before = asked.length;
    await clock.advance(300_000);
    expect(asked.length - before).toBeLessThan(40);
    expect(asked.length - before).toBeGreaterThan(5);
    expect(recorded.entries.filter(({ level }) => level !== 'debug')).toEqual([]);
  });

  it('is followed as soon as Flux arrives, in whichever version', async () => {
    const watch = follow();
    await watch.synced;
    await install('HelmRelease', 'v2beta2');
    await install('HelmRepository', 'v1beta2');
    await create('HelmRepository', 'charts', { url: 'https://charts.example.com' }, 'v1beta2');
    await create('HelmRelease', 'web', ofCharts('1.2.3'), 'v2beta2');
    await inTime('the release is followed', () => told.some((line) => line.endsWith('nginx:1.2.3 followed')));
    expect([...catalog.all()][0]?.apiVersion).toBe('helm.toolkit.fluxcd.io/v2beta2');
    expect(watch.kind.objectPath('default', 'web')).toBe(
      `${fluxPath('HelmRelease', 'default', 'v2beta2')}/web`,
    );
  });

  it('is what it becomes when Flux goes, and the releases with it', async () => {
    await installFlux();
    await create('HelmRelease', 'web', ofCharts('1.2.3'));
    const watch = follow();
    await isTold('new: nginx:1.2.3 chart-source');
    await client.request({ method: 'DELETE', path: `${CRDS}/helmreleases.helm.toolkit.fluxcd.io` });
    await isTold('removed: web');
    await inTime('the watch has ended', () => {
      try {
        watch.kind.objectPath('default', 'web');
        return false;
      } catch {
        return true;
      }
    });
    expect([...catalog.all()]).toEqual([]);
  });
});
