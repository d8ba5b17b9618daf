import { afterEach, describe, expect, it } from 'vitest';
import { createHash } from 'node:crypto';
import { answers, createRegistryBench, DIGEST, errors, V2 } from '../../test/parts/registry-bench.ts';

const { aServer, aClientOf, end } = createRegistryBench();
afterEach(end);

const MANIFEST = JSON.stringify({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json' });
const MANIFEST_DIGEST = `sha256:${createHash('sha256').update(MANIFEST).digest('hex')}`;

describe('the digest', () => {
  it('is taken from the header of a HEAD', async () => {
    const server = await aServer(answers(200, { 'docker-content-digest': DIGEST }));

    expect(await aClientOf(server).ask()).toEqual({ outcome: 'found', digest: DIGEST });
    expect(server.requests).toMatchObject([{ method: 'HEAD', url: '/v2/team/app/manifests/1.0' }]);
    expect(server.requests[0]?.accept?.split(', ')).toEqual([
      'application/vnd.oci.image.index.v1+json',
      'application/vnd.oci.image.manifest.v1+json',
      'application/vnd.docker.distribution.manifest.list.v2+json',
      'application/vnd.docker.distribution.manifest.v2+json',
    ]);
  });

  it.each([
    { what: 'has no digest header', head: answers(200) },
    { what: 'has garbage in it', head: answers(200, { 'docker-content-digest': 'latest' }) },
    { what: 'does not know HEAD', head: answers(405) },
    { what: 'knows it by GET only', head: answers(404) },
  ])('is that of the bytes where the registry $what', async ({ head }) => {
    const server = await aServer((request, ...rest) =>
      request.method === 'HEAD' ? head(request, ...rest) : answers(200, {}, MANIFEST)(request, ...rest),
    );

    expect(await aClientOf(server).ask()).toEqual({ outcome: 'found', digest: MANIFEST_DIGEST });
  });

  it.each([
    { what: 'a sign-in page', body: '<html>Please sign in</html>', words: 'no image manifest' },
    { what: 'other JSON', body: '{"schemaVersion":1}', words: 'no image manifest' },
    { what: '10 MB', body: `{"schemaVersion":2,"x":"${'x'.repeat(10_000_000)}"}`, words: 'more than 4 MiB' },
  ])('is not taken from $what', async ({ body, words }) => {
    const server = await aServer(answers(200, {}, body));

    expect(await aClientOf(server).ask()).toEqual({
      outcome: 'unavailable',
      message: expect.stringContaining(`${server.host} answered with`),
    });
    expect(await aClientOf(server).ask()).toMatchObject({ message: expect.stringContaining(words) });
  });

  it('is not taken from bytes in another encoding', async () => {
    const server = await aServer(answers(200, { 'content-encoding': 'gzip' }, MANIFEST));

    expect(await aClientOf(server).ask()).toMatchObject({ outcome: 'unavailable' });
  });
});

describe('a 404', () => {
  it.each([
    {
      what: 'MANIFEST_UNKNOWN',
      headers: {},
      body: errors('MANIFEST_UNKNOWN'),
      outcome: 'missing',
      words: 'no tag 1.0',
    },
    {
      what: 'NAME_UNKNOWN',
      headers: V2,
      body: errors('NAME_UNKNOWN'),
      outcome: 'missing',
      words: 'no repository',
    },
    {
      what: 'Harbor: NOT_FOUND',
      headers: {},
      body: errors('NOT_FOUND'),
      outcome: 'missing',
      words: 'no tag 1.0',
    },
    { what: 'the API version alone', headers: V2, body: '', outcome: 'missing', words: 'no tag 1.0' },
    {
      what: 'DENIED',
      headers: V2,
      body: errors('DENIED', 'go away'),
      outcome: 'unavailable',
      words: 'DENIED go away',
    },
    {
      what: 'HTML',
      headers: {},
      body: '<h1>404</h1>',
      outcome: 'unavailable',
      words: 'not as a registry does',
    },
    {
      what: 'other JSON',
      headers: {},
      body: '{"errors":[]}',
      outcome: 'unavailable',
      words: 'not as a registry does',
    },
  ])('with $what is $outcome', async ({ headers, body, outcome, words }) => {
    const server = await aServer(answers(404, headers, body));

    const confirmation = await aClientOf(server).ask();

    expect(confirmation).toMatchObject({ outcome, message: expect.stringContaining(words) });
    expect(confirmation).toMatchObject({ message: expect.stringContaining(server.host) });
  });
});
