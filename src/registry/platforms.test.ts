import { afterEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { startScriptedServer, type ScriptedServer } from '../../test/parts/scripted-server.ts';
import { createRegistry, type PlatformsAnswer, type Registry } from './client.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const CHILD = `sha256:${'b'.repeat(64)}`;
const OTHER = `sha256:${'c'.repeat(64)}`;

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** A registry that answers by path, below the repository's API. */
async function aRegistry(answers: Readonly<Record<string, unknown>>): Promise<{
  readonly server: ScriptedServer;
  readonly client: Registry;
  readonly ask: () => Promise<PlatformsAnswer>;
}> {
  const server = await startScriptedServer(({ url }, response) => {
    const answer = answers[url.replace('/v2/team/app/', '')];
    const status = typeof answer === 'number' ? answer : 200;
    response.writeHead(answer === undefined ? 404 : status, {
      'docker-distribution-api-version': 'registry/2.0',
    });
    response.end(JSON.stringify(answer ?? { errors: [{ code: 'MANIFEST_UNKNOWN' }] }));
  });
  const log = { debug: () => undefined, warn: () => undefined };
  const client = createRegistry({ insecureHosts: [server.host], clock: new FakeClock(), log });
  ends.push(
    () => client.close(),
    () => server.stop(),
  );
  const repository = { host: server.host, path: 'team/app' };
  const ask = (): Promise<PlatformsAnswer> =>
    client.platformsOf({ repository, digest: DIGEST, credentials: () => Promise.resolve([]) });
  return { server, client, ask };
}

const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: CHILD };

describe('what an image is built for', () => {
  it('is told by an index, beside what is attached to it', async () => {
    const { ask, server } = await aRegistry({
      [`manifests/${DIGEST}`]: {
        manifests: [
          { digest: CHILD, platform: { os: 'linux', architecture: 'arm', variant: 'v7' } },
          { digest: OTHER, platform: { os: 'unknown', architecture: 'unknown' } },
          { digest: 'nonsense' },
        ],
      },
    });
    const answer = {
      outcome: 'found',
      platforms: [{ os: 'linux', architecture: 'arm' }],
      otherNames: [CHILD, OTHER],
    };
    expect(await ask()).toEqual(answer);
    expect(await ask()).toEqual(answer);
    expect(server.requests).toHaveLength(1);
  });

  it("is told by a single image's configuration", async () => {
    const { ask } = await aRegistry({
      [`manifests/${DIGEST}`]: { config },
      [`blobs/${CHILD}`]: { os: 'windows', architecture: 'amd64', rootfs: {} },
    });
    expect(await ask()).toEqual({
      outcome: 'found',
      platforms: [{ os: 'windows', architecture: 'amd64' }],
      otherNames: [CHILD],
    });
  });

  it.each<[string, Readonly<Record<string, unknown>>]>([
    [
      'a chart',
      {
        [`manifests/${DIGEST}`]: {
          config: { ...config, mediaType: 'application/vnd.cncf.helm.config.v1+json' },
        },
      },
    ],
    ['an image without it', { [`manifests/${DIGEST}`]: { config }, [`blobs/${CHILD}`]: { os: 'linux' } }],
  ])('is not told by %s', async (_name, answers) => {
    expect(await (await aRegistry(answers)).ask()).toMatchObject({ outcome: 'found', platforms: [] });
  });

  it.each<[string, Readonly<Record<string, unknown>>, object]>([
    [
      'there is no such image',
      {},
      { outcome: 'missing', message: expect.stringContaining(`no image ${DIGEST}`) },
    ],
    ['the registry refuses', { [`manifests/${DIGEST}`]: 403 }, { outcome: 'unavailable', denied: true }],
    ['the answer is no manifest', { [`manifests/${DIGEST}`]: ['x'] }, { outcome: 'unavailable' }],
    ['the configuration is not there', { [`manifests/${DIGEST}`]: { config } }, { outcome: 'missing' }],
  ])('is not known where %s', async (_name, answers, expected) => {
    expect(await (await aRegistry(answers)).ask()).toMatchObject(expected);
  });
});
