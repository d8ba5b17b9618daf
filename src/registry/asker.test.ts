import { afterEach, describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import {
  answers,
  BASIC,
  createRegistryBench,
  CREDENTIAL,
  DIGEST,
  errors,
  JSON_TYPE,
  V2,
} from '../../test/parts/registry-bench.ts';
import type { ScriptedServer } from '../../test/parts/scripted-server.ts';

const { aServer, aClientOf, end } = createRegistryBench();
afterEach(end);

describe('credentials', () => {
  it('are not sent unless the registry asks for them', async () => {
    const server = await aServer(answers(200, { 'docker-content-digest': DIGEST }));

    await aClientOf(server).ask([CREDENTIAL]);

    expect(server.requests.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  it('never go to another host that a redirect leads to, whatever it asks for', async () => {
    const thief = await aServer(answers(401, { 'www-authenticate': 'Basic realm="give"' }));
    const server = await aServer((request, response) =>
      request.authorization === undefined
        ? response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end()
        : response.writeHead(307, { location: `${thief.url}/v2/` }).end(),
    );

    const confirmation = await aClientOf(server).ask([CREDENTIAL]);

    expect(confirmation).toMatchObject({
      outcome: 'unavailable',
      message: expect.stringContaining(`${server.host} sent the question on, and ${thief.host} answered 401`),
    });
    expect(thief.requests.length).toBeGreaterThan(0);
    expect(thief.requests.map(({ authorization }) => authorization)).toEqual(
      thief.requests.map(() => undefined),
    );
  });

  it.each([
    { status: 404, says: 'is nowhere' },
    { status: 401, says: 'knows nobody' },
  ])(
    'are no longer sent to a token server that $says, once the registry names it no more',
    async ({ status }) => {
      const tokens = await aServer(answers(status, {}));
      let wantsToken = true;
      const server = await aServer((_, response) =>
        wantsToken
          ? response.writeHead(401, { 'www-authenticate': `Bearer realm="${tokens.url}/token"` }).end()
          : response.writeHead(200, { ...V2, 'docker-content-digest': DIGEST }).end(),
      );
      const client = aClientOf(server);
      expect(await client.ask([CREDENTIAL])).toMatchObject({ outcome: 'unavailable' });
      wantsToken = false;

      expect(await client.ask([CREDENTIAL])).toEqual({ outcome: 'found', digest: DIGEST });
    },
  );

  it('are not sent to the token server that another host names', async () => {
    const thief: ScriptedServer = await aServer((_, response) =>
      response.writeHead(401, { 'www-authenticate': `Bearer realm="${thief.url}/token"` }).end(),
    );
    const server = await aServer((_, response) => response.writeHead(302, { location: thief.url }).end());

    await aClientOf(server).ask([CREDENTIAL]);

    expect(thief.requests.map(({ url }) => url)).not.toContain('/token');
    expect(thief.requests.map(({ authorization }) => authorization)).toEqual(
      thief.requests.map(() => undefined),
    );
  });

  it('that are refused are not sent again, also where they are listed twice', async () => {
    const server = await aServer(answers(401, { 'www-authenticate': 'Basic realm="r"' }));

    await aClientOf(server).ask([CREDENTIAL, { ...CREDENTIAL }]);

    expect(server.requests.filter(({ authorization }) => authorization === BASIC)).toHaveLength(1);
  });

  it('are tried one after the other: a 404 or 403 to one does not decide for the next', async () => {
    const second = { username: 'second', password: 'password' };
    const server = await aServer((request, response) => {
      if (request.authorization === undefined)
        response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end();
      else if (request.authorization === BASIC) response.writeHead(404, V2).end(errors('MANIFEST_UNKNOWN'));
      else response.writeHead(200, { 'docker-content-digest': DIGEST }).end();
    });

    expect(await aClientOf(server).ask([CREDENTIAL, second])).toEqual({ outcome: 'found', digest: DIGEST });
    expect(await aClientOf(server).ask([CREDENTIAL])).toMatchObject({ outcome: 'missing' });
  });

  it('that are told 404 are not followed by a question without any', async () => {
    const server = await aServer((request, response) =>
      request.authorization === undefined
        ? response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end()
        : response.writeHead(404, V2).end(errors('MANIFEST_UNKNOWN')),
    );

    await aClientOf(server).ask([CREDENTIAL]);

    const asked = server.requests.map(({ method, authorization }) => [method, authorization]);
    expect(asked).toEqual([
      ['HEAD', undefined],
      ['HEAD', BASIC],
      ['GET', BASIC],
    ]);
  });

  it('that cannot be read leave the registry unasked', async () => {
    const server = await aServer(answers(200, { 'docker-content-digest': DIGEST }));
    const { registry } = aClientOf(server);

    const confirmation = await registry.confirm({
      repository: { host: server.host, path: 'team/app' },
      tag: '1.0',
      credentials: () => Promise.reject(new Error('secrets "pull" is forbidden')),
    });

    expect(confirmation).toMatchObject({ outcome: 'unavailable' });
    expect(server.requests).toEqual([]);
  });

  it('never come back in a message or a log line, however the registry echoes them', async () => {
    let secret = '';
    const server = await aServer((request, response) => {
      if (request.authorization === undefined)
        response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end();
      else if (request.method === 'HEAD') response.writeHead(404).end();
      else
        response.writeHead(403, JSON_TYPE).end(errors('DENIED', `for ${request.authorization} (${secret})`));
    });
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 8, maxLength: 40 }), async (password) => {
        secret = password;
        const { ask, logged } = aClientOf(server);

        const confirmation = await ask([{ username: 'ci', password }]);

        expect(confirmation).toMatchObject({ message: expect.stringContaining('[redacted]') });
        const encoded = Buffer.from(`ci:${password}`).toString('base64');
        for (const text of [confirmation.outcome === 'found' ? '' : confirmation.message, ...logged]) {
          expect(text.includes(password)).toBe(false);
          expect(text.includes(encoded)).toBe(false);
        }
      }),
      { numRuns: 30 },
    );
  });
});
