import { afterEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import {
  BASIC,
  createRegistryBench,
  CREDENTIAL,
  DIGEST,
  JSON_TYPE,
} from '../../test/parts/registry-bench.ts';
import type { ScriptedServer } from '../../test/parts/scripted-server.ts';
import { createRegistry } from './client.ts';
import type { HttpRequest, Transport } from './http.ts';

const { aServer, aClientOf, end } = createRegistryBench();
afterEach(end);

describe('the token flow', () => {
  /** A registry and its token server in one, whose tokens are `t1`, `t2`, … */
  async function aTokenRegistry(lifetime: object): Promise<ScriptedServer & { readonly valid: Set<string> }> {
    const valid = new Set<string>();
    let issued = 0;
    const server: ScriptedServer = await aServer((request, response) => {
      if (request.url.startsWith('/token')) {
        issued += 1;
        valid.add(`Bearer t${issued}`);
        response.writeHead(200, JSON_TYPE).end(JSON.stringify({ token: `t${issued}`, ...lifetime }));
      } else if (valid.has(request.authorization ?? '')) {
        response.writeHead(200, { 'docker-content-digest': DIGEST }).end();
      } else {
        const challenge = `Bearer realm="${server.url}/token",service="s",error="invalid_token"`;
        response.writeHead(401, { 'www-authenticate': challenge }).end();
      }
    });
    return { ...server, valid };
  }

  const tokenRequests = (server: ScriptedServer): number =>
    server.requests.filter(({ url }) => url.startsWith('/token')).length;

  it('asks for pulling from this repository where the registry names no scope', async () => {
    const server = await aTokenRegistry({});

    await aClientOf(server).ask([CREDENTIAL]);

    expect(server.requests[1]).toMatchObject({
      url: '/token?service=s&scope=repository%3Ateam%2Fapp%3Apull',
      authorization: BASIC,
    });
  });

  it('uses a token until 10 s before it expires', async () => {
    const server = await aTokenRegistry({ expires_in: 300 });
    const { ask, clock } = aClientOf(server);

    await ask();
    await clock.advance(289_999);
    await ask();
    expect(tokenRequests(server)).toBe(1);
    await clock.advance(1);
    await ask();

    expect(tokenRequests(server)).toBe(2);
  });

  it.each([
    { what: 'no lifetime (60 s by specification)', lifetime: {}, usableMs: 50_000 },
    { what: 'a lifetime in a string', lifetime: { expires_in: '120' }, usableMs: 110_000 },
    {
      what: 'a lifetime of a year (1 h is the most)',
      lifetime: { expires_in: 31_536_000 },
      usableMs: 3_590_000,
    },
    { what: 'nonsense as lifetime', lifetime: { expires_in: 'soon' }, usableMs: 50_000 },
  ])('reads $what', async ({ lifetime, usableMs }) => {
    const server = await aTokenRegistry(lifetime);
    const { ask, clock } = aClientOf(server);

    await ask();
    await clock.advance(usableMs - 1);
    await ask();
    expect(tokenRequests(server)).toBe(1);
    await clock.advance(1);
    await ask();

    expect(tokenRequests(server)).toBe(2);
  });

  it('gets a new token where a kept one is refused before its time', async () => {
    const server = await aTokenRegistry({ expires_in: 300 });
    const { ask } = aClientOf(server);
    await ask();
    server.valid.clear();

    expect(await ask()).toEqual({ outcome: 'found', digest: DIGEST });
    expect(tokenRequests(server)).toBe(2);
  });

  it('keeps the tokens of two identities apart', async () => {
    const server = await aTokenRegistry({ expires_in: 300 });
    const { ask } = aClientOf(server);

    await ask([CREDENTIAL]);
    await ask([{ username: 'other', password: 'other' }]);

    expect(tokenRequests(server)).toBe(2);
  });

  it.each([
    { what: 'HTML', body: '<html>' },
    { what: 'no token', body: '{"expires_in":300}' },
    { what: 'a token that would be two headers', body: JSON.stringify({ token: 'a\r\nX-Evil: 1' }) },
    { what: 'a token of 1 MB', body: JSON.stringify({ token: 'x'.repeat(1_000_000) }) },
  ])('is unavailable where the token server answers with $what', async ({ body }) => {
    const server: ScriptedServer = await aServer((request, response) =>
      request.url.startsWith('/token')
        ? response.writeHead(200).end(body)
        : response.writeHead(401, { 'www-authenticate': `Bearer realm="${server.url}/token"` }).end(),
    );

    expect(await aClientOf(server).ask()).toEqual({
      outcome: 'unavailable',
      message: `${server.host} answered with something that is no token`,
    });
  });

  it('goes to registry-1.docker.io and auth.docker.io for Docker Hub', async () => {
    const sent: (readonly (string | undefined)[])[] = [];
    const answer = ({ url, authorization }: HttpRequest): [number, Record<string, string>, string] => {
      if (url.host === 'auth.docker.io')
        return [200, {}, JSON.stringify({ token: 'tok', access_token: 'tok' })];
      if (authorization === 'Bearer tok') return [200, { 'docker-content-digest': DIGEST }, ''];
      const scope = 'repository:library/nginx:pull';
      const challenge = `Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="${scope}"`;
      return [401, { 'www-authenticate': challenge }, ''];
    };
    const transport: Transport = {
      send: async (request) => {
        sent.push([request.method, request.url.href, request.authorization]);
        const [status, headers, body] = answer(request);
        return {
          status,
          headers: new Headers(headers),
          body: Buffer.from(body),
          truncated: false,
          url: request.url,
        };
      },
      close: () => undefined,
    };
    const log = { debug: () => undefined, warn: () => undefined };
    const registry = createRegistry({ insecureHosts: [], clock: new FakeClock(), log, transport });
    const repository = { host: 'docker.io', path: 'library/nginx' };

    const confirmation = await registry.confirm({
      repository,
      tag: '1.27',
      credentials: async () => [CREDENTIAL],
    });

    const manifest = 'https://registry-1.docker.io/v2/library/nginx/manifests/1.27';
    const token =
      'https://auth.docker.io/token?service=registry.docker.io&scope=repository%3Alibrary%2Fnginx%3Apull';
    expect(confirmation).toEqual({ outcome: 'found', digest: DIGEST });
    expect(sent).toEqual([
      ['HEAD', manifest, undefined],
      ['GET', token, BASIC],
      ['HEAD', manifest, 'Bearer tok'],
    ]);
  });

  it('does not end in a loop where every token is refused', async () => {
    const server = await aTokenRegistry({});
    server.valid.add = () => server.valid;

    expect(await aClientOf(server).ask()).toMatchObject({ outcome: 'unavailable' });
    expect(server.requests).toHaveLength(3);
  });
});
