import { afterEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { manyTags, pagedTags, type PagedTagsOptions } from '../../test/parts/paged-tags.ts';
import {
  answers,
  BASIC,
  configOf,
  createRegistryBench,
  CREDENTIAL,
  errors,
  V2,
  type RegistryClient,
} from '../../test/parts/registry-bench.ts';
import type { Script, ScriptedServer } from '../../test/parts/scripted-server.ts';
import { createRegistry } from './client.ts';

const { aServer, aClientOf, end } = createRegistryBench();
afterEach(end);

/** The clock stands still: no rate holds these back. */
const FAST = configOf({}, { requestsPerSecond: 10_000 });

async function listed(script: Script): Promise<RegistryClient & { readonly server: ScriptedServer }> {
  const server = await aServer(script);
  return { ...aClientOf(server, FAST), server };
}

const listing = (tags: unknown): string => JSON.stringify({ name: 'team/app', tags });

describe('a list of tags', () => {
  it('of 10,000 in pages of 100 is read to the last page', async () => {
    const tags = manyTags(10_000);
    const { list, server, outcomes } = await listed(pagedTags({ tags, pageSize: 100 }));

    expect(await list()).toEqual({ outcome: 'complete', tags, unchanged: false });
    expect(server.requests).toHaveLength(100);
    expect(server.requests[0]?.url).toBe('/v2/team/app/tags/list?n=1000');
    expect(new Set(outcomes)).toEqual(new Set(['answered']));
  });

  it('is one request where it fits into a page', async () => {
    const { list, server } = await listed(pagedTags({ tags: ['1.0', '1.1'], pageSize: 1000 }));

    expect(await list()).toEqual({ outcome: 'complete', tags: ['1.0', '1.1'], unchanged: false });
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    { what: 'null', tags: null },
    { what: 'an empty list', tags: [] },
  ])('may be empty: $what', async ({ tags }) => {
    const { list } = await listed(answers(200, {}, listing(tags)));

    expect(await list()).toEqual({ outcome: 'complete', tags: [], unchanged: false });
  });

  it('leaves out entries that are no tags, and folds those that come twice', async () => {
    const entries = ['1.0', 7, null, '', '../x', 'a b', { tag: 'x' }, ['y'], 'x'.repeat(129), '1.0', '1.1'];
    const { list } = await listed(answers(200, {}, listing(entries)));

    expect(await list()).toMatchObject({ outcome: 'complete', tags: ['1.0', '1.1'] });
  });

  it('is whole where the registry knows no pages and gives more than it was asked for', async () => {
    const tags = manyTags(2500);
    const { list, server } = await listed(answers(200, {}, listing(tags)));

    expect(await list()).toMatchObject({ outcome: 'complete', tags });
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    {
      what: 'absolute links',
      link: (host: string, query: string) => `<http://${host}/v2/team/app/tags/list?${query}>; rel="next"`,
    },
    {
      what: 'links beside others',
      link: (_: string, query: string) => `</x>; rel="first", <list?${query}>; rel=next`,
    },
    {
      what: 'links that lost the prefix of the repository',
      link: (_: string, query: string) => `</v2/app/tags/list?${query}>; rel="next"`,
    },
  ])('is read along $what', async ({ link }) => {
    const tags = manyTags(25);
    const { list, server } = await listed((request, ...rest) =>
      pagedTags({ tags, pageSize: 10, link: ({ last, n }) => link(server.host, `last=${last}&n=${n}`) })(
        request,
        ...rest,
      ),
    );

    expect(await list()).toMatchObject({ outcome: 'complete', tags });
    expect(new Set(server.requests.map(({ url }) => url.replace(/\?.*/, '')))).toEqual(
      new Set(['/v2/team/app/tags/list']),
    );
  });

  it.each([405, 400])(
    'is asked for in smaller pages where the registry answers %i, and so it stays',
    async (status) => {
      const tags = manyTags(250);
      const paged = pagedTags({ tags, pageSize: 100 });
      const { list, server } = await listed((request, response, socket) =>
        request.url.endsWith('?n=1000')
          ? response.writeHead(status).end(errors('PAGINATION_NUMBER_INVALID'))
          : paged(request, response, socket),
      );

      expect(await list()).toMatchObject({ outcome: 'complete', tags });
      expect(await list()).toMatchObject({ outcome: 'complete', tags, unchanged: true });
      expect(server.requests.map(({ url }) => url.replace(/^.*\?/, ''))).toEqual([
        'n=1000',
        'n=100',
        'last=00099&n=100',
        'last=00199&n=100',
        'n=100',
        'last=00099&n=100',
        'last=00199&n=100',
      ]);
    },
  );

  it('is asked for without a size where the registry takes none', async () => {
    const { list } = await listed((request, response) =>
      request.url.includes('?') ? response.writeHead(400).end() : response.end(listing(['1.0'])),
    );

    expect(await list()).toMatchObject({ outcome: 'complete', tags: ['1.0'] });
  });

  it('is unavailable where the registry takes no size at all', async () => {
    const { list, server } = await listed(answers(405));

    expect(await list()).toEqual({ outcome: 'unavailable', message: `${server.host} answered 405` });
    expect(server.requests).toHaveLength(3);
  });

  it('that several ask for at once is asked for once', async () => {
    const { list, server } = await listed(pagedTags({ tags: manyTags(30), pageSize: 10 }));

    const all = await Promise.all(Array.from({ length: 20 }, () => list()));

    expect(new Set(all.map(({ outcome }) => outcome))).toEqual(new Set(['complete']));
    expect(server.requests).toHaveLength(3);
  });
});

describe('half a list is none: it decides nothing', () => {
  const fails: readonly {
    readonly what: string;
    readonly instead: NonNullable<PagedTagsOptions['instead']>;
    readonly message: RegExp;
    readonly more?: object;
  }[] = [
    { what: '500', instead: fail((response) => response.writeHead(500).end()), message: /answered 500/ },
    {
      what: '429',
      instead: fail((response) => response.writeHead(429, { 'retry-after': '7' }).end()),
      message: /answered 429/,
      more: { retryAfterMs: 7000 },
    },
    {
      what: '503 with Retry-After',
      instead: fail((response) => response.writeHead(503, { 'retry-after': '9' }).end()),
      message: /answered 503/,
      more: { retryAfterMs: 9000 },
    },
    {
      what: '404',
      instead: fail((response) => response.writeHead(404, V2).end(errors('NAME_UNKNOWN'))),
      message: /answered 404: NAME_UNKNOWN/,
    },
    { what: '400', instead: fail((response) => response.writeHead(400).end()), message: /answered 400/ },
    {
      what: '304 to no condition',
      instead: fail((response) => response.writeHead(304).end()),
      message: /answered 304/,
    },
    {
      what: '206',
      instead: fail((response) => response.writeHead(206).end(listing(['x']))),
      message: /answered 206/,
    },
    {
      what: 'broken JSON',
      instead: fail((response) => response.end('{"name":"team/app","tags":["0')),
      message: /no list of tags/,
    },
    {
      what: 'another shape',
      instead: fail((response) => response.end('{"name":"team/app"}')),
      message: /no list of tags/,
    },
    { what: 'a web page', instead: fail((response) => response.end('<html>')), message: /no list of tags/ },
    {
      what: 'an error with 200',
      instead: fail((response) => response.end(errors('UNKNOWN'))),
      message: /no list of tags/,
    },
    {
      what: 'a connection that breaks off',
      instead: (page, _, __, socket) => page === 50 && Boolean(socket.destroy()),
      message: /closed the connection/,
    },
    {
      what: 'a body that breaks off',
      instead: (page, _, response, socket) => {
        if (page === 50)
          response.writeHead(200, { 'content-length': '999' }).write('{"tags":[', () => socket.destroy());
        return page === 50;
      },
      message: /closed the connection/,
    },
  ];

  function fail(
    answer: (response: Parameters<Script>[1]) => unknown,
  ): NonNullable<PagedTagsOptions['instead']> {
    return (page, _, response) => page === 50 && Boolean(answer(response));
  }

  it.each(fails)('page 50 of 100 being $what', async ({ instead, message, more }) => {
    const { list, server } = await listed(pagedTags({ tags: manyTags(10_000), pageSize: 100, instead }));

    expect(await list()).toEqual({
      outcome: 'unavailable',
      message: expect.stringMatching(message),
      ...more,
    });
    expect(server.requests.length).toBeLessThan(60);
  });

  it('page 2 leading to another host, which is not asked', async () => {
    const thief = await aServer(pagedTags({ tags: ['evil'], pageSize: 10 }));
    const link = ({ path, last }: { path: string; last: string }): string =>
      `<${thief.url}${path}?last=${last}>; rel="next"`;
    const { list, server } = await listed(pagedTags({ tags: manyTags(20), pageSize: 10, link }));

    expect(await list([CREDENTIAL])).toEqual({
      outcome: 'unavailable',
      message: `${server.host} names a next page on another host (${thief.host}), which is not asked`,
    });
    expect(thief.requests).toEqual([]);
  });

  it.each([
    { what: 'to itself', link: () => '<list?n=1000>; rel="next"', requests: 1 },
    {
      what: 'back to an earlier page',
      link: ({ last }: { last: string }) =>
        `<list?n=10&last=${last === '00019' ? '00009' : last}>; rel="next"`,
      requests: 2,
    },
  ])('a page leading $what', async ({ link, requests }) => {
    const { list, server } = await listed(pagedTags({ tags: manyTags(50), pageSize: 10, link }));

    expect(await list()).toEqual({
      outcome: 'unavailable',
      message: `${server.host} lists its pages in a circle`,
    });
    expect(server.requests).toHaveLength(requests);
  });

  it('pages that go on for ever without a new tag', async () => {
    let page = 0;
    const { list, server } = await listed((_, response) => {
      page += 1;
      response.writeHead(200, { link: `<list?last=${page}>; rel="next"` }).end(listing(['1.0', '1.1']));
    });

    expect(await list()).toMatchObject({
      outcome: 'unavailable',
      message: `${server.host} lists page after page without a new tag`,
    });
    expect(server.requests.length).toBeLessThan(30);
  });

  it('a page of more than 16 MiB', async () => {
    const { list } = await listed(answers(200, {}, listing(['x'.repeat(17 * 1024 * 1024)])));

    expect(await list()).toMatchObject({
      outcome: 'unavailable',
      message: expect.stringContaining('16 MiB'),
    });
  });

  it('pages that take more than ten minutes', async () => {
    const clock = new FakeClock();
    const never = { send: () => new Promise<never>(() => undefined), close: () => undefined };
    const log = { debug: () => undefined, warn: () => undefined };
    const registry = createRegistry({ insecureHosts: [], clock, log, transport: never });
    const repository = { host: 'registry.example.com', path: 'team/app' };
    const asked = registry.listTags({ repository, credentials: async () => [] });

    await clock.advance(600_000);

    expect(await asked).toEqual({
      outcome: 'unavailable',
      message: 'registry.example.com gave no answer within 10m',
    });
    expect(clock.pending).toBe(0);
  });
});

describe('a budget of tags', () => {
  const withBudget = (tagBudget: number) => configOf({}, { tagBudget, requestsPerSecond: 10_000 });

  it('that is exceeded ends the reading', async () => {
    const server = await aServer(pagedTags({ tags: manyTags(10_000), pageSize: 100 }));
    const { list } = aClientOf(server, withBudget(250));

    expect(await list()).toEqual({
      outcome: 'over-budget',
      read: 300,
      budget: 250,
      message: `${server.host} has more than 250 tags of team/app, the most that are read`,
    });
    expect(server.requests).toHaveLength(3);
  });

  it('that is just met is not exceeded', async () => {
    const tags = manyTags(250);
    const server = await aServer(pagedTags({ tags, pageSize: 50 }));

    expect(await aClientOf(server, withBudget(250)).list()).toMatchObject({ outcome: 'complete', tags });
  });

  it('holds where the registry gives all at once, too', async () => {
    const server = await aServer(answers(200, {}, listing(manyTags(251))));

    expect(await aClientOf(server, withBudget(250)).list()).toMatchObject({
      outcome: 'over-budget',
      read: 251,
    });
  });

  it('is a host’s own', async () => {
    const server = await aServer(pagedTags({ tags: manyTags(20), pageSize: 100 }));
    const config = configOf({ [server.host]: { tagBudget: 10, insecure: true } });

    expect(await aClientOf(server, config).list()).toMatchObject({ outcome: 'over-budget', budget: 10 });
  });
});

describe('what nobody may see, or is not there', () => {
  it.each([401, 403])('is denied with %i, which is said apart', async (status) => {
    const { list, server } = await listed(answers(status, {}, errors('DENIED', 'no')));

    expect(await list()).toEqual({
      outcome: 'unavailable',
      message: `${server.host} answered ${status}: DENIED no (asked without credentials: no imagePullSecrets of the pod or its service account are for it)`,
      denied: true,
    });
  });

  it('is denied where a 404 speaks of permission', async () => {
    const { list } = await listed(answers(404, {}, errors('DENIED')));

    expect(await list()).toMatchObject({ outcome: 'unavailable', denied: true });
  });

  it('is missing where the registry says so', async () => {
    const { list, server } = await listed(answers(404, {}, errors('NAME_UNKNOWN')));

    expect(await list()).toEqual({
      outcome: 'missing',
      message: `${server.host} has no repository team/app`,
    });
  });

  it('is unavailable, not missing and not denied, where a proxy says 404', async () => {
    const { list, server } = await listed(answers(404, {}, '<html>'));

    expect(await list()).toEqual({
      outcome: 'unavailable',
      message: `${server.host} answered 404, but not as a registry does`,
    });
  });

  it('is listed to whichever credential is let in', async () => {
    const { list } = await listed((request, response) => {
      if (request.authorization === BASIC) response.end(listing(['1.0']));
      else response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end();
    });

    expect(await list([{ ...CREDENTIAL, password: 'wrong' }, CREDENTIAL])).toMatchObject({
      outcome: 'complete',
      tags: ['1.0'],
    });
    expect(await list([{ ...CREDENTIAL, password: 'wrong' }])).toMatchObject({ denied: true });
  });

  it('is unavailable when whoever asks gives up, with the reason', async () => {
    const { list } = await listed(() => undefined);
    const controller = new AbortController();
    const asked = list([], controller.signal);
    controller.abort(new Error('enough'));

    await expect(asked).rejects.toThrow('enough');
  });
});
