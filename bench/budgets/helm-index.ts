import { createServer, type Server } from 'node:http';
import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import { startBareProcess } from '../bare-process.ts';
import type { OfflineBudget, Row } from '../budget.ts';
import { median } from '../quantile.ts';

const PROCESSES = 5;
const VERSIONS_PER_CHART = 120;
/** As large as the largest repositories are: some hundred charts with many thousand versions. */
const INDEX_BYTES = 20_000_000;
/** What entries in such an index are made of, apart from what tells them apart. */
const DESCRIPTION =
  'An object-relational database management system (ORDBMS) based on objects, with "quotes": and more of the like.';

const Measured = z.object({
  idleMb: z.number(),
  peakMb: z.number(),
  worstDelayMs: z.number(),
  tookMs: z.number(),
  versions: z.number(),
});
type Measured = z.infer<typeof Measured>;

/** What is wanted of the index, and in which form it is. */
const CASES = [
  { what: '1 chart wanted', charts: 1, form: 'yaml' },
  { what: 'all charts wanted', charts: 10_000, form: 'yaml' },
  { what: 'compressed, 10 charts wanted', charts: 10, form: 'gzip' },
  { what: 'in JSON, 10 charts wanted', charts: 10, form: 'json' },
] as const;

export const helmIndex: OfflineBudget = {
  kind: 'offline',
  name: 'helm-index',
  title: 'A Helm index of 20 MB',
  how: 'An index of 20 MB over HTTP, in four forms, read in a process of its own: the peak of its memory above what it held before, how long its event loop was held up at worst (in processor time), and how long it took. The worst of five processes. Floor: the same bytes fetched and thrown away.',
  async measure({ quick, progress }) {
    const server = await startRepository();
    try {
      const rows: Row[] = [];
      for (const { what, charts, form } of CASES) {
        progress(`a Helm index of 20 MB, ${what}`);
        const runs: Measured[] = [];
        for (let run = 0; run < (quick ? 1 : PROCESSES); run += 1)
          runs.push(await readOnce(`${server.url}/${form}`, charts));
        rows.push(...toRows(what, runs));
      }
      return rows;
    } finally {
      server.stop();
    }
  },
};

async function readOnce(url: string, charts: number): Promise<Measured> {
  const reader = await startBareProcess('helm-index', { args: [url, String(charts)] });
  await reader.stop();
  const measured = Measured.parse(JSON.parse(reader.said));
  if (measured.versions < VERSIONS_PER_CHART) throw new Error('the index was not read');
  return measured;
}

function toRows(what: string, runs: readonly Measured[]): readonly Row[] {
  return [
    {
      what: `Helm index of 20 MB, ${what}: memory above idle`,
      value: Math.max(...runs.map(({ peakMb, idleMb }) => peakMb - idleMb)),
      unit: 'MB',
      limit: { kind: 'at most', value: 100 },
      floor: { what: 'the same process, idle', value: median(runs.map(({ idleMb }) => idleMb)) },
    },
    {
      what: `Helm index of 20 MB, ${what}: the loop held up`,
      value: Math.max(...runs.map(({ worstDelayMs }) => worstDelayMs)),
      unit: 'ms',
      limit: { kind: 'at most', value: 50 },
    },
    {
      what: `Helm index of 20 MB, ${what}: read within`,
      value: median(runs.map(({ tookMs }) => tookMs)),
      unit: 'ms',
    },
  ];
}

/** A chart repository whose index comes in several forms, each below its own path. */
async function startRepository(): Promise<{ readonly url: string; readonly stop: () => void }> {
  const { yaml, json } = writeIndex();
  const bodies = new Map<string, readonly [Buffer, Record<string, string>]>([
    ['/yaml/index.yaml', [yaml, {}]],
    ['/gzip/index.yaml', [gzipSync(yaml), { 'content-encoding': 'gzip' }]],
    ['/json/index.yaml', [json, {}]],
  ]);
  const server: Server = createServer(({ url = '' }, response) => {
    const [body, headers] = bodies.get(url) ?? [Buffer.alloc(0), {}];
    response
      .writeHead(body.length === 0 ? 404 : 200, { ...headers, 'content-length': body.length })
      .end(body);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function writeIndex(): { readonly yaml: Buffer; readonly json: Buffer } {
  const lines = ['apiVersion: v1', 'entries:'];
  const entries: Record<string, unknown[]> = {};
  let bytes = 0;
  for (let chart = 0; bytes < INDEX_BYTES; chart += 1) {
    const name = `chart-${chart}`;
    entries[name] = [];
    lines.push(`  ${name}:`);
    for (let nth = 0; nth < VERSIONS_PER_CHART; nth += 1) {
      const entry = writeEntry(name, `${Math.floor(nth / 10)}.${nth % 10}.${chart % 7}`);
      bytes += entry.length;
      lines.push(entry);
      entries[name].push(toObject(name, `${Math.floor(nth / 10)}.${nth % 10}.${chart % 7}`));
    }
  }
  lines.push('generated: "2026-01-01T00:00:00Z"', '');
  return {
    yaml: Buffer.from(lines.join('\n')),
    json: Buffer.from(JSON.stringify({ apiVersion: 'v1', entries })),
  };
}

function writeEntry(name: string, version: string): string {
  const { digest, urls, keywords, maintainers } = toObject(name, version);
  return `  - annotations:
      category: Database
      images: |
        - name: ${name}
          image: docker.io/bitnami/${name}:${version}-debian-12-r1
        - name: os-shell
          image: docker.io/bitnami/os-shell:12-debian-12-r1
      licenses: Apache-2.0
    apiVersion: v2
    appVersion: ${version}
    created: "2026-01-01T00:00:00.000000000Z"
    dependencies:
    - name: common
      repository: oci://registry-1.docker.io/bitnamicharts
      tags:
      - bitnami-common
      version: 2.x.x
    description: ${DESCRIPTION.replaceAll('": ', '" ')}
    digest: ${digest}
    home: https://charts.example.test
    icon: https://charts.example.test/assets/stacks/${name}/img/${name}-stack-220x234.png
    keywords:
    - ${keywords.join('\n    - ')}
    maintainers:
    - name: ${maintainers[0]?.name}
      url: ${maintainers[0]?.url}
    name: ${name}
    sources:
    - https://github.com/example/charts/tree/main/example/${name}
    urls:
    - ${urls[0]}
    version: ${version}`;
}

function toObject(name: string, version: string) {
  return {
    apiVersion: 'v2',
    appVersion: version,
    created: '2026-01-01T00:00:00.000000000Z',
    description: DESCRIPTION,
    digest: Buffer.from(`${name} ${version}`.padEnd(32).slice(0, 32)).toString('hex'),
    icon: `https://charts.example.test/assets/stacks/${name}/img/${name}-stack-220x234.png`,
    keywords: [name, 'database', 'sql', 'replication', 'cluster'],
    maintainers: [{ name: 'Example, Inc.', url: 'https://github.com/example/charts' }],
    name,
    urls: [`https://charts.example.test/files/${name}-${version}.tgz`],
    version,
  };
}
