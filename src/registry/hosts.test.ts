import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../test/parts/eventually.ts';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { manyTags, pagedTags } from '../../test/parts/paged-tags.ts';
import { answers, configOf, createRegistryBench, DIGEST } from '../../test/parts/registry-bench.ts';
import { createRegistry } from './client.ts';

const { aServer, aClientOf, end } = createRegistryBench();
afterEach(end);

describe('politeness', () => {
  it.each([
    { what: '429 with seconds', status: 429, headers: { 'retry-after': '60' }, pauseMs: 60_000 },
    { what: '429 without a word', status: 429, headers: {}, pauseMs: 10_000 },
    {
      what: '503 with a date',
      status: 503,
      headers: { 'retry-after': 'Thu, 01 Jan 2026 00:00:20 GMT' },
      pauseMs: 20_000,
    },
  ])('pauses after $what, for all questions to that host', async ({ status, headers, pauseMs }) => {
    let limited = true;
    const server = await aServer((request, ...rest) =>
      (limited ? answers(status, headers) : answers(200, { 'docker-content-digest': DIGEST }))(
        request,
        ...rest,
      ),
    );
    const { ask, clock, outcomes } = aClientOf(server);

    expect(await ask()).toMatchObject({ outcome: 'unavailable', retryAfterMs: pauseMs });
    limited = false;
    // Somebody sets the machine's clock, which the registry's wish has nothing to do with.
    clock.jump(-5 * 3_600_000);
    await clock.advance(pauseMs - 1);
    expect(await ask()).toEqual({
      outcome: 'unavailable',
      message: `${server.host} asked for a pause`,
      retryAfterMs: 1,
    });
    expect(server.requests).toHaveLength(1);
    expect(outcomes.at(-1)).toBe('held-back');
    await clock.advance(1);

    expect(await ask()).toEqual({ outcome: 'found', digest: DIGEST });
  });

  it('lets a host alone after five failures, and takes it up again', async () => {
    let broken = true;
    const server = await aServer((request, ...rest) =>
      (broken ? answers(500) : answers(200, { 'docker-content-digest': DIGEST }))(request, ...rest),
    );
    const { ask, clock, registry } = aClientOf(server);

    for (let failure = 0; failure < 5; failure += 1)
      expect(await ask()).toMatchObject({ message: `${server.host} answered 500: it has a problem` });
    expect(registry.openCircuits()).toBe(1);
    expect(await ask()).toMatchObject({ outcome: 'unavailable', retryAfterMs: 30_000 });
    expect(server.requests).toHaveLength(5);

    broken = false;
    await clock.advance(30_000);
    expect(await ask()).toEqual({ outcome: 'found', digest: DIGEST });
    expect(registry.openCircuits()).toBe(0);
  });

  it.each([
    { what: '401', script: answers(401) },
    { what: '403', script: answers(403) },
    { what: '404', script: answers(404) },
  ])('does not hold $what against the host', async ({ script }) => {
    const server = await aServer(script);
    const { ask, registry } = aClientOf(server);

    for (let time = 0; time < 10; time += 1) await ask();

    expect(registry.openCircuits()).toBe(0);
  });

  it('asks a host eight things at once and no more', async () => {
    const waiting: (() => void)[] = [];
    const server = await aServer((_, response) => {
      waiting.push(() => void response.writeHead(200, { 'docker-content-digest': DIGEST }).end());
    });
    const { registry } = aClientOf(server);
    const questions = Array.from({ length: 20 }, (_, index) =>
      registry.confirm({
        repository: { host: server.host, path: 'team/app' },
        tag: `1.${index}`,
        credentials: async () => [],
      }),
    );

    await eventually(() => waiting.length === 8, { what: 'eight requests' });
    for (let done = 0; done < 20; done += 1) {
      await eventually(() => waiting.length > 0, { what: 'a waiting request' });
      expect(waiting.length).toBeLessThanOrEqual(8);
      waiting.shift()?.();
    }

    expect((await Promise.all(questions)).every(({ outcome }) => outcome === 'found')).toBe(true);
  });

  it('gives up a host that does not finish its answer', async () => {
    const server = await aServer((request, response) => {
      if (request.method === 'HEAD') response.writeHead(405).end();
      else response.writeHead(200).write('{');
    });
    const { ask, clock } = aClientOf(server);
    const asked = ask();
    await eventually(() => clock.nextInMs === 15_000, { what: 'the beginning of the body' });

    await clock.advance(15_000);

    expect(await asked).toMatchObject({ message: `${server.host} did not finish its answer within 15 s` });
    expect(clock.pending).toBe(0);
  });

  it('gives up after 30 s, whatever happens', async () => {
    const clock = new FakeClock();
    const never = { send: () => new Promise<never>(() => undefined), close: () => undefined };
    const log = { debug: () => undefined, warn: () => undefined };
    const registry = createRegistry({ insecureHosts: [], clock, log, transport: never });
    const repository = { host: 'registry.example.com', path: 'team/app' };
    const asked = registry.confirm({ repository, tag: '1.0', credentials: async () => [] });

    await clock.advance(30_000);

    expect(await asked).toEqual({
      outcome: 'unavailable',
      message: 'registry.example.com gave no answer within 30 s',
    });
  });
});

describe('politeness while polling', () => {
  it('leaves a host alone for the 30 s that it asks for with 429, and goes on with another', async () => {
    let limited = true;
    const paged = pagedTags({ tags: ['1.0'], pageSize: 100 });
    const busy = await aServer((request, response, socket) =>
      limited ? response.writeHead(429, { 'retry-after': '30' }).end() : paged(request, response, socket),
    );
    const other = await aServer(paged);
    const { registry, clock } = aClientOf(busy, configOf({ [other.host]: { insecure: true } }));
    const list = (host: string, name: string) =>
      registry.listTags({ repository: { host, path: `team/${name}` }, credentials: async () => [] });

    expect(await list(busy.host, 'app')).toMatchObject({ outcome: 'unavailable', retryAfterMs: 30_000 });
    limited = false;
    for (let second = 0; second < 30; second += 1) {
      expect(await list(busy.host, `app-${second}`)).toEqual({
        outcome: 'unavailable',
        message: `${busy.host} asked for a pause`,
        retryAfterMs: 30_000 - second * 1000,
      });
      expect(await list(other.host, `app-${second}`)).toMatchObject({ outcome: 'complete' });
      await clock.advance(1000);
    }

    expect(busy.requests).toHaveLength(1);
    expect(other.requests).toHaveLength(30);
    expect(await list(busy.host, 'app')).toMatchObject({ outcome: 'complete', tags: ['1.0'] });
  });

  it('does not ask what waited for its turn when the pause began', async () => {
    const waiting: (() => void)[] = [];
    const server = await aServer((_, response) => {
      waiting.push(() => void response.writeHead(429, { 'retry-after': '30' }).end());
    });
    const { registry } = aClientOf(server);
    const all = Array.from({ length: 20 }, (_, index) =>
      registry.listTags({
        repository: { host: server.host, path: `team/app-${index}` },
        credentials: async () => [],
      }),
    );
    await eventually(() => waiting.length === 8, { what: 'eight requests' });

    for (const answer of waiting) answer();

    expect((await Promise.all(all)).every(({ outcome }) => outcome === 'unavailable')).toBe(true);
    expect(server.requests).toHaveLength(8);
    expect(registry.waiting()).toBe(0);
  });

  it('does not end a long pause for a shorter one that was asked for at the same time', async () => {
    const waiting: ((seconds: string) => void)[] = [];
    const server = await aServer((_, response) => {
      waiting.push((seconds) => void response.writeHead(429, { 'retry-after': seconds }).end());
    });
    const { registry, clock, ask } = aClientOf(server);
    const both = ['a', 'b'].map((name) =>
      registry.listTags({ repository: { host: server.host, path: name }, credentials: async () => [] }),
    );
    await eventually(() => waiting.length === 2, { what: 'two requests' });
    waiting[0]?.('60');
    await both[0];
    waiting[1]?.('5');
    await Promise.all(both);

    await clock.advance(10_000);

    expect(await ask()).toMatchObject({ message: `${server.host} asked for a pause`, retryAfterMs: 50_000 });
  });

  it('does not hold 503 with Retry-After against the host', async () => {
    const server = await aServer(answers(503, { 'retry-after': '1' }));
    const { list, clock, registry, outcomes } = aClientOf(server);

    for (let time = 0; time < 10; time += 1) {
      await list();
      await clock.advance(1000);
    }

    expect(registry.openCircuits()).toBe(0);
    expect(outcomes).toEqual(Array.from({ length: 10 }, () => 'rate-limited'));
  });

  it('asks no more often than the host’s rate allows', async () => {
    const tags = manyTags(1000);
    const server = await aServer(pagedTags({ tags, pageSize: 10 }));
    const config = configOf({ [server.host]: { insecure: true, requestsPerSecond: 5 } });
    const { list, clock } = aClientOf(server, config);
    const asked = list();

    await eventually(() => server.requests.length === 10, { what: 'two seconds’ worth of requests' });
    for (let more = 11; more <= 100; more += 1) {
      await eventually(() => clock.nextInMs === 200, { what: 'the wait for the next request' });
      expect(server.requests).toHaveLength(more - 1);
      await clock.advance(200);
      await eventually(() => server.requests.length === more, { what: 'the next request' });
    }

    expect(await asked).toMatchObject({ outcome: 'complete', tags });
  });

  it('lets what somebody waits for go first: a webhook is not behind a thousand polls', async () => {
    const server = await aServer((request, response) => {
      if (request.method === 'HEAD') response.writeHead(200, { 'docker-content-digest': DIGEST }).end();
      else response.end('{"tags":[]}');
    });
    const config = configOf({ [server.host]: { insecure: true, requestsPerSecond: 1 } });
    const { registry, ask } = aClientOf(server, config);
    for (let index = 0; index < 500; index += 1)
      void registry.listTags({
        repository: { host: server.host, path: `app-${index}` },
        credentials: async () => [],
      });
    const repository = { host: server.host, path: 'polled' };
    const polled = registry.confirm({
      repository,
      tag: '1.0',
      credentials: async () => [],
      background: true,
    });

    expect(await ask()).toEqual({ outcome: 'found', digest: DIGEST });
    expect(registry.waiting()).toBeGreaterThan(490);
    registry.close();
    expect(await polled).toMatchObject({ outcome: 'unavailable' });
  });

  it('turns away what would make too long a queue', async () => {
    const server = await aServer(() => undefined);
    const { registry, outcomes } = aClientOf(server);
    const all = Array.from({ length: 1100 }, (_, index) =>
      registry.listTags({
        repository: { host: server.host, path: `app-${index}` },
        credentials: async () => [],
      }),
    );
    await eventually(() => outcomes.filter((outcome) => outcome === 'held-back').length === 92, {
      what: 'those for which there is no place',
    });
    expect(registry.waiting()).toBe(1000);
    registry.close();

    const messages = (await Promise.all(all)).map((listing) => ('message' in listing ? listing.message : ''));
    expect(
      messages.filter((message) => message.endsWith('has too many questions waiting already')),
    ).toHaveLength(92);
    expect(registry.waiting()).toBe(0);
  });
});
