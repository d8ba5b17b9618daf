import { afterEach, describe, expect, it } from 'vitest';
import { createRegistryBench, JSON_TYPE, V2 } from '../../test/parts/registry-bench.ts';

const CHART = 'application/vnd.cncf.helm.config.v1+json';
const DIGEST = `sha256:${'a'.repeat(64)}`;

const bench = createRegistryBench();
afterEach(() => bench.end());

const manifest = (mediaType: string): string =>
  JSON.stringify({ schemaVersion: 2, config: { mediaType, digest: DIGEST, size: 2 }, layers: [] });

describe('the type of an artifact', () => {
  it('is the media type of its configuration, asked for once', async () => {
    const server = await bench.aServer((_, response) =>
      response.writeHead(200, { ...V2, ...JSON_TYPE }).end(manifest(CHART)),
    );
    const { registry } = bench.aClientOf(server);
    const question = {
      repository: { host: server.host, path: 'charts/podinfo' },
      digest: DIGEST,
      credentials: () => Promise.resolve([]),
    };
    expect(await registry.artifactTypeOf(question)).toEqual({ outcome: 'found', config: CHART });
    expect(await registry.artifactTypeOf(question)).toEqual({ outcome: 'found', config: CHART });
    expect(server.requests.map(({ url }) => url)).toEqual([`/v2/charts/podinfo/manifests/${DIGEST}`]);
  });

  it.each([
    ['of an index is none', 200, JSON.stringify({ manifests: [] }), { outcome: 'found', config: undefined }],
    ['is not known of something else', 200, '{"hello":1}', { outcome: 'unavailable' }],
    ['is not known where the registry fails', 500, '', { outcome: 'unavailable' }],
    ['is missing', 404, '{"errors":[{"code":"MANIFEST_UNKNOWN"}]}', { outcome: 'missing' }],
  ])('%s', async (_, status, body, expected) => {
    const server = await bench.aServer((_, response) => response.writeHead(status, V2).end(body));
    const { registry } = bench.aClientOf(server);
    const answer = await registry.artifactTypeOf({
      repository: { host: server.host, path: 'charts/podinfo' },
      digest: DIGEST,
      credentials: () => Promise.resolve([]),
    });
    expect(answer).toMatchObject(expected);
  });
});
