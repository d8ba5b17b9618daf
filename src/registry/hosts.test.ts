import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../test/parts/eventually.ts';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { answers, createRegistryBench, DIGEST } from '../../test/parts/registry-bench.ts';
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
