import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Source } from '../../../tools/image/config.ts';
import { assembleImage, digestOf, imageLayout, packLayer, type Image } from '../../../tools/image/oci.ts';
import { file } from '../../../tools/image/tar.ts';

const SOURCE: Source = { version: '1.2.3', revision: 'abc', epoch: 1_767_225_600 };

describe('an image', () => {
  let amd64: Image;
  let arm64: Image;

  beforeAll(async () => {
    const shared = await packLayer([file('/app/headwind.mjs', 'program')], SOURCE.epoch, 'Headwind');
    const own = await Promise.all(
      ['amd64', 'arm64'].map((name) => packLayer([file('/usr/bin/node', name)], 0, 'Node.js')),
    );
    const [first, second] = own;
    if (first === undefined || second === undefined) throw new Error('no layers');
    amd64 = assembleImage('amd64', [first, shared], SOURCE);
    arm64 = assembleImage('arm64', [second, shared], SOURCE);
  });

  const json = (content: Buffer): unknown => JSON.parse(content.toString('utf8'));

  it('says how it is run, and what it is', () => {
    expect(json(amd64.config.content)).toMatchObject({
      architecture: 'amd64',
      os: 'linux',
      created: '2026-01-01T00:00:00Z',
      config: {
        User: '1001:1001',
        ExposedPorts: { '8080/tcp': {}, '8081/tcp': {}, '8082/tcp': {}, '9090/tcp': {} },
        Env: ['PATH=/usr/bin', 'MALLOC_ARENA_MAX=1'],
        StopSignal: 'SIGTERM',
        Labels: {
          'org.opencontainers.image.title': 'Headwind',
          'org.opencontainers.image.version': '1.2.3',
          'org.opencontainers.image.revision': 'abc',
          'org.opencontainers.image.source': 'https://github.com/headwind-sh/headwind',
          'org.opencontainers.image.licenses': 'MIT',
        },
      },
    });
    expect(json(arm64.config.content)).toMatchObject({ architecture: 'arm64', variant: 'v8' });
  });

  it('names its layers by what they hold, compressed and not', () => {
    for (const layer of amd64.layers) {
      expect(layer.digest).toBe(digestOf(layer.content));
      expect(layer.diffId).toBe(digestOf(gunzipSync(layer.content)));
    }
    expect(json(amd64.manifest.content)).toMatchObject({
      config: { digest: amd64.config.digest, size: amd64.config.content.length },
      layers: amd64.layers.map(({ digest, content, mediaType }) => ({
        digest,
        size: content.length,
        mediaType,
      })),
      annotations: { 'org.opencontainers.image.version': '1.2.3' },
    });
  });

  it('has no label for a commit that is not known', () => {
    const config = json(assembleImage('amd64', [], { ...SOURCE, revision: undefined }).config.content);
    expect(JSON.stringify(config)).not.toContain('revision');
  });

  it('lies in a layout under its version, readable for docker load', () => {
    const { digest, files } = imageLayout([amd64], SOURCE);
    const contents = new Map(
      files.map((one) => [one.path, one.type === 'file' ? one.content : Buffer.alloc(0)]),
    );

    expect(digest).toBe(amd64.manifest.digest);
    expect(json(contents.get('/oci-layout') ?? Buffer.alloc(0))).toEqual({ imageLayoutVersion: '1.0.0' });
    expect(json(contents.get('/index.json') ?? Buffer.alloc(0))).toMatchObject({
      manifests: [
        {
          digest,
          annotations: {
            'org.opencontainers.image.ref.name': '1.2.3',
            'io.containerd.image.name': 'ghcr.io/headwind-sh/headwind:1.2.3',
          },
        },
      ],
    });
    expect(json(contents.get('/manifest.json') ?? Buffer.alloc(0))).toMatchObject([
      {
        RepoTags: ['ghcr.io/headwind-sh/headwind:1.2.3'],
        Layers: amd64.layers.map(({ digest: one }) => `blobs/${one.replace(':', '/')}`),
      },
    ]);
    for (const { digest: one, content } of [amd64.manifest, amd64.config, ...amd64.layers])
      expect(contents.get(`/blobs/${one.replace(':', '/')}`)).toEqual(content);
  });

  it('of two architectures is one index, and what both have is there once', () => {
    const { digest, files } = imageLayout([amd64, arm64], SOURCE);
    const paths = files.map(({ path }) => path);
    const index = files.find(({ path }) => path === `/blobs/${digest.replace(':', '/')}`);

    expect(paths.filter((path) => path.startsWith('/blobs/'))).toHaveLength(8);
    expect(new Set(paths).size).toBe(paths.length);
    expect(paths).not.toContain('/manifest.json');
    expect(index?.type === 'file' ? json(index.content) : undefined).toMatchObject({
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [
        { digest: amd64.manifest.digest, platform: { architecture: 'amd64', os: 'linux' } },
        { digest: arm64.manifest.digest, platform: { architecture: 'arm64', os: 'linux', variant: 'v8' } },
      ],
    });
  });
});
