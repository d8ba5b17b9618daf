import { afterEach, describe, expect, it } from 'vitest';
import type { RegistryMirror } from '../config/registry-hosts.ts';
import { pagedTags } from '../../test/parts/paged-tags.ts';
import {
  answers,
  BASIC,
  configOf,
  createRegistryBench,
  CREDENTIAL,
  DIGEST,
  errors,
} from '../../test/parts/registry-bench.ts';
import type { Script, ScriptedServer } from '../../test/parts/scripted-server.ts';

const { aServer, aClientOf, end } = createRegistryBench();
afterEach(end);

const MIRRORED = `sha256:${'b'.repeat(64)}`;
const tells = (digest: string): Script => answers(200, { 'docker-content-digest': digest });
const listsOf = (tags: string[]): Script => pagedTags({ tags, pageSize: 100 });
const wantsBasic =
  (script: Script): Script =>
  (request, response, socket) =>
    request.authorization === BASIC
      ? script(request, response, socket)
      : response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end();

function aMirroredClient(
  server: ScriptedServer,
  mirrors: readonly (Partial<RegistryMirror> & { server: ScriptedServer })[],
) {
  const entries = mirrors.map(({ server: mirror, ...more }) => ({
    host: mirror.host,
    prefix: '',
    sendsCredentials: false,
    ...more,
  }));
  return aClientOf(
    server,
    configOf({
      [server.host]: { mirrors: entries },
      ...Object.fromEntries(mirrors.map(({ server: mirror }) => [mirror.host, { insecure: true }])),
    }),
  );
}

describe('a mirror', () => {
  it('that can tell is asked in the registry’s place', async () => {
    const server = await aServer(tells(DIGEST));
    const mirror = await aServer((request, ...rest) =>
      (request.method === 'HEAD' ? tells(MIRRORED) : listsOf(['1.0']))(request, ...rest),
    );
    const { ask, list } = aMirroredClient(server, [{ server: mirror }]);

    expect(await ask()).toEqual({ outcome: 'found', digest: MIRRORED });
    expect(await list()).toEqual({ outcome: 'complete', tags: ['1.0'], unchanged: false });
    expect(server.requests).toEqual([]);
    expect(mirror.requests.map(({ url }) => url)).toEqual([
      `/v2/team/app/manifests/1.0?ns=${encodeURIComponent(server.host)}`,
      `/v2/team/app/tags/list?n=1000&ns=${encodeURIComponent(server.host)}`,
    ]);
  });

  it('may hold the repository below a path', async () => {
    const server = await aServer(tells(DIGEST));
    const mirror = await aServer(tells(MIRRORED));

    await aMirroredClient(server, [{ server: mirror, prefix: 'hub/all' }]).ask();

    expect(mirror.requests[0]?.url).toMatch(/^\/v2\/hub\/all\/team\/app\/manifests\/1\.0\?/);
  });

  it.each([
    { what: 'does not have it', script: answers(404, {}, errors('MANIFEST_UNKNOWN')) },
    { what: 'does not show it', script: answers(403) },
    { what: 'fails', script: answers(500) },
    { what: 'asks for a pause', script: answers(429) },
    { what: 'answers nonsense', script: answers(200, {}, 'hello') },
    { what: 'hangs up', script: (_, __, socket) => void socket.destroy() },
  ] satisfies readonly { readonly what: string; readonly script: Script }[])(
    'that $what leads on to the next, and to the registry',
    async ({ script }) => {
      const server = await aServer((request, ...rest) =>
        (request.method === 'HEAD' ? tells(DIGEST) : listsOf(['1.0']))(request, ...rest),
      );
      const [first, second] = [await aServer(script), await aServer(script)];
      const { ask, list } = aMirroredClient(server, [{ server: first }, { server: second }]);

      expect(await ask()).toEqual({ outcome: 'found', digest: DIGEST });
      expect(await list()).toMatchObject({ outcome: 'complete', tags: ['1.0'] });
      expect(first.requests.length).toBeGreaterThan(0);
      expect(second.requests.length).toBeGreaterThan(0);
    },
  );

  it('whose list breaks off is not believed in half', async () => {
    const all = Array.from({ length: 30 }, (_, index) => `1.${index}`);
    const mirror = await aServer(
      pagedTags({
        tags: all.slice(0, 20),
        pageSize: 10,
        instead: (page, _, response) => page === 2 && Boolean(response.writeHead(502).end()),
      }),
    );
    const server = await aServer(pagedTags({ tags: all, pageSize: 10 }));

    expect(await aMirroredClient(server, [{ server: mirror }]).list()).toMatchObject({
      outcome: 'complete',
      tags: all,
    });
  });

  it('does not decide what is missing, nor what is wrong: the registry does', async () => {
    const server = await aServer(answers(404, {}, errors('NAME_UNKNOWN')));
    const mirror = await aServer(answers(500));
    const { ask, list } = aMirroredClient(server, [{ server: mirror }]);

    expect(await ask()).toMatchObject({
      outcome: 'missing',
      message: `${server.host} has no repository team/app`,
    });
    expect(await list()).toMatchObject({ outcome: 'missing' });
  });
});

describe('credentials', () => {
  it('are not sent to a mirror, whatever it asks for', async () => {
    const server = await aServer(wantsBasic(tells(DIGEST)));
    const mirror = await aServer(wantsBasic(tells(MIRRORED)));
    const { ask, list } = aMirroredClient(server, [{ server: mirror }]);

    expect(await ask([CREDENTIAL])).toEqual({ outcome: 'found', digest: DIGEST });
    await list([CREDENTIAL]);

    expect(mirror.requests.length).toBeGreaterThan(0);
    expect(JSON.stringify(mirror.requests)).not.toContain('authorization');
  });

  it('are sent to a mirror that they are configured for', async () => {
    const server = await aServer(wantsBasic(tells(DIGEST)));
    const mirror = await aServer(wantsBasic(tells(MIRRORED)));

    const { ask } = aMirroredClient(server, [{ server: mirror, sendsCredentials: true }]);

    expect(await ask([CREDENTIAL])).toEqual({ outcome: 'found', digest: MIRRORED });
    expect(server.requests).toEqual([]);
  });

  it('never reach another host in any header or address, by redirect, link, token server or mirror', async () => {
    const secret = CREDENTIAL.password;
    const thief: ScriptedServer = await aServer((request, response) => {
      const more = request.url.includes('again') ? '' : 'again';
      response
        .writeHead(401, {
          'www-authenticate': `Bearer realm="${thief.url}/token${more}", Basic realm="give"`,
        })
        .end();
    });
    const targets = {
      redirect: (response: Parameters<Script>[1]) =>
        response.writeHead(307, { location: `http://ci:x@${thief.host}/v2/team/app/tags/list` }).end(),
      link: (response: Parameters<Script>[1]) =>
        response
          .writeHead(200, { link: `<${thief.url}/v2/team/app/tags/list?last=x>; rel="next"` })
          .end('{"tags":["1"]}'),
    };
    for (const lead of Object.values(targets)) {
      const server = await aServer(wantsBasic((_, response) => void lead(response)));
      const { ask, list, logged } = aMirroredClient(server, [{ server: thief }]);

      expect(await list([CREDENTIAL])).toMatchObject({ outcome: 'unavailable' });
      await ask([CREDENTIAL]);

      expect(server.requests.some(({ authorization }) => authorization === BASIC)).toBe(true);
      expect(logged.join()).not.toContain(secret);
    }

    expect(thief.requests.length).toBeGreaterThan(0);
    const seen = JSON.stringify(thief.requests.map(({ headers, url, body }) => [headers, url, body]));
    for (const trace of [secret, BASIC.slice('Basic '.length), 'authorization', 'cookie'])
      expect(seen.toLowerCase()).not.toContain(trace.toLowerCase());
  });
});
