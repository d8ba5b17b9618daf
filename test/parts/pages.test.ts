import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { load } from 'js-yaml';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { assemblePages } from '../../tools/pages/assemble.ts';
import { packageChart } from '../../tools/pages/charts.ts';
import { requirePart } from './binaries.ts';
import { CHART, startHelm, type Helm } from './helm.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const VERSION = z
  .object({ version: z.string() })
  .parse(JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))).version;
const Index = z.object({
  entries: z.object({
    headwind: z.array(
      z.object({ version: z.string(), created: z.unknown(), digest: z.string(), urls: z.array(z.string()) }),
    ),
  }),
});

let helm: Helm;
let work: string;
/** What is published, in a directory that a server serves. */
let served: string;
let server: Server;
let url: string;
/** What the server answers in place of a file, if anything. */
let status: number | undefined;

beforeAll(async () => {
  helm = await startHelm();
});
afterAll(() => helm.close());

beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), 'headwind-pages-test-'));
  served = join(work, 'served');
  status = undefined;
  await mkdir(join(work, 'site/assets'), { recursive: true });
  await writeFile(join(work, 'site/index.html'), '<h1>Headwind</h1>');
  server = createServer((request, response) => {
    request.resume();
    if (status !== undefined) {
      response.writeHead(status).end();
      return;
    }
    const path = new URL(request.url ?? '/', 'http://127.0.0.1').pathname;
    readFile(join(served, path)).then(
      (bytes) => response.end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('a TCP server without a port');
  url = `http://127.0.0.1:${address.port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => void server.close(resolve));
  await rm(work, { recursive: true, force: true });
});

/** The chart as an archive, of this version. */
async function chartOf(version: string): Promise<string> {
  const source = join(work, version, 'headwind');
  await cp(CHART, source, { recursive: true });
  const metadata = await readFile(join(source, 'Chart.yaml'), 'utf8');
  await writeFile(join(source, 'Chart.yaml'), metadata.replaceAll(VERSION, version));
  return packageChart(requirePart('helm', process.env), source, join(work, version));
}

function assemble(options: { archive?: string; published?: string } = {}): Promise<readonly string[]> {
  const directory = join(work, 'pages');
  const part = requirePart('helm', process.env);
  return assemblePages({ root: ROOT, site: join(work, 'site'), directory, helm: part, url, ...options });
}

/** Serves what was assembled. */
async function publish(): Promise<void> {
  await rm(served, { recursive: true, force: true });
  await cp(join(work, 'pages'), served, { recursive: true });
}

async function servedCharts(): Promise<z.infer<typeof Index>['entries']['headwind']> {
  return Index.parse(load(await readFile(join(served, 'charts/index.yaml'), 'utf8'))).entries.headwind;
}

describe('the pages', () => {
  it('hold the site, the manifests and the chart repository', async () => {
    expect(await assemble()).toEqual([`headwind-${VERSION}.tgz`]);

    const read = (file: string): Promise<string> => readFile(join(work, 'pages', file), 'utf8');
    expect(await read('index.html')).toBe('<h1>Headwind</h1>');
    expect(await read('install.yaml')).toBe(await readFile(join(ROOT, 'deploy/install.yaml'), 'utf8'));
    expect(await read('CNAME')).toBe('127.0.0.1\n');
    expect(await read('.nojekyll')).toBe('');
    expect(await readdir(join(work, 'pages/charts'))).toEqual([`headwind-${VERSION}.tgz`, 'index.yaml']);
  });

  it('are a repository that helm adds and installs from, as the documents say', async () => {
    await assemble();
    await publish();

    await helm.run('repo', 'add', 'headwind', `${url}/charts`, '--force-update');
    const rendered = await helm.run('template', 'headwind', 'headwind/headwind', '--kube-version', '1.33');
    expect(rendered).toContain(`image: ghcr.io/headwind-sh/headwind:${VERSION}`);
    expect(rendered).toBe(await helm.run('template', 'headwind', CHART, '--kube-version', '1.33'));
  });

  it('keep every version that is published, to the byte', async () => {
    const archives = [await chartOf('1.0.0'), await chartOf('1.1.0'), await chartOf('2.0.0')];
    for (const archive of archives) {
      await assemble({ archive, published: `${url}/charts` });
      await publish();
    }

    const charts = await servedCharts();
    expect(charts.map(({ version, urls }) => [version, ...urls])).toEqual(
      ['2.0.0', '1.1.0', '1.0.0'].map((version) => [version, `${url}/charts/headwind-${version}.tgz`]),
    );
    for (const archive of archives) {
      const bytes = await readFile(archive);
      const name = archive.slice(archive.lastIndexOf('/'));
      expect(await readFile(join(served, 'charts', name))).toEqual(bytes);
      expect(charts.map(({ digest }) => digest)).toContain(createHash('sha256').update(bytes).digest('hex'));
    }
    await helm.run('repo', 'add', 'several', `${url}/charts`, '--force-update');
    const older = await helm.run('show', 'chart', 'several/headwind', '--version', '1.0.0');
    expect(older).toContain('\nversion: 1.0.0\n');
  });

  it('may be published twice with the same archive', async () => {
    const archive = await chartOf('1.0.0');
    for (let times = 0; times < 2; times += 1) {
      await assemble({ archive, published: `${url}/charts` });
      await publish();
    }
    expect(await servedCharts()).toHaveLength(1);
  });

  it('never give a published version another content', async () => {
    await assemble({ archive: await chartOf('1.0.0') });
    await publish();
    const other = join(work, 'headwind-1.0.0.tgz');
    await writeFile(other, 'something else');

    await expect(assemble({ archive: other, published: `${url}/charts` })).rejects.toThrow(
      /headwind-1\.0\.0\.tgz is published with the SHA-256 sum/,
    );
  });

  it('lose no version because a server fails, or holds another archive than its index says', async () => {
    await assemble({ archive: await chartOf('1.0.0') });
    await publish();
    const next = { archive: await chartOf('1.1.0'), published: `${url}/charts` };

    await writeFile(join(served, 'charts/headwind-1.0.0.tgz'), 'tampered with');
    await expect(assemble(next)).rejects.toThrow(/headwind-1\.0\.0\.tgz has the SHA-256 sum/);
    await rm(join(served, 'charts/headwind-1.0.0.tgz'));
    await expect(assemble(next)).rejects.toThrow(/is named by the index, and is not there/);
    await writeFile(join(served, 'charts/index.yaml'), 'entries: sold out');
    await expect(assemble(next)).rejects.toThrow(/is no index of charts/);
    status = 503;
    await expect(assemble(next)).rejects.toThrow(/index\.yaml answers 503/);
    server.close();
    server.closeAllConnections();
    await expect(assemble(next)).rejects.toThrow(/index\.yaml cannot be fetched/);
  });
});
