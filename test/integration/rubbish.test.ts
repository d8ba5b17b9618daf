import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { eventually } from '../parts/eventually.ts';
import { applyLoad, toWire } from '../parts/http-load.ts';
import { residentMb } from '../parts/memory.ts';
import { openRaw, type RawConnection } from '../parts/raw-http.ts';
import { RAW_RUBBISH, RUBBISH, type Rubbish } from '../parts/rubbish.ts';
import { openWorld, post, requestsWhen, workloadOf, type World } from '../parts/world.ts';

const SERVERS = ['webhook', 'api', 'ui', 'metrics'] as const;
type Server = (typeof SERVERS)[number];

const FLOOD = 100_000;
/** By then the heap has found its size: what grows after it would grow for ever. */
const WARM_UP = 100_000;
/** What garbage that is not collected yet may make of it. */
const FLAT_WITHIN_MB = 40;
const IDLE_CONNECTIONS = 3000;

describe('rubbish to every port', () => {
  let world: World;

  beforeAll(async () => {
    world = await openWorld(inject('controlPlane'), {
      narrow: true,
      // As bin/headwind is started.
      env: { NODE_OPTIONS: '--max-semi-space-size=1' },
    });
  });
  afterAll(async () => {
    await world.close();
  });

  const portOf = (server: Server): number => Number(new URL(world.headwind().urls[server]).port);

  it.each(RUBBISH)('$what: $status $code', async ({ server, request, status, code }) => {
    const connection = await openRaw(portOf(server));
    connection.write(toWire(request));
    const answer = await connection.receives(/\r\n\r\n.*\}$/s);
    connection.close();
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer.toLowerCase()).toContain('\r\ncontent-type: application/problem+json');
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({ status, code });
  });

  it.each(RAW_RUBBISH.flatMap((raw) => SERVERS.map((server) => ({ ...raw, server }))))(
    '$server: $what on the wire: $status, and the connection is closed',
    async ({ server, bytes, status }) => {
      const connection = await openRaw(portOf(server));
      connection.write(bytes);
      expect(await connection.untilClosed()).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    },
  );

  it('a body of 10 MB in chunks is refused before it is over', async () => {
    const connection = await openRaw(portOf('webhook'));
    const headers = { 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked' };
    connection.write(toWire({ method: 'POST', path: '/webhook/registry', headers }));
    const chunk = Buffer.from(`10000\r\n${'1'.repeat(0x10000)}\r\n`);
    for (let sent = 0; sent < 160; sent += 1) connection.write(chunk);
    expect(await connection.receives(/\}$/)).toMatch(/^HTTP\/1.1 413 /);
    connection.close();
  });

  it('requests that break off in the middle disturb nobody', async () => {
    const whole = toWire({
      method: 'POST',
      path: '/webhook/registry',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ repository: 'nginx', tag: '1.2.3' }),
    });
    for (let cut = 1; cut < whole.length; cut += 1) {
      const connection = await openRaw(portOf('webhook'));
      connection.write(whole.subarray(0, cut));
      if (cut % 2 === 0) connection.socket.resetAndDestroy();
      else connection.close();
    }
    expect(await statuses()).toEqual([200, 200, 200, 200]);
  });

  it(`${IDLE_CONNECTIONS} idle connections leave room for those who have something to say`, async () => {
    const idle: RawConnection[] = [];
    for (let count = 0; count < IDLE_CONNECTIONS; count += 1) {
      const connection = await openRaw(portOf(SERVERS[count % SERVERS.length] ?? 'api'));
      if (count % 2 === 0) connection.write('POST /webhook/registry HTTP/1.1\r\nHost: a\r\n');
      idle.push(connection);
    }
    expect(await statuses()).toEqual([200, 200, 200, 200]);
    for (const connection of idle) connection.close();
  });

  it(`${FLOOD} such requests: no 5xx, and memory stays flat`, async () => {
    const { pid } = world.headwind();
    await floodAll(WARM_UP);
    const beforeMb = await residentMb(pid);
    const answered = await floodAll(FLOOD);
    const afterMb = await residentMb(pid);
    expect([...answered.keys()].filter((status) => status < 400 || status >= 500)).toEqual([]);
    expect([...answered.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(FLOOD);
    expect(afterMb - beforeMb, `${beforeMb} MB before, ${afterMb} MB after`).toBeLessThan(FLAT_WITHIN_MB);
  });

  it('after all of this a real webhook causes its update', async () => {
    const images = { app: `${world.registry.host}/rubbish/app:1.0.0` };
    await world.create('deployments', workloadOf('Deployment', { name: 'rubbish', images }));
    await eventually(
      async () =>
        (await (await fetch(`${world.headwind().urls.api}/api/v1/workloads`)).text()).includes('"rubbish"'),
      { what: 'Headwind knows the workload' },
    );
    await world.registry.pushImage({ repository: 'rubbish/app', tag: '1.0.1' });
    const [request] = await requestsWhen(world, 'the request', ({ length }) => length === 1);
    expect(request?.spec.newImage).toBe(`${world.registry.host}/rubbish/app:1.0.1`);
    const url = `${world.headwind().urls.api}/api/v1/updates/${world.namespace}/${request?.metadata.name}/approve`;
    expect(await post(url, {})).toMatchObject({ status: 200, body: { phase: 'Completed' } });
  });

  it('nothing of it was logged as a bug', () => {
    const loud = world
      .headwind()
      .output()
      .filter((line) => /"level":"ERROR"|unhandled|MaxListeners/i.test(line));
    expect(loud).toEqual([]);
  });

  async function statuses(): Promise<readonly number[]> {
    const paths = { webhook: '/health', api: '/api/v1/updates', ui: '/', metrics: '/metrics' };
    return Promise.all(
      SERVERS.map(async (server) => {
        const answer = await fetch(`${world.headwind().urls[server]}${paths[server]}`);
        await answer.arrayBuffer();
        return answer.status;
      }),
    );
  }

  /** All small rubbish, again and again, `count` in all; the big ones a few times beside it. */
  async function floodAll(count: number): Promise<ReadonlyMap<number, number>> {
    const total = new Map<number, number>();
    const small = RUBBISH.filter(({ isBig }) => isBig !== true);
    for (const server of SERVERS) {
      const ours = (all: readonly Rubbish[]): Buffer[] =>
        all.filter((one) => one.server === server).map(({ request }) => toWire(request));
      const requests = ours(small);
      const share = Math.ceil((count * requests.length) / small.length);
      const [answered] = await Promise.all([
        applyLoad({ port: portOf(server), requests, connections: 48, until: { count: share } }),
        sendBig(server, ours(RUBBISH.filter(({ isBig }) => isBig === true))),
      ]);
      for (const [status, times] of answered.statuses) total.set(status, (total.get(status) ?? 0) + times);
    }
    return total;
  }

  async function sendBig(server: Server, requests: readonly Buffer[]): Promise<void> {
    for (const request of requests) {
      const connection = await openRaw(portOf(server));
      connection.write(request);
      await connection.receives(/^HTTP\/1.1 4\d\d /);
      connection.close();
    }
  }
});
