import { access, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { someAssets } from '../../test/dashboard-under-test.ts';
import { eventually } from '../../test/parts/eventually.ts';
import { systemClock } from '../system.ts';
import { choosePorts, DEMO_PORTS } from './demo/ports.ts';
import { runDemo } from './demo.ts';

const Line = z.looseObject({ event: z.string(), message: z.string() });
type Line = z.infer<typeof Line>;

let directory: string;
let lines: Line[];
let demo: Promise<void>;
let controller: AbortController;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'headwind-demo-test-'));
  lines = [];
  controller = new AbortController();
});

afterEach(async () => {
  controller.abort();
  await demo;
  await rm(directory, { recursive: true, force: true });
});

function start(betweenMs: number): void {
  demo = runDemo({
    clock: systemClock,
    random: () => 0,
    write: (line) => void lines.push(Line.parse(JSON.parse(line))),
    format: 'json',
    colours: false,
    version: 'test',
    assets: someAssets,
    ports: { webhook: 0, api: 0, ui: 0, metrics: 0 },
    signal: controller.signal,
    temporaryDirectory: directory,
    pace: { firstMs: 50, betweenMs },
  });
}

async function told(event: string, text: string): Promise<Line> {
  return eventually(() => lines.find((line) => line.event === event && line.message.includes(text)), {
    what: `${event} with ${text}`,
    timeoutMs: 20_000,
  });
}

test('a version arrives, waits, is approved by the printed command, and rolls out; at the end nothing is left', async () => {
  start(3_600_000);
  await told('request-created', 'shop/checkout 1.4.2 -> 1.5.0: waits for approval');
  const hint = z.object({ command: z.string() }).parse(await told('hint', 'To approve it'));
  const [url = ''] = /http:\S+/.exec(hint.command) ?? [];
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ approver: 'me' }),
  });
  expect(response.status).toBe(200);
  await told('request-applied', 'applied (me)');
  await told('rolled-out', 'shop/checkout: all pods run migrations:0.9.0 and checkout:1.5.0');

  const { places } = z
    .object({ places: z.record(z.string(), z.string()) })
    .parse(await told('started', 'running'));
  for (const name of ['workloads', 'dashboard', 'metrics'])
    expect(`${name} ${(await fetch(places[name] ?? '')).status}`).toBe(`${name} 200`);
  const kubeconfig = places['kubeconfig'] ?? '';
  expect((await stat(kubeconfig)).mode % 0o1000).toBe(0o600);
  expect(await readFile(kubeconfig, 'utf8')).toContain(places['kubernetes']);

  controller.abort();
  await demo;
  expect(await readdir(directory)).toEqual([]);
  await expect(access(kubeconfig)).rejects.toThrow('ENOENT');
  await expect(fetch(places['registry'] ?? '')).rejects.toThrow('fetch failed');
  expect(lines.at(-1)?.event).toBe('stopped');
});

test(
  'patches are applied at once, what is paused or too large a step stays, and a broken patch is taken back',
  { timeout: 60_000 },
  async () => {
    start(4_000);
    await told('request-applied', 'shop/storefront 2.3.4 -> 2.3.5: applied (policy)');
    await told('container-in-trouble', 'CrashLoopBackOff with storefront:2.3.5');
    await told('check-failed', 'Check 1 of 2 was bad');
    await told('request-rolled-back', 'shop/storefront 2.3.4 -> 2.3.5: rolled back');
    await told('rollback-completed', 'shop/storefront 2.3.5 -> 2.3.4: 2.3.4 is back');
    await told('request-applied', 'shop/storefront 2.3.4 -> 2.3.6: applied (policy)');
    await told('request-created', 'shop/orders 15.3 -> 15.4: waits for approval');
    await told('request-created', 'platform/reports nightly-2026-03-01 -> nightly-2026-03-02');
    await told('request-superseded', 'shop/checkout 1.4.2 -> 1.5.0');
    await told('rolled-out', 'platform/log-agent: all pods run log-agent:2.2.0');
    await told('pushed', 'shop/checkout:1.5.1');
    expect(
      lines.filter(
        ({ event, message }) =>
          /gateway 3/.test(message) || (event === 'request-applied' && /cart/.test(message)),
      ),
    ).toEqual([]);
  },
);

test('a usual port that is taken by another program is replaced by a free one', async () => {
  demo = Promise.resolve();
  const other = createServer();
  await new Promise<void>((resolve) => {
    other.once('error', () => resolve());
    other.listen(DEMO_PORTS.api, '127.0.0.1', resolve);
  });
  const { ports, moved } = await choosePorts('127.0.0.1', { webhook: 0, ui: 0, metrics: 12_345 });
  other.close();
  expect(moved).toEqual([{ name: 'api', usual: DEMO_PORTS.api, now: ports.api }]);
  expect(ports.metrics).toBe(12_345);
  expect(new Set(Object.values(ports)).size).toBe(4);
});
