import { afterEach, describe, expect, it } from 'vitest';
import { startInfluxServer, type InfluxServer } from '../../test/parts/influxdb.ts';
import { systemClock } from '../system.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import type { Backend } from './backend.ts';
import { fluxString } from './flux.ts';
import { createBackendHttp } from './http.ts';
import { createInflux, type InfluxOptions } from './influx.ts';
import { queryables, type Queryable } from './queryable.ts';
import { windowOf } from './ranges.ts';
import { toSteps, toValue } from './series.ts';

const NOW = Date.UTC(2026, 0, 2, 12, 0, 30);
const WINDOW = windowOf('1h', NOW);
const known = queryables(createMetrics().described);

function metric(name: string): Queryable {
  const found = known.get(name);
  if (found === undefined) throw new Error(`no metric ${name}`);
  return found;
}

const APPLIED = metric('headwind_updates_applied_total');
const PENDING = metric('headwind_updates_pending');
const DECISIONS = metric('headwind_decisions_total');
const SECONDS = metric('headwind_reconcile_duration_seconds_sum');

let server: InfluxServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

const ACCOUNT = { org: 'headwind', bucket: 'metrics', token: 'right' };

async function anInflux(
  layout: 1 | 2,
  change: Partial<InfluxOptions> = {},
): Promise<{ readonly backend: Backend; readonly influx: InfluxServer }> {
  server = await startInfluxServer({ ...ACCOUNT, layout });
  const http = createBackendHttp({ clock: systemClock, userAgent: 'test' });
  const clock = { now: () => NOW };
  return { influx: server, backend: createInflux({ ...ACCOUNT, url: server.url, http, clock, ...change }) };
}

/** What Headwind's metrics endpoint says after so many applied updates and decisions. */
async function said(applied: number, decided: number, pending = 2): Promise<string> {
  const metrics = createMetrics();
  metrics.updatesAppliedTotal.inc(applied);
  metrics.updatesPending.set(pending);
  metrics.decisionsTotal.inc({ outcome: 'update' }, decided);
  metrics.decisionsTotal.inc({ outcome: 'policy' }, decided);
  metrics.reconcileDurationSeconds.observe(applied / 2);
  return metrics.registry.metrics();
}

describe.each([1, 2] as const)('InfluxDB as Telegraf writes it with metric_version %i', (layout) => {
  it('tells what counters grew by, over replicas, labels and restarts', async () => {
    const { backend, influx } = await anInflux(layout);
    const a = { url: 'http://10.0.0.1:9090/metrics', host: 'telegraf,1' };
    const b = { url: 'http://10.0.0.2:9090/metrics', host: 'telegraf,1' };
    const at = (seconds: number): number => WINDOW.fromMs + seconds * 1000;
    for (const [seconds, applied] of [
      [-5, 5],
      [10, 7],
      [40, 1],
      [70, 4],
    ] as const)
      influx.write(await said(applied, applied), at(seconds), a);
    for (const seconds of [-5, 10, 40, 70]) influx.write(await said(3, 3), at(seconds), b);
    const samples = await backend.sample([APPLIED, PENDING, DECISIONS, SECONDS], WINDOW);
    expect(toSteps(APPLIED, samples, WINDOW).slice(0, 2)).toEqual([3, 3]);
    expect(toSteps(DECISIONS, samples, WINDOW).slice(0, 2)).toEqual([6, 6]);
    expect(toSteps(SECONDS, samples, WINDOW).slice(0, 2)).toEqual([1.5, 1.5]);
    expect(toSteps(PENDING, samples, WINDOW)[1]).toBe(2);
  });

  it('tells the last values, and when it got them', async () => {
    const { backend, influx } = await anInflux(layout);
    expect(await backend.newest()).toBeUndefined();
    influx.write(await said(5, 0, 1), NOW - 200_000);
    influx.write(await said(6, 0, 4), NOW - 20_000);
    expect(await backend.newest()).toBe(NOW - 20_000);
    expect(toValue(PENDING, await backend.latest([PENDING, APPLIED]))).toBe(4);
  });
});

describe('a process that has just been started', () => {
  it('counts from zero, each label of its metrics too', async () => {
    const { backend, influx } = await anInflux(2);
    const text = await said(4, 2);
    const startedAt = WINDOW.fromMs / 1000 + 5;
    const start = `headwind_start_time_seconds ${startedAt}`;
    influx.write(text.replace(/^headwind_start_time_seconds 0$/m, start), WINDOW.fromMs + 20_000);
    const samples = await backend.sample([APPLIED, DECISIONS], WINDOW);
    expect(toSteps(APPLIED, samples, WINDOW)[0]).toBe(4);
    expect(toSteps(DECISIONS, samples, WINDOW)[0]).toBe(4);
  });
});

describe('a process that is started anew', () => {
  it('loses nothing of what it had counted when it was read last', async () => {
    const { backend, influx } = await anInflux(1);
    const startedAt = (seconds: number): number => WINDOW.fromMs / 1000 + seconds;
    const write = async (seconds: number, applied: number, start: number): Promise<void> => {
      const text = await said(applied, applied);
      const line = `headwind_start_time_seconds ${startedAt(start)}`;
      influx.write(text.replace(/^headwind_start_time_seconds 0$/m, line), startedAt(seconds) * 1000);
    };
    await write(10, 2, -600);
    await write(16, 5, -600);
    await write(25, 7, 20);
    await write(70, 8, 20);
    const samples = await backend.sample([APPLIED, DECISIONS], WINDOW);
    expect(toSteps(APPLIED, samples, WINDOW).slice(0, 2)).toEqual([10, 1]);
    expect(toSteps(DECISIONS, samples, WINDOW).slice(0, 2)).toEqual([20, 2]);
  });
});

describe('InfluxDB', () => {
  it.each<[string, Partial<InfluxOptions>, RegExp]>([
    ['the token is wrong', { token: 'wrong' }, /does not know who asks/],
    ['there is no token', { token: undefined }, /needs a token/],
    ['the organisation is another', { org: 'other' }, /404/],
  ])('says so where %s', async (_, change, expected) => {
    const { backend } = await anInflux(2, change);
    await expect(backend.newest()).rejects.toThrow(expected);
  });

  it.each([
    ['metrics', '"metrics"'],
    ['a "b" \\ c', String.raw`"a \"b\" \\ c"`],
    ['${r}\n', String.raw`"\${r}\n"`],
  ])('is given the bucket %j as a text and nothing else', (text, expected) => {
    expect(fluxString(text)).toBe(expected);
  });
});
