import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeSelfSigned } from '../../test/parts/certificate.ts';
import { aChartBench, aChartSource, aSecret, told, type ChartBench } from '../../test/parts/chart-bench.ts';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { startScriptedServer, type Script, type ScriptedServer } from '../../test/parts/scripted-server.ts';

const DIGEST = 'a'.repeat(64);
const INDEX = `apiVersion: v1
entries:
  nginx:
  - version: 15.0.0
  podinfo:
  - version: 6.5.0
    digest: ${DIGEST}
  - name: without version
  - version: 6.4.0
  old:
  - version: 1.0.0
    deprecated: true
`;

async function aServer(script: Script): Promise<ScriptedServer> {
  const server = await startScriptedServer(script);
  onTestFinished(() => server.stop());
  return server;
}

function aBench(options: Parameters<typeof aChartBench>[0] = {}): ChartBench {
  const bench = aChartBench(options);
  onTestFinished(() => bench.sources.close());
  return bench;
}

const podinfo = new Set(['podinfo']);
const serves =
  (body: string | Buffer, headers: Record<string, string> = {}): Script =>
  (_, response) =>
    void response.writeHead(200, headers).end(body);

describe('an index', () => {
  it('tells the versions of the wanted charts and what it lacks', async () => {
    const server = await aServer(serves(INDEX));
    const source = aChartSource({ url: `${server.url}/charts/?token=1` });

    const listing = await aBench().sources.list({ source, charts: new Set(['podinfo', 'old', 'nobody']) });

    expect(told(listing)).toEqual(['podinfo: 6.5.0 6.4.0', 'old: ', 'nobody: missing']);
    expect(listing).toMatchObject({ skipped: 1 });
    expect(server.requests.map(({ url }) => url)).toEqual(['/charts/index.yaml?token=1']);
  });

  it.each([
    ['compressed', gzipSync(INDEX), { 'content-encoding': 'gzip' }],
    ['in one that is read as a whole', '{entries: {podinfo: [{version: 6.5.0}, {version: 6.4.0}]}}', {}],
    ['as JSON', JSON.stringify({ entries: { podinfo: [{ version: '6.5.0' }, { version: '6.4.0' }] } }), {}],
    ['after a byte order mark', `\ufeff${INDEX}`, {}],
  ])('may come %s', async (_, body, headers) => {
    const server = await aServer(serves(body, headers));
    const listing = await aBench().sources.list({ source: aChartSource(server), charts: podinfo });
    expect(told(listing)).toEqual(['podinfo: 6.5.0 6.4.0']);
  });

  it.each([
    ['an ETag', { etag: '"1"' }, 'if-none-match', '"1"'],
    [
      'a date',
      { 'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT' },
      'if-modified-since',
      'Thu, 01 Jan 2026 00:00:00 GMT',
    ],
  ])('with %s is sent once', async (_, headers, asked, value) => {
    const server = await aServer((request, response) =>
      request.headers[asked] === undefined
        ? response.writeHead(200, headers).end(INDEX)
        : response.writeHead(304).end(),
    );
    const { sources, outcomes } = aBench();
    const source = aChartSource(server);

    const first = await sources.list({ source, charts: podinfo });
    const second = await sources.list({ source, charts: podinfo });

    expect(told(second)).toEqual(told(first));
    const unchanged = [first, second].map((listing) => {
      const found = listing.outcome === 'complete' ? listing.charts.get('podinfo') : undefined;
      return found !== undefined && 'unchanged' in found && found.unchanged;
    });
    expect(unchanged).toEqual([false, true]);
    expect(outcomes).toEqual(['answered', 'not-modified']);
    expect(server.requests[1]?.headers[asked]).toBe(value);
  });

  it('is asked for anew where another chart is wanted of it', async () => {
    const server = await aServer((request, response) =>
      request.headers['if-none-match'] === undefined
        ? response.writeHead(200, { etag: '"1"' }).end(INDEX)
        : response.writeHead(304).end(),
    );
    const { sources, outcomes } = aBench();
    const source = aChartSource(server);

    await sources.list({ source, charts: podinfo });
    const both = await sources.list({ source, charts: new Set(['nginx']) });
    await sources.list({ source, charts: podinfo });

    expect(told(both)).toEqual(['nginx: 15.0.0']);
    expect(outcomes).toEqual(['answered', 'answered', 'not-modified']);
  });

  it('is asked for once by all who want it at the same time', async () => {
    const server = await aServer(serves(INDEX));
    const { sources } = aBench();
    const source = aChartSource(server);
    await Promise.all(Array.from({ length: 20 }, () => sources.list({ source, charts: podinfo })));
    expect(server.requests).toHaveLength(1);
  });

  it('that cannot be told by a scan is sent twice, and from then on read as a whole', async () => {
    const server = await aServer(serves('{entries: {podinfo: [{version: 6.5.0}]}}'));
    const { sources } = aBench();
    const source = aChartSource(server);
    await sources.list({ source, charts: podinfo });
    expect(server.requests).toHaveLength(2);
    await sources.list({ source, charts: podinfo });
    expect(server.requests).toHaveLength(3);
  });
});

describe('nothing is decided', () => {
  it.each<[string, Script, RegExp]>([
    [
      'by an index that breaks off',
      (_, response, socket) => {
        response.writeHead(200, { 'content-length': '100000' }).write(INDEX);
        setTimeout(() => socket.destroy(), 20);
      },
      /^unavailable: \S+ closed the connection/,
    ],
    [
      'by a compressed one that breaks off',
      serves(gzipSync(INDEX).subarray(0, 60), { 'content-encoding': 'gzip' }),
      /^unavailable: \S+ closed the connection in mid-answer$/,
    ],
    ['by a page', serves('<html>Sign in</html>'), /answered with a page and no index$/],
    ['by an empty answer', serves(''), /answered with nothing at all$/],
    ['by another document', serves('kind: Deployment'), /answered with something that is no chart index$/],
    [
      'by an encoding that was not asked for',
      serves('x', { 'content-encoding': 'br' }),
      /an encoding that was not asked for$/,
    ],
    [
      'by what is not compressed as it says',
      serves('hello', { 'content-encoding': 'gzip' }),
      /not compressed as it says$/,
    ],
    [
      'where there is none',
      (_, response) => response.writeHead(404).end(),
      /^missing: \S+ has no chart repository there/,
    ],
    ['where it fails', (_, response) => response.writeHead(500).end(), /^unavailable: \S+ answered 500/],
    [
      'where it answers without being asked',
      (_, response) => response.writeHead(304).end(),
      /^unavailable: \S+ answered 304$/,
    ],
    [
      'where it refuses',
      (_, response) => response.writeHead(401).end(),
      /^unavailable \(denied\): \S+ answered 401 \(HelmRepository\/flux-system\/podinfo names no secretRef\)$/,
    ],
    [
      'where it leads in a circle',
      (_, response) => response.writeHead(302, { location: '/again' }).end(),
      /redirects more than 5 times$/,
    ],
  ])('%s', async (_, script, expected) => {
    const server = await aServer(script);
    const listing = await aBench().sources.list({ source: aChartSource(server), charts: podinfo });
    expect(told(listing)).toMatch(expected);
  });

  it('by a server that is too slow', async () => {
    const server = await aServer((_, response) => void response.writeHead(200).write(INDEX));
    const listing = await aBench().sources.list({
      source: aChartSource({ url: server.url, timeoutMs: 200 }),
      charts: podinfo,
    });
    expect(told(listing)).toMatch(/did not finish its answer within/);
  });

  it('by more than 100 MiB, whatever it comes as', async () => {
    const bomb = gzipSync(Buffer.alloc(101 * 1024 * 1024, '# nothing\n'));
    const server = await aServer(serves(bomb, { 'content-encoding': 'gzip' }));
    const listing = await aBench().sources.list({ source: aChartSource(server), charts: podinfo });
    expect(told(listing)).toMatch(/answered with an index of more than 100 MiB$/);
  });

  it('while a host that has enough of us asks for a pause', async () => {
    const server = await aServer((_, response) => response.writeHead(429, { 'retry-after': '90' }).end());
    const clock = new FakeClock();
    const { sources } = aBench({ clock });
    const source = aChartSource(server);
    expect(await sources.list({ source, charts: podinfo })).toMatchObject({ retryAfterMs: 90_000 });
    expect(await sources.list({ source, charts: podinfo })).toMatchObject({ outcome: 'unavailable' });
    expect(server.requests).toHaveLength(1);
  });

  it('by a source that is suspended, which is not asked', async () => {
    const server = await aServer(serves(INDEX));
    const source = aChartSource({ url: server.url, suspended: true });
    const { sources } = aBench();
    expect(await sources.list({ source, charts: podinfo })).toEqual({
      outcome: 'unavailable',
      message: 'HelmRepository/flux-system/podinfo is suspended (spec.suspend)',
      suspended: true,
    });
    expect(await sources.confirm({ source, chart: 'podinfo', version: '6.5.0' })).toMatchObject({
      outcome: 'unavailable',
    });
    expect(server.requests).toEqual([]);
  });
});

describe('a version', () => {
  it.each([
    [
      'that is there is found, with its digest',
      'podinfo',
      '6.5.0',
      { outcome: 'found', digest: `sha256:${DIGEST}` },
    ],
    ['is found without a digest too', 'podinfo', '6.4.0', { outcome: 'found', digest: '' }],
    ['that is not there is missing', 'podinfo', '7.0.0', { outcome: 'missing' }],
    ['that is deprecated is missing', 'old', '1.0.0', { outcome: 'missing' }],
    ['of a chart that is not there is missing', 'nobody', '1.0.0', { outcome: 'missing' }],
  ])('%s', async (_, chart, version, expected) => {
    const server = await aServer(serves(INDEX));
    const source = aChartSource(server);
    expect(await aBench().sources.confirm({ source, chart, version })).toMatchObject(expected);
  });

  it('is confirmed by what was read just now, but not refused by it', async () => {
    let index = INDEX;
    const server = await aServer((_, response) => response.end(index));
    const { sources } = aBench();
    const source = aChartSource(server);
    await sources.list({ source, charts: podinfo });
    await sources.confirm({ source, chart: 'podinfo', version: '6.5.0' });
    expect(server.requests).toHaveLength(1);
    index = index.replace('6.4.0', '6.6.0');
    expect(await sources.confirm({ source, chart: 'podinfo', version: '6.6.0' })).toMatchObject({
      outcome: 'found',
    });
    expect(server.requests).toHaveLength(2);
  });
});

describe('credentials', () => {
  const secrets = {
    'flux-system/basic': aSecret({ username: 'ci', password: 'hunter2-hunter2' }),
    'flux-system/half': aSecret({ username: 'ci' }),
    'flux-system/nothing': aSecret({ other: 'x' }),
    'flux-system/ca': aSecret({ 'ca.crt': 'no certificate' }),
    'flux-system/key': aSecret({ 'tls.key': 'a key' }),
    'flux-system/docker': aSecret({ '.dockerconfigjson': '{"auths":{}}' }, 'kubernetes.io/dockerconfigjson'),
  };
  const BASIC = `Basic ${Buffer.from('ci:hunter2-hunter2').toString('base64')}`;

  it('are those of the Secret, and appear nowhere else', async () => {
    const server = await aServer((request, response) =>
      request.authorization === BASIC
        ? response.end(INDEX)
        : response.writeHead(401).end(JSON.stringify({ message: 'no hunter2-hunter2' })),
    );
    const bench = aBench({ secrets });
    const { sources } = bench;
    const source = aChartSource({ url: server.url, secretName: 'basic' });

    expect(told(await sources.list({ source, charts: podinfo }))).toEqual(['podinfo: 6.5.0 6.4.0']);
    expect(bench.logged.join()).not.toContain('hunter2');
  });

  it('that are refused are not quoted', async () => {
    const server = await aServer((_, response) =>
      response.writeHead(403).end(JSON.stringify({ message: 'not with hunter2-hunter2' })),
    );
    const { sources } = aBench({ secrets });
    const source = aChartSource({ url: server.url, secretName: 'basic' });
    expect(told(await sources.list({ source, charts: podinfo }))).toBe(
      `unavailable (denied): ${server.host} answered 403: not with [redacted] (Secret flux-system/basic was shown)`,
    );
  });

  it('may stand in the URL', async () => {
    const server = await aServer((request, response) =>
      response.end(request.authorization === BASIC ? INDEX : ''),
    );
    const bench = aBench();
    const url = server.url.replace('http://', 'http://ci:hunter2-hunter2@');
    const listing = await bench.sources.list({ source: aChartSource({ url }), charts: podinfo });
    expect(told(listing)).toEqual(['podinfo: 6.5.0 6.4.0']);
    expect(bench.logged.join()).not.toContain('hunter2');
  });

  it.each([false, true])(
    'never follow a redirect to another host (passCredentials: %s)',
    async (passCredentials) => {
      const other = await aServer(serves(INDEX));
      const server = await aServer((_, response) =>
        response.writeHead(302, { location: `${other.url}/index.yaml` }).end(),
      );
      const { sources } = aBench({ secrets });
      const source = aChartSource({ url: server.url, secretName: 'basic', passCredentials });
      expect(told(await sources.list({ source, charts: podinfo }))).toEqual(['podinfo: 6.5.0 6.4.0']);
      expect(server.requests[0]?.authorization).toBe(BASIC);
      expect(other.requests[0]?.authorization).toBeUndefined();
    },
  );

  it.each([
    ['half', 'it has no password'],
    ['nothing', 'it has neither username and password nor certificates'],
    ['docker', 'it has neither username and password nor certificates'],
    ['absent', 'it does not exist, or may not be read'],
    ['key', 'it has tls.key, but no tls.crt'],
    ['ca', 'its ca.crt is no certificate (PEM)'],
  ])('in a Secret that is of no use (%s) are told as such, and nothing is asked', async (secretName, why) => {
    const server = await aServer(serves(INDEX));
    const { sources } = aBench({ secrets });
    const source = aChartSource({ url: server.url, secretName });
    expect(told(await sources.list({ source, charts: podinfo }))).toBe(
      `unavailable (denied): Secret flux-system/${secretName} of HelmRepository/flux-system/podinfo: ${why}`,
    );
    expect(server.requests).toEqual([]);
  });

  it('of another Secret read another index', async () => {
    const server = await aServer((request, response) =>
      request.headers['if-none-match'] === undefined
        ? response.writeHead(200, { etag: '"1"' }).end(INDEX)
        : response.writeHead(304).end(),
    );
    const { sources, outcomes } = aBench({ secrets });
    await sources.list({ source: aChartSource({ url: server.url, secretName: 'basic' }), charts: podinfo });
    await sources.list({ source: aChartSource(server), charts: podinfo });
    expect(outcomes).toEqual(['answered', 'answered']);
  });
});

describe('a repository behind TLS', () => {
  async function aTlsServer(): Promise<{ readonly url: string; readonly ca: string; readonly key: string }> {
    const directory = await mkdtemp(join(tmpdir(), 'headwind-charts-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    const { key, certificateFile } = await makeSelfSigned(directory, 'localhost');
    const ca = await readFile(certificateFile, 'utf8');
    const options = { key, cert: ca, ca, requestCert: true, rejectUnauthorized: false };
    const server = createServer(options, (request, response) => {
      const isKnown = 'authorized' in request.socket && request.socket.authorized === true;
      response.end(INDEX.replace('6.5.0', isKnown ? '6.9.0' : '6.5.0'));
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const address = server.address();
    return { url: `https://localhost:${typeof address === 'object' ? address?.port : ''}`, ca, key };
  }

  it.each([
    ['certSecretRef', (ca: string) => ({ certSecretName: 'tls', entries: { 'ca.crt': ca } })],
    ['certSecretRef of an older form', (ca: string) => ({ certSecretName: 'tls', entries: { caFile: ca } })],
    ['secretRef', (ca: string) => ({ secretName: 'tls', entries: { caFile: ca } })],
  ])('is trusted by its %s alone', async (_, toSource) => {
    const { url, ca } = await aTlsServer();
    const { entries, ...names } = toSource(ca);
    const { sources } = aBench({ secrets: { 'flux-system/tls': aSecret(entries) } });

    const trusted = await sources.list({ source: aChartSource({ url, ...names }), charts: podinfo });
    const untrusted = await sources.list({ source: aChartSource({ url, name: 'other' }), charts: podinfo });

    expect(told(trusted)).toEqual(['podinfo: 6.5.0 6.4.0']);
    expect(told(untrusted)).toMatch(/has a TLS certificate that is not trusted here/);
  });

  it('is shown the certificate of its client', async () => {
    const { url, ca, key } = await aTlsServer();
    const entries = { 'ca.crt': ca, 'tls.crt': ca, 'tls.key': key };
    const { sources } = aBench({ secrets: { 'flux-system/tls': aSecret(entries, 'kubernetes.io/tls') } });
    const source = aChartSource({ url, certSecretName: 'tls' });
    expect(told(await sources.list({ source, charts: podinfo }))).toEqual(['podinfo: 6.9.0 6.4.0']);
  });
});

it('a question that is given up rejects, and one after the end is answered', async () => {
  const server = await aServer(() => undefined);
  const { sources } = aBench();
  const controller = new AbortController();
  const given = sources.list({ source: aChartSource(server), charts: podinfo, signal: controller.signal });
  controller.abort(new Error('enough'));
  await expect(given).rejects.toThrow('enough');
  sources.close();
  expect(told(await sources.list({ source: aChartSource(server), charts: podinfo }))).toMatch(
    /Headwind is stopping$/,
  );
});
