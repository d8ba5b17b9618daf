import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeSelfSigned } from '../../test/parts/certificate.ts';
import { aChartBench, aChartSource, aSecret, told, type ChartBench } from '../../test/parts/chart-bench.ts';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { JSON_TYPE, V2 } from '../../test/parts/registry-bench.ts';
import {
  startScriptedServer,
  type SeenRequest,
  type ScriptedServer,
} from '../../test/parts/scripted-server.ts';

const CHART = 'application/vnd.cncf.helm.config.v1+json';
const IMAGE = 'application/vnd.oci.image.config.v1+json';
const DIGEST = `sha256:${'a'.repeat(64)}`;
const BASIC = `Basic ${Buffer.from('ci:hunter2-hunter2').toString('base64')}`;
const LOGIN = { username: 'ci', password: 'hunter2-hunter2' };

interface Scene {
  readonly config?: string;
  readonly manifest?: object;
  /** Whether it wants to be told who asks. */
  readonly isPrivate?: boolean;
}

const KNOWN = ['6.5.0', '6.4.0_build.1', DIGEST];
const TAGS = ['6.5.0', '6.4.0_build.1', 'latest', `sha256-${'a'.repeat(64)}.sig`];

/** What a registry answers that has `team/charts/podinfo`. */
function answer(
  { method, url, authorization }: SeenRequest,
  scene: Scene,
): readonly [number, object, string] {
  const { config = CHART, manifest = { config: { mediaType: config, digest: DIGEST } } } = scene;
  if (scene.isPrivate === true && authorization !== BASIC)
    return [401, { 'www-authenticate': 'Basic realm="x"' }, '{"errors":[{"code":"UNAUTHORIZED"}]}'];
  const [, kind, name = ''] = /^\/v2\/team\/charts\/podinfo\/(\w+)\/([^?]+)/.exec(url) ?? [];
  if (kind === 'tags') return [200, JSON_TYPE, JSON.stringify({ tags: TAGS })];
  if (!KNOWN.includes(name))
    return [404, {}, `{"errors":[{"code":"${kind === undefined ? 'NAME' : 'MANIFEST'}_UNKNOWN"}]}`];
  const body = JSON.stringify({ schemaVersion: 2, ...manifest });
  return [200, { 'docker-content-digest': DIGEST }, method === 'HEAD' ? '' : body];
}

async function aRegistry(scene: Scene = {}): Promise<ScriptedServer> {
  const server = await startScriptedServer((request, response) => {
    const [status, headers, body] = answer(request, scene);
    response.writeHead(status, { ...V2, ...headers }).end(body);
  });
  onTestFinished(() => server.stop());
  return server;
}

function aBench(options: Parameters<typeof aChartBench>[0] = {}): ChartBench {
  const bench = aChartBench(options);
  onTestFinished(() => bench.sources.close());
  return bench;
}

const podinfo = new Set(['podinfo']);
const at = ({ host }: { readonly host: string }): string => `oci://${host}/team/charts`;

describe('charts in a registry', () => {
  it('have their tags as versions; _ stands for +, and what is no version is passed over', async () => {
    const server = await aRegistry();
    const { sources } = aBench({ insecure: [server.host] });
    const listing = await sources.list({
      source: aChartSource({ url: at(server) }),
      charts: new Set(['podinfo', 'nobody', 'Bad Name']),
    });
    expect(told(listing)).toEqual(['podinfo: 6.5.0 6.4.0+build.1', 'nobody: missing', 'Bad Name: missing']);
  });

  it('of an OCIRepository are the one that it names', async () => {
    const server = await aRegistry();
    const { sources } = aBench({ insecure: [server.host] });
    const source = aChartSource({ kind: 'OCIRepository', url: `${at(server)}/podinfo` });
    expect(told(await sources.list({ source, charts: new Set(['anything']) }))).toEqual([
      'anything: 6.5.0 6.4.0+build.1',
    ]);
    expect(await sources.confirm({ source, chart: 'anything', version: '6.5.0' })).toMatchObject({
      outcome: 'found',
    });
  });

  it('may be spoken to in plain HTTP where the source says so, which is no other source’s business', async () => {
    const server = await aRegistry();
    const { sources } = aBench();
    const insecure = await sources.list({
      source: aChartSource({ url: at(server), insecure: true }),
      charts: podinfo,
    });
    const secure = await sources.list({ source: aChartSource({ url: at(server) }), charts: podinfo });
    expect([told(insecure), told(secure)]).toEqual([
      ['podinfo: 6.5.0 6.4.0+build.1'],
      ['podinfo: unavailable'],
    ]);
  });

  it('are trusted by the source’s own certificate alone', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'headwind-oci-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    const { key, certificateFile } = await makeSelfSigned(directory, 'localhost');
    const ca = await readFile(certificateFile, 'utf8');
    const server = createServer({ key, cert: ca }, (_, response) => response.end('{"tags":["1.0.0"]}'));
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const address = server.address();
    const url = `oci://localhost:${typeof address === 'object' ? address?.port : ''}/charts`;
    const { sources } = aBench({ secrets: { 'flux-system/tls': aSecret({ 'ca.crt': ca }) } });
    const trusted = await sources.list({
      source: aChartSource({ url, certSecretName: 'tls' }),
      charts: podinfo,
    });
    const untrusted = await sources.list({ source: aChartSource({ url }), charts: podinfo });
    expect([told(trusted), told(untrusted)]).toEqual([['podinfo: 1.0.0'], ['podinfo: unavailable']]);
  });
});

describe('credentials for a registry', () => {
  const docker = (host: string): unknown =>
    aSecret(
      {
        '.dockerconfigjson': JSON.stringify({
          auths: { [host]: LOGIN, 'other.test': { ...LOGIN, password: 'x' } },
        }),
      },
      'kubernetes.io/dockerconfigjson',
    );

  it.each([
    ['user and password', () => aSecret(LOGIN), ['podinfo: 6.5.0 6.4.0+build.1']],
    ['a Docker configuration', docker, ['podinfo: 6.5.0 6.4.0+build.1']],
    ['a Docker configuration for somebody else', () => docker('else.test'), ['podinfo: denied']],
    ['something else', () => aSecret({ token: 'x' }), ['podinfo: denied']],
    ['a broken Docker configuration', () => aSecret({ '.dockerconfigjson': '{' }), ['podinfo: denied']],
  ])('may be %s', async (_, secretFor, expected) => {
    const server = await aRegistry({ isPrivate: true });
    const secrets = { 'flux-system/login': secretFor(server.host) };
    const bench = aBench({ insecure: [server.host], secrets });
    const source = aChartSource({ url: at(server), secretName: 'login' });
    expect(told(await bench.sources.list({ source, charts: podinfo }))).toEqual(expected);
    expect(bench.logged.join()).not.toContain('hunter2');
  });

  it('that are refused are told by the name of their Secret', async () => {
    const server = await aRegistry({ isPrivate: true });
    const secrets = { 'flux-system/login': aSecret({ ...LOGIN, password: 'hunter3-hunter3' }) };
    const { sources } = aBench({ insecure: [server.host], secrets });
    const source = aChartSource({ url: at(server), secretName: 'login' });
    const listing = await sources.list({ source, charts: podinfo });
    const message = expect.stringMatching(
      /HelmRepository\/flux-system\/podinfo shows Secret flux-system\/login$/,
    );
    expect(listing).toMatchObject({
      charts: new Map([['podinfo', { problem: { kind: 'denied', message } }]]),
    });
    expect(await sources.confirm({ source, chart: 'podinfo', version: '6.5.0' })).toMatchObject({
      denied: true,
      message,
    });
  });

  it('that are lacking are told as such', async () => {
    const server = await aRegistry({ isPrivate: true });
    const { sources } = aBench({ insecure: [server.host] });
    const source = aChartSource({ url: at(server) });
    expect(await sources.confirm({ source, chart: 'podinfo', version: '6.5.0' })).toEqual({
      outcome: 'unavailable',
      denied: true,
      message: `${server.host} answered 401 (asked without credentials: HelmRepository/flux-system/podinfo has no Secret for it)`,
    });
  });
});

describe('a version in a registry', () => {
  it.each<[string, Scene, string, object]>([
    ['that is a chart is found', {}, '6.5.0', { outcome: 'found', digest: DIGEST }],
    ['is found by its +', {}, '6.4.0+build.1', { outcome: 'found', digest: DIGEST }],
    ['that is not there is missing', {}, '7.0.0', { outcome: 'missing' }],
    ['that can be no tag is missing', {}, '7.0.0/..', { outcome: 'missing' }],
    [
      'that is an image is no chart',
      { config: IMAGE },
      '6.5.0',
      {
        outcome: 'missing',
        message: expect.stringMatching(/podinfo:6\.5\.0 is not a chart: its type is "application/),
      },
    ],
    [
      'that is an index of images is no chart',
      { manifest: { manifests: [] } },
      '6.5.0',
      { outcome: 'missing', message: expect.stringMatching(/is an index of images, not a chart$/) },
    ],
    ['that is nothing known is not decided about', { manifest: {} }, '6.5.0', { outcome: 'unavailable' }],
  ])('%s', async (_, scene, version, expected) => {
    const server = await aRegistry(scene);
    const { sources } = aBench({ insecure: [server.host] });
    const source = aChartSource({ url: at(server) });
    expect(await sources.confirm({ source, chart: 'podinfo', version })).toMatchObject(expected);
  });

  it('that is an image is left out of lists for an hour, and is asked for anew by its name', async () => {
    const scene: { config: string } = { config: IMAGE };
    const server = await aRegistry(scene);
    const clock = new FakeClock();
    const { sources } = aBench({ insecure: [server.host], clock });
    const source = aChartSource({ url: at(server) });
    const confirm = (): Promise<unknown> => sources.confirm({ source, chart: 'podinfo', version: '6.5.0' });
    const list = async (): Promise<unknown> => told(await sources.list({ source, charts: podinfo }));

    expect(await confirm()).toMatchObject({ outcome: 'missing', isOther: true });
    expect(await list()).toEqual(['podinfo: 6.4.0+build.1']);
    await clock.advance(3_600_000);
    expect(await list()).toEqual(['podinfo: 6.5.0 6.4.0+build.1']);

    await confirm();
    expect(await list()).toEqual(['podinfo: 6.4.0+build.1']);
    await sources.confirm({ source, chart: 'podinfo', version: '7.0.0' });
    expect(await list()).toEqual(['podinfo: 6.4.0+build.1']);
  });

  it('is looked into once for each digest', async () => {
    const server = await aRegistry();
    const { sources } = aBench({ insecure: [server.host] });
    const source = aChartSource({ url: at(server) });
    for (let time = 0; time < 3; time += 1)
      await sources.confirm({ source, chart: 'podinfo', version: '6.5.0' });
    expect(server.requests.map(({ method }) => method)).toEqual(['HEAD', 'GET', 'HEAD', 'HEAD']);
  });
});
