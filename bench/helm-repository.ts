import { createServer, type Server } from 'node:http';
import { gzipSync } from 'node:zlib';

export const VERSIONS_PER_CHART = 120;
/** As large as the largest repositories are: some hundred charts with many thousand versions. */
const INDEX_BYTES = 20_000_000;
/** What entries in such an index are made of, apart from what tells them apart. */
const DESCRIPTION =
  'An object-relational database management system (ORDBMS) based on objects, with "quotes": and more of the like.';

export interface HelmRepository {
  /** Its forms are below it: `yaml`, `gzip` and `json`. */
  readonly url: string;
  /** When it was asked first, of `performance.now()`. */
  readonly firstAskedMs: () => number | undefined;
  readonly stop: () => void;
}

/** Starts a chart repository on 127.0.0.1 whose index comes in several forms, each below its own path. */
export async function startHelmRepository(): Promise<HelmRepository> {
  const { yaml, json } = writeIndex();
  const bodies = new Map<string, readonly [Buffer, Record<string, string>]>([
    ['/yaml/index.yaml', [yaml, {}]],
    ['/gzip/index.yaml', [gzipSync(yaml), { 'content-encoding': 'gzip' }]],
    ['/json/index.yaml', [json, {}]],
  ]);
  let firstAskedMs: number | undefined;
  const server: Server = createServer(({ url = '' }, response) => {
    firstAskedMs ??= performance.now();
    const [body, headers] = bodies.get(url) ?? [Buffer.alloc(0), {}];
    response
      .writeHead(body.length === 0 ? 404 : 200, { ...headers, 'content-length': body.length })
      .end(body);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    firstAskedMs: () => firstAskedMs,
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
