import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  DashboardMetricsShape,
  MetricsSummaryShape,
  TimeSeriesShape,
} from '../../src/http/metrics-shapes.ts';
import { freePorts } from '../parts/child.ts';
import { eventually } from '../parts/eventually.ts';
import { startInfluxServer, type InfluxServer } from '../parts/influxdb.ts';
import { startPrometheus, startVictoriaMetrics, type MetricsBackend } from '../parts/metrics-backends.ts';
import { bugsIn, knownTo, theRequestFor } from '../parts/workload-views.ts';
import { metricOf, openWorld, workloadOf, type World } from '../parts/world.ts';

const APPLIED = 'headwind_updates_applied_total';
const UNATTENDED = { 'require-approval': 'false', 'min-update-interval': '0' };
const TOKEN = 'the-token-of-the-test';

let world: World;
let prometheus: MetricsBackend;
let victoria: MetricsBackend;
let influx: InfluxServer;
let directory: string;
/** What has been applied so far, by all processes together. */
let applied = 0;

beforeAll(async () => {
  const [prometheusPort = 0, victoriaPort = 0] = await freePorts(2);
  influx = await startInfluxServer({ org: 'headwind', bucket: 'metrics', token: TOKEN, layout: 2 });
  directory = await mkdtemp(join(tmpdir(), 'headwind-observability-'));
  await writeFile(join(directory, 'token'), `${TOKEN}\n`);
  world = await openWorld(inject('controlPlane'), {
    narrow: true,
    env: {
      HEADWIND_PROMETHEUS_URL: `http://127.0.0.1:${prometheusPort}`,
      HEADWIND_VICTORIAMETRICS_URL: `http://127.0.0.1:${victoriaPort}`,
      HEADWIND_INFLUXDB_URL: influx.url,
      HEADWIND_INFLUXDB_TOKEN_FILE: join(directory, 'token'),
    },
  });
  const { host } = new URL(world.headwind().urls.metrics);
  [prometheus, victoria] = await Promise.all([
    startPrometheus({ port: prometheusPort, target: host }),
    startVictoriaMetrics({ port: victoriaPort, target: host }),
  ]);
  await Promise.all([
    prometheus.knows('headwind_updates_pending'),
    victoria.knows('headwind_updates_pending'),
  ]);
  for (const name of ['web', 'app']) {
    const images = { app: `${world.registry.host}/${name}:1.0.0` };
    const annotations = name === 'web' ? UNATTENDED : {};
    await world.create('deployments', workloadOf('Deployment', { name, images, annotations }));
  }
  await knownTo(world, 'web', 'app');
});
afterAll(async () => {
  await world.close();
  await Promise.all([prometheus.remove(), victoria.remove(), influx.stop()]);
  await rm(directory, { recursive: true, force: true });
});

async function read(path: string): Promise<{ readonly body: unknown; readonly headers: Headers }> {
  const answer = await fetch(`${world.headwind().urls.ui}${path}`, { signal: AbortSignal.timeout(20_000) });
  const body: unknown = await answer.json();
  if (!answer.ok) throw new Error(`${path} answers ${answer.status}: ${JSON.stringify(body)}`);
  return { body, headers: answer.headers };
}

/** A version is pushed and applied by itself. */
async function pushAndApply(tag: string): Promise<void> {
  await world.registry.pushImage({ repository: 'web', tag });
  const image = `${world.registry.host}/web:${tag}`;
  await eventually(async () => (await world.images('deployments', 'web'))['app'] === image, {
    what: `web runs ${tag}`,
    timeoutMs: 20_000,
  });
  applied += 1;
}

/** Waits until the steps of the last hour sum up to what happened, as this backend tells it; answers what they do. */
async function toldBy(backend: string, metric = APPLIED, happened = applied): Promise<number> {
  return eventually(
    async () => {
      const { body, headers } = await read(`/api/v1/metrics/timeseries/${metric}?range=1h`);
      const steps = TimeSeriesShape.parse(body);
      const sum = steps.reduce((all, { value }) => all + value, 0);
      const from = headers.get('x-headwind-metrics-backend');
      if (from !== backend || sum !== happened)
        throw new Error(`${from} tells of ${sum}: ${JSON.stringify(steps.slice(-5))}`);
      return sum;
    },
    { what: `${backend} tells of ${happened} in ${metric}`, timeoutMs: 75_000, everyMs: 500 },
  );
}

describe('the metrics over time', () => {
  it('are those that Prometheus has scraped, over a restart of Headwind', async () => {
    await pushAndApply('1.1.0');
    await world.registry.pushImage({ repository: 'app', tag: '1.1.0' });
    await theRequestFor(world, 'app', { phase: 'Pending' });
    expect(await toldBy('Prometheus')).toBe(1);
    await toldBy('Prometheus', 'headwind_webhook_events_processed', 2);
    await world.restart();
    await knownTo(world, 'web', 'app');
    // Who has not seen the counter at its beginning cannot tell that it began anew.
    await Promise.all([prometheus, victoria].map((backend) => backend.knows(APPLIED, '== 0')));
    await pushAndApply('1.2.0');
    await pushAndApply('1.3.0');
    expect(await toldBy('Prometheus')).toBe(3);
    await toldBy('Prometheus', 'headwind_webhook_events_processed', 4);
  });

  it('are drawn from one answer, with the cards beside them', async () => {
    const { body } = await read('/api/v1/dashboard/metrics?range=6h');
    const { backend, series, timestamps, current, stepSeconds } = DashboardMetricsShape.parse(body);
    expect(backend).toMatchObject({ name: 'Prometheus', url: prometheus.url, stale: false, passedOver: [] });
    expect(current).toMatchObject({ headwind_updates_pending: 1, headwind_deployments_watched: 2 });
    expect({ steps: timestamps.length, stepSeconds }).toEqual({ steps: 72, stepSeconds: 300 });
    const sums = Object.entries(series).map(([name, values]) => {
      const known = values.filter((value) => value !== null);
      return [name, known.reduce((a, b) => a + b, 0)] as const;
    });
    expect(Object.fromEntries(sums)).toMatchObject({
      headwind_updates_applied_total: applied,
      headwind_updates_approved_total: applied,
      headwind_updates_failed_total: 0,
      headwind_webhook_events_processed: applied + 1,
    });
    expect(series['headwind_updates_pending']?.at(-1)).toBe(1);
    expect(series['headwind_deployments_watched']?.at(-1)).toBe(2);
  });

  it('are summed up as they are now', async () => {
    const { body } = await read('/api/v1/metrics');
    expect(MetricsSummaryShape.parse(body)).toMatchObject({
      backend: 'Prometheus',
      updates_pending: 1,
      updates_applied: 2,
      deployments_watched: 2,
      metrics: { updates_pending: 1 },
    });
  });

  it('come from VictoriaMetrics where Prometheus ends, which the page says', async () => {
    await prometheus.stop();
    await toldBy('VictoriaMetrics');
    await pushAndApply('1.4.0');
    await toldBy('VictoriaMetrics');
    await eventually(
      async () => {
        const { backend } = DashboardMetricsShape.parse(
          (await read('/api/v1/dashboard/metrics?range=1h')).body,
        );
        expect(backend).toMatchObject({
          name: 'VictoriaMetrics',
          passedOver: [{ name: 'Prometheus', url: prometheus.url, problem: 'refuses connections' }],
        });
        return true;
      },
      { what: 'the page names both', timeoutMs: 75_000, everyMs: 500 },
    );
  });

  it('come from the process itself where nobody else has them', async () => {
    await victoria.stop();
    await eventually(
      async () => {
        const { backend, series } = DashboardMetricsShape.parse(
          (await read('/api/v1/dashboard/metrics?range=1h')).body,
        );
        expect(backend).toMatchObject({ name: 'Live', why: 'No backend has metrics of Headwind.' });
        expect(backend.passedOver.map(({ name }) => name)).toEqual([
          'Prometheus',
          'VictoriaMetrics',
          'InfluxDB',
        ]);
        expect(series[APPLIED]?.reduce<number>((all, value) => all + (value ?? 0), 0)).toBe(3);
        return true;
      },
      { what: 'the process tells of what it applied itself', timeoutMs: 75_000, everyMs: 500 },
    );
  });

  it('come from InfluxDB where it is named, with the token of a file, which nobody is shown', async () => {
    await world.restart({ HEADWIND_METRICS_BACKEND: 'influxdb' });
    const { metrics } = world.headwind().urls;
    const scrape = async (): Promise<void> =>
      influx.write(await (await fetch(`${metrics}/metrics`)).text(), Date.now());
    await scrape();
    await knownTo(world, 'web', 'app');
    await pushAndApply('1.5.0');
    await eventually(async () => (await metricOf(world.headwind(), APPLIED)) === 1, {
      what: 'it is counted',
    });
    await scrape();
    applied = 1;
    await toldBy('InfluxDB');
    const { body } = await read('/api/v1/dashboard/metrics?range=1h');
    expect(body).toMatchObject({ backend: { id: 'influxdb', why: 'The settings name it.' } });
    expect(JSON.stringify([body, world.headwind().output()])).not.toContain(TOKEN);
    expect(bugsIn(world)).toEqual([]);
  });
});
