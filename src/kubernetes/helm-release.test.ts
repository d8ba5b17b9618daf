import { describe, expect, it } from 'vitest';
import type { Workload } from '../core/workload.ts';
import { projectHelmRepository, projectOciRepository, type KnownSource } from './flux-sources.ts';
import { projectRelease, readRelease, resolveRelease } from './helm-release.ts';

const API_VERSION = 'helm.toolkit.fluxcd.io/v2';
const CHART = { chart: 'nginx', version: '1.2.3', sourceRef: { kind: 'HelmRepository', name: 'charts' } };

function aReleaseObject(spec: object, status?: unknown, annotations?: object): unknown {
  return {
    apiVersion: API_VERSION,
    kind: 'HelmRelease',
    metadata: {
      name: 'web',
      namespace: 'shop',
      uid: 'u1',
      resourceVersion: '42',
      annotations: annotations ?? {
        'headwind.sh/policy': 'minor',
        'headwind.sh/update-history': '[]',
        other: 'x',
      },
    },
    spec: { interval: '10m', ...spec },
    ...(status === undefined ? {} : { status }),
  };
}

const ofTemplate = (change: object, status?: unknown): unknown =>
  aReleaseObject({ chart: { spec: { ...CHART, ...change } } }, status);
const ofReference = (chartRef: object, status?: unknown): unknown => aReleaseObject({ chartRef }, status);

function project(object: unknown): Workload {
  const projected = projectRelease(object, API_VERSION);
  if (projected === undefined) throw new Error('it carries no policy');
  return projected;
}

describe('projecting a HelmRelease', () => {
  it('keeps what a decision needs and nothing else', () => {
    expect(project(ofTemplate({}))).toEqual({
      kind: 'HelmRelease',
      apiVersion: API_VERSION,
      namespace: 'shop',
      name: 'web',
      uid: 'u1',
      resourceVersion: '42',
      annotations: { 'headwind.sh/policy': 'minor' },
      artifacts: [
        {
          type: 'chart',
          name: 'nginx',
          image: 'nginx:1.2.3',
          release: {
            setIn: 'release',
            source: { kind: 'HelmRepository', namespace: 'shop', name: 'charts' },
            intervalMs: 600_000,
          },
        },
      ],
      pullSecrets: [],
      serviceAccount: 'default',
    });
  });

  it('leaves out what carries no policy, but reads it where it is asked for, history and all', () => {
    const bare = aReleaseObject({ chart: { spec: CHART } }, undefined, {
      'headwind.sh/update-history': '[]',
    });
    expect(projectRelease(bare, API_VERSION)).toBeUndefined();
    expect(readRelease(bare, API_VERSION).annotations).toEqual({ 'headwind.sh/update-history': '[]' });
  });

  it.each<[string, unknown, object]>([
    ['a version with build metadata', ofTemplate({ version: '1.2.3+up1' }), { image: 'nginx:1.2.3+up1' }],
    [
      'a source in another namespace',
      ofTemplate({ sourceRef: { ...CHART.sourceRef, namespace: 'flux' } }),
      { release: { source: { namespace: 'flux' } } },
    ],
    ['an interval of the chart', ofTemplate({ interval: '1h30m' }), { release: { intervalMs: 5_400_000 } }],
    [
      'a range',
      ofTemplate({ version: '1.x' }),
      { image: 'nginx:1.x', release: { obstacle: { code: 'flux-owns-range' } } },
    ],
    [
      'a range, and the version that runs',
      ofTemplate({ version: '>=1.0.0 <2' }, { history: [{ chartName: 'nginx', chartVersion: '1.4.2' }] }),
      { release: { obstacle: { code: 'flux-owns-range' }, running: '1.4.2' } },
    ],
    [
      'no version, which is any',
      ofTemplate({ version: undefined }),
      { image: 'nginx:*', release: { obstacle: { code: 'flux-owns-range' } } },
    ],
    [
      'a chart in a Git repository',
      ofTemplate({ chart: './charts/web', sourceRef: { kind: 'GitRepository', name: 'x' } }),
      { image: './charts/web:1.2.3', release: { obstacle: { code: 'chart-source' } } },
    ],
    [
      'another version that runs',
      ofTemplate(
        {},
        { history: [{ chartName: 'nginx', chartVersion: '1.2.0' }], lastAttemptedRevision: '1.2.3' },
      ),
      { release: { running: '1.2.0' } },
    ],
    [
      'the status of v2beta1, which has no history',
      ofTemplate({}, { lastAttemptedRevision: '1.2.0', lastAppliedRevision: '1.1.0' }),
      { release: { running: '1.2.0' } },
    ],
    [
      'a status that cannot be read',
      ofTemplate({}, { history: 'none', lastAttemptedRevision: 7 }),
      { image: 'nginx:1.2.3' },
    ],
    [
      'chartRef, before its source is known',
      ofReference({ kind: 'OCIRepository', name: 'podinfo' }),
      {
        release: {
          unresolved: true,
          source: { kind: 'OCIRepository', namespace: 'shop', name: 'podinfo' },
          obstacle: { code: 'chart-source' },
        },
      },
    ],
    [
      'chartRef into another namespace',
      ofReference({ kind: 'OCIRepository', name: 'podinfo', namespace: 'other' }),
      { release: { obstacle: { message: expect.stringContaining('namespace other') } } },
    ],
    [
      'chartRef to a HelmChart',
      ofReference({ kind: 'HelmChart', name: 'podinfo' }),
      { release: { obstacle: { message: expect.stringContaining('is a HelmChart') } } },
    ],
  ])('%s', (_, object, expected) => {
    expect(project(object).artifacts).toMatchObject([expected]);
  });

  it.each<[string, unknown]>([
    ['neither chart nor chartRef', aReleaseObject({})],
    ['a chart without a spec', aReleaseObject({ chart: {} })],
    ['a chart of the wrong shape', aReleaseObject({ chart: 'nginx', chartRef: null })],
  ])('a release with %s has nothing to update, and is no error', (_, object) => {
    expect(project(object).artifacts).toEqual([]);
  });

  it('says that the release is suspended', () => {
    expect(project(aReleaseObject({ suspend: true, chart: { spec: CHART } }))).toMatchObject({
      suspended: true,
    });
  });
});

const metadata = { name: 'x', namespace: 'shop', uid: 'u2', resourceVersion: '7' };
const helmRepository = (spec: object): KnownSource =>
  projectHelmRepository({ metadata, spec }, 'source.toolkit.fluxcd.io/v1');
const ociRepository = (ref: object | undefined, url = 'oci://reg.example.com/charts/podinfo'): KnownSource =>
  projectOciRepository({ metadata, spec: { url, ref } }, 'source.toolkit.fluxcd.io/v1');

describe('a source of charts', () => {
  it('is read with all that Headwind needs to ask it', () => {
    const known = helmRepository({
      url: 'https://charts.example.com',
      interval: '1h0m0s',
      timeout: '30s',
      secretRef: { name: 'login' },
      certSecretRef: { name: 'ca' },
      passCredentials: true,
      suspend: true,
      provider: 'gcp',
    });
    expect(known.source).toEqual({
      kind: 'HelmRepository',
      apiVersion: 'source.toolkit.fluxcd.io/v1',
      namespace: 'shop',
      name: 'x',
      uid: 'u2',
      type: 'http',
      url: 'https://charts.example.com',
      secretName: 'login',
      certSecretName: 'ca',
      passCredentials: true,
      insecure: false,
      timeoutMs: 30_000,
      suspended: true,
      provider: 'gcp',
      intervalMs: 3_600_000,
    });
  });

  it.each([
    ['an index', { url: 'http://charts.example.com' }, 'http'],
    ['a registry', { url: 'oci://reg.example.com/charts', type: 'oci' }, 'oci'],
    ['a registry whose type was forgotten', { url: 'oci://reg.example.com/charts' }, 'oci'],
    ['an index of the default type', { url: 'https://charts.example.com', type: 'default' }, 'http'],
  ])('is told from the other sort: %s', (_, spec, type) => {
    expect(helmRepository(spec).source.type).toBe(type);
  });

  it('asks with sensible limits where nothing, or nonsense, is written', () => {
    const { source } = helmRepository({ url: 'https://x.example.com', timeout: 'long', interval: 5 });
    expect(source).toMatchObject({ timeoutMs: 60_000, provider: 'generic', insecure: false });
    expect(source.intervalMs).toBeUndefined();
  });
});

describe('a release and its source', () => {
  const resolve = (object: unknown, known: KnownSource | 'unasked' | undefined): unknown =>
    resolveRelease(project(object), () => known).artifacts;

  it.each<[string, unknown, KnownSource | 'unasked' | undefined, object]>([
    [
      'a chart in a registry is found by its repository',
      ofTemplate({}),
      helmRepository({ url: 'oci://Reg.example.com/team/', type: 'oci' }),
      { release: { repository: { host: 'reg.example.com', path: 'team/nginx' } } },
    ],
    [
      'a source that is not there is an obstacle',
      ofTemplate({}),
      undefined,
      { image: 'nginx:1.2.3', release: { obstacle: { code: 'chart-source' } } },
    ],
    [
      'the range of a release stays its obstacle, whatever the source',
      ofTemplate({ version: '*' }),
      undefined,
      { release: { obstacle: { code: 'flux-owns-range' } } },
    ],
    [
      'the tag of an OCIRepository is the version',
      ofReference({ kind: 'OCIRepository', name: 'x' }),
      ociRepository({ tag: '6.5.4_up1' }),
      {
        name: 'podinfo',
        image: 'podinfo:6.5.4+up1',
        release: { setIn: 'source', repository: { host: 'reg.example.com', path: 'charts/podinfo' } },
      },
    ],
    [
      'an OCIRepository without a tag follows latest',
      ofReference({ kind: 'OCIRepository', name: 'x' }),
      ociRepository(undefined),
      { image: 'podinfo:latest' },
    ],
    [
      'a range of an OCIRepository is left to Flux',
      ofReference({ kind: 'OCIRepository', name: 'x' }, { lastAttemptedRevision: '6.5.4+b2cb6e0a9f63' }),
      ociRepository({ semver: '6.x', tag: '6.5.4' }),
      { image: 'podinfo:6.x', release: { obstacle: { code: 'flux-owns-range' } } },
    ],
    [
      'a digest of an OCIRepository comes before everything',
      ofReference({ kind: 'OCIRepository', name: 'x' }),
      ociRepository({ digest: `sha256:${'a'.repeat(64)}`, semver: '6.x', tag: '6.5.4' }),
      { release: { obstacle: { code: 'chart-source' } } },
    ],
    [
      'what runs of an OCIRepository is told without its digest',
      ofReference({ kind: 'OCIRepository', name: 'x' }, { lastAttemptedRevision: '6.5.3+b2cb6e0a9f63' }),
      ociRepository({ tag: '6.5.4' }),
      { release: { running: '6.5.3' } },
    ],
  ])('%s', (_, object, known, expected) => {
    expect(resolve(object, known)).toMatchObject([expected]);
  });

  it('an index has no repository, and an OCIRepository that is known is no obstacle', () => {
    expect(resolve(ofTemplate({}), helmRepository({ url: 'https://charts.example.com' }))).toEqual([
      expect.objectContaining({ release: expect.not.objectContaining({ repository: expect.anything() }) }),
    ]);
    expect(
      resolve(ofReference({ kind: 'OCIRepository', name: 'x' }), ociRepository({ tag: '6.5.4' })),
    ).toEqual([
      expect.objectContaining({
        release: expect.not.objectContaining({ obstacle: expect.anything(), unresolved: true }),
      }),
    ]);
  });

  it('is as it was where nobody asked for the source', () => {
    expect(resolve(ofTemplate({}), 'unasked')).toEqual(project(ofTemplate({})).artifacts);
  });
});
