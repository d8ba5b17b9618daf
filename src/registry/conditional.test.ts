import { afterEach, describe, expect, it } from 'vitest';
import { manyTags, pagedTags } from '../../test/parts/paged-tags.ts';
import { BASIC, configOf, createRegistryBench, CREDENTIAL } from '../../test/parts/registry-bench.ts';

const { aServer, aClientOf, end } = createRegistryBench();
afterEach(end);

const FAST = configOf({}, { requestsPerSecond: 10_000 });

/** A registry with these tags, and what a client got of it at last. */
async function aRegistry(tags: string[], more: { pageSize?: number; etags?: boolean } = {}) {
  const server = await aServer(pagedTags({ tags, pageSize: 1000, etags: true, ...more }));
  const client = aClientOf(server, FAST);
  return {
    ...client,
    server,
    conditions: () => server.requests.map(({ headers }) => headers['if-none-match']),
  };
}

describe('an unchanged list', () => {
  it('costs one conditional request, which is answered with 304', async () => {
    const { list, outcomes, conditions } = await aRegistry(['1.0', '1.1']);

    const first = await list();
    const second = await list();

    expect(first).toEqual({ outcome: 'complete', tags: ['1.0', '1.1'], unchanged: false });
    expect(second).toEqual({ outcome: 'complete', tags: ['1.0', '1.1'], unchanged: true });
    expect(outcomes).toEqual(['answered', 'not-modified']);
    expect(conditions()).toEqual([undefined, expect.stringMatching(/^"[0-9a-f]{64}"$/)]);
  });

  it('of several pages costs one conditional request for each', async () => {
    const tags = manyTags(25);
    const { list, outcomes } = await aRegistry(tags, { pageSize: 10 });

    await list();

    expect(await list()).toEqual({ outcome: 'complete', tags, unchanged: true });
    expect(outcomes.slice(3)).toEqual(['not-modified', 'not-modified', 'not-modified']);
  });

  it('is known where the registry has no ETag, whatever order it lists in', async () => {
    const tags = ['c', 'a', 'b'];
    const { list, conditions } = await aRegistry(tags, { etags: false });
    await list();
    tags.reverse();

    expect(await list()).toEqual({ outcome: 'complete', tags: ['b', 'a', 'c'], unchanged: true });
    expect(conditions()).toEqual([undefined, undefined]);
  });
});

describe('a changed list', () => {
  it.each([
    { what: 'one more', change: (tags: string[]) => void tags.push('2.0') },
    { what: 'one less', change: (tags: string[]) => void tags.pop() },
    { what: 'another one', change: (tags: string[]) => void tags.splice(0, 1, '0.9') },
  ])('with $what is seen', async ({ change }) => {
    for (const etags of [true, false]) {
      const tags = ['1.0', '1.1'];
      const { list } = await aRegistry(tags, { etags });
      await list();
      change(tags);

      expect(await list()).toEqual({ outcome: 'complete', tags, unchanged: false });
      expect(await list()).toEqual({ outcome: 'complete', tags, unchanged: true });
    }
  });

  it('is seen where only its last page changed: the first page’s ETag says nothing about it', async () => {
    const tags = manyTags(25);
    const { list, outcomes } = await aRegistry(tags, { pageSize: 10 });
    await list();
    tags.push('99999');

    expect(await list()).toEqual({ outcome: 'complete', tags, unchanged: false });
    expect(outcomes.slice(3)).toEqual(['not-modified', 'not-modified', 'answered']);
  });

  it('is seen where a page in the middle changed', async () => {
    const tags = manyTags(35);
    const { list } = await aRegistry(tags, { pageSize: 10 });
    await list();
    tags.splice(15, 1);

    expect(await list()).toEqual({ outcome: 'complete', tags, unchanged: false });
  });

  it.each([10, 20, 1000])(
    'is seen where the page that was the last, of %i, is full and stays the same',
    async (pageSize) => {
      // The server gives no Link with its 304, and the page that was the last is byte for byte the same.
      const tags = manyTags(pageSize);
      const { list } = await aRegistry(tags, { pageSize });
      await list();
      tags.push('99999');

      expect(await list()).toEqual({ outcome: 'complete', tags, unchanged: false });
    },
  );

  it('is seen where a 304 says that another page follows', async () => {
    const script = pagedTags({ tags: ['2.0'], pageSize: 10 });
    let grown = false;
    const server = await aServer((request, response, socket) => {
      if (request.url.includes('last=')) script(request, response, socket);
      else if (grown && request.headers['if-none-match'] === '"7"')
        response.writeHead(304, { etag: '"7"', link: '<list?last=1.0&n=10>; rel="next"' }).end();
      else response.writeHead(200, { etag: '"7"' }).end('{"tags":["1.0"]}');
    });
    const { list } = aClientOf(server, FAST);
    await list();
    grown = true;

    expect(await list()).toEqual({ outcome: 'complete', tags: ['1.0', '2.0'], unchanged: false });
  });
});

describe('what is kept', () => {
  it('is never used for other credentials', async () => {
    const paged = pagedTags({ tags: ['1.0', '1.1'], pageSize: 1000, etags: true });
    const server = await aServer((request, response, socket) =>
      request.authorization === undefined
        ? response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end()
        : paged(request, response, socket),
    );
    const { list } = aClientOf(server, FAST);
    const other = { username: 'other', password: 'other-password' };
    await list([CREDENTIAL]);

    expect(await list([other])).toMatchObject({ outcome: 'complete', unchanged: false });
    expect(await list([CREDENTIAL])).toMatchObject({ outcome: 'complete', unchanged: true });
    expect(await list()).toMatchObject({ outcome: 'unavailable', denied: true });
    const conditions = server.requests
      .filter(({ headers }) => headers['if-none-match'] !== undefined)
      .map(({ authorization }) => authorization);
    expect(conditions).toEqual([BASIC]);
  });

  it('survives a failure in between, which decides nothing', async () => {
    let broken = false;
    const server = await aServer(
      pagedTags({
        tags: manyTags(25),
        pageSize: 10,
        etags: true,
        instead: (page, _, response) => broken && page === 2 && Boolean(response.writeHead(502).end()),
      }),
    );
    const { list } = aClientOf(server, FAST);
    await list();
    broken = true;
    expect(await list()).toMatchObject({ outcome: 'unavailable' });
    broken = false;

    expect(await list()).toMatchObject({ outcome: 'complete', unchanged: true });
  });

  it('is measured', async () => {
    const { list, registry } = await aRegistry(manyTags(999));
    expect(registry.keptBytes()).toBe(0);

    await list();

    expect(registry.keptBytes()).toBeGreaterThan(999 * 5);
    expect(registry.keptBytes()).toBeLessThan(999 * 100);
  });

  it('is little where the registry has no ETag', async () => {
    const { list, registry } = await aRegistry(manyTags(999), { etags: false });

    await list();

    expect(registry.keptBytes()).toBeLessThan(1000);
  });

  it.each(['"with a\u00e9"', 'x'.repeat(301), 'two words'])('holds no ETag such as %j', async (etag) => {
    const server = await aServer((_, response) => {
      response.setHeader('etag', Buffer.from(etag).toString('latin1'));
      response.end('{"tags":["1.0"]}');
    });
    const { list } = aClientOf(server, FAST);
    await list();
    await list();

    expect(server.requests.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, undefined]);
  });
});
