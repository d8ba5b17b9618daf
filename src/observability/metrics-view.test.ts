import { afterEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { startScriptedServer, type ScriptedServer } from '../../test/parts/scripted-server.ts';
import type { ObservabilitySettings } from '../config/live-settings.ts';
import { systemClock } from '../system.ts';
import { readMetricValues } from '../telemetry/metric-values.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { createRecordingLog, type RecordingLog } from '../telemetry/recording-log.ts';
import { createBackendHttp } from './http.ts';
import { createLiveMetrics } from './live.ts';
import { createMetricsView, TooManyQuestionsError, type MetricsView } from './metrics-view.ts';
import { queryables } from './queryable.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

interface FakePrometheus extends ScriptedServer {
  /** Whether it was told to scrape Headwind, whether it answers, and whether ranges are too much for it. */
  scrapes: boolean;
  answers: boolean;
  refusesRanges: boolean;
}

/** A Prometheus in which seven updates are pending. */
async function aPrometheus(): Promise<FakePrometheus> {
  const state = { scrapes: true, answers: true, refusesRanges: false };
  const server = await startScriptedServer(({ url, body }, response) => {
    if (!state.answers || (state.refusesRanges && url.endsWith('range'))) {
      response.writeHead(503).end();
      return;
    }
    const query = new URLSearchParams(body).get('query') ?? '';
    const metric = { __name__: 'headwind_updates_pending', job: 'h', instance: 'i' };
    const value = query.startsWith('max(') ? String(Date.now() / 1000) : '7';
    const known = state.scrapes && !url.endsWith('range');
    const result = known ? [{ metric, value: [0, value] }] : [];
    response.end(JSON.stringify({ status: 'success', data: { result } }));
  });
  cleanups.push(() => server.stop());
  return Object.assign(state, server);
}

interface World {
  readonly view: MetricsView;
  readonly clock: FakeClock;
  readonly log: RecordingLog;
  settings: ObservabilitySettings;
}

const NOWHERE = 'http://127.0.0.1:1';

function settingsFor(change: Partial<ObservabilitySettings>): ObservabilitySettings {
  return {
    metricsBackend: 'auto',
    prometheus: { enabled: false, url: NOWHERE },
    victoriametrics: { enabled: false, url: NOWHERE },
    influxdb: { enabled: false, url: NOWHERE, org: 'o', bucket: 'b', token: 's3cret' },
    ...change,
  };
}

function aView(change: Partial<ObservabilitySettings>): World {
  const clock = new FakeClock(Date.now());
  const log = createRecordingLog();
  const metrics = createMetrics();
  metrics.updatesPending.set(3);
  metrics.updatesApprovedTotal.inc(2);
  const known = queryables(metrics.described);
  const live = createLiveMetrics({
    read: () =>
      readMetricValues(
        metrics.registry,
        metrics.described.map(({ name }) => name),
      ),
    names: [...known.keys()],
    clock,
    onError: () => undefined,
  });
  const world = { settings: settingsFor(change) };
  const http = createBackendHttp({ clock: systemClock, userAgent: 'test' });
  const view = createMetricsView({
    settings: () => world.settings,
    live,
    metrics: known,
    http,
    clock,
    log: log.target('headwind::observability'),
  });
  return Object.assign(world, { view, clock, log });
}

const at = (server: ScriptedServer): { enabled: boolean; url: string } => ({
  enabled: true,
  url: server.url,
});

describe('where metrics come from', () => {
  it('is the first backend in order that has metrics of Headwind', async () => {
    const [prometheus, victoria] = [await aPrometheus(), await aPrometheus()];
    const { view } = aView({ prometheus: at(prometheus), victoriametrics: at(victoria) });
    const { choice, window } = await view.charts(undefined);
    expect(choice).toMatchObject({ backend: { name: 'Prometheus' }, passedOver: [] });
    expect(window.range).toBe('24h');
  });

  it('is not one that answers and was never told to scrape Headwind', async () => {
    const [prometheus, victoria] = [await aPrometheus(), await aPrometheus()];
    prometheus.scrapes = false;
    const { view } = aView({ prometheus: at(prometheus), victoriametrics: at(victoria) });
    const { choice } = await view.charts('1h');
    expect(choice.backend.name).toBe('VictoriaMetrics');
    expect(choice.passedOver).toMatchObject([
      { name: 'Prometheus', problem: expect.stringContaining('has to scrape') },
    ]);
  });

  it('is the process itself where there is no other, and the page begins with an hour', async () => {
    const { view, log } = aView({ prometheus: { enabled: true, url: NOWHERE } });
    const { choice, window } = await view.charts(undefined);
    expect(choice).toMatchObject({
      backend: { name: 'Live' },
      passedOver: [{ name: 'Prometheus', url: NOWHERE, problem: 'refuses connections' }],
    });
    expect(window.range).toBe('1h');
    expect(log.entries.map(({ message }) => message)).toEqual(['metrics come from here']);
  });

  it.each(['prometheus', 'victoriametrics', 'influxdb'] as const)(
    'is %s where it is named, enabled or not, and the process where it cannot be used',
    async (metricsBackend) => {
      const { view } = aView({ metricsBackend });
      const { choice, wanted } = await view.charts('1h');
      expect(wanted).toBe(metricsBackend);
      expect(choice).toMatchObject({ backend: { id: 'live' }, passedOver: [{ id: metricsBackend }] });
    },
  );

  it('is asked about once a minute, not with every question', async () => {
    const prometheus = await aPrometheus();
    const { view, clock } = aView({ prometheus: at(prometheus) });
    const probes = (): number => prometheus.requests.filter(({ body }) => body.includes('timestamp')).length;
    for (let question = 0; question < 4; question += 1) {
      await Promise.all([view.summary(), view.charts('1h'), view.charts('6h')]);
      await clock.advance(11_000);
    }
    expect(probes()).toBe(1);
    await clock.advance(60_000);
    await view.summary();
    expect(probes()).toBe(2);
  });

  it('changes at once when the settings do', async () => {
    const [one, other] = [await aPrometheus(), await aPrometheus()];
    const world = aView({ prometheus: at(one) });
    expect((await world.view.charts('1h')).choice.backend.url).toBe(one.url);
    world.settings = settingsFor({ metricsBackend: 'prometheus', prometheus: at(other) });
    expect((await world.view.charts('1h')).choice.backend.url).toBe(other.url);
    world.settings = settingsFor({ metricsBackend: 'live' });
    expect((await world.view.charts('1h')).choice.backend.id).toBe('live');
  });

  it('is another one for what a backend fails at, and the same for all else', async () => {
    const prometheus = await aPrometheus();
    const { view } = aView({ prometheus: at(prometheus) });
    prometheus.refusesRanges = true;
    const { choice } = await view.charts('30d');
    expect(choice).toMatchObject({
      backend: { id: 'live' },
      passedOver: [{ problem: 'is not ready (503)' }],
    });
    expect(await view.summary()).toMatchObject({ backend: 'Prometheus', values: { updates_pending: 7 } });
  });

  it('is found again when it is back', async () => {
    const prometheus = await aPrometheus();
    const { view, clock } = aView({ prometheus: at(prometheus) });
    prometheus.answers = false;
    expect((await view.summary()).backend).toBe('Live');
    prometheus.answers = true;
    await clock.advance(61_000);
    expect((await view.summary()).backend).toBe('Prometheus');
  });
});

describe('the metrics', () => {
  it('are summed up under the names of the API', async () => {
    const { view } = aView({});
    expect(await view.summary()).toEqual({
      backend: 'Live',
      values: {
        updates_pending: 3,
        updates_approved: 2,
        updates_rejected: 0,
        updates_applied: 0,
        updates_failed: 0,
        deployments_watched: 0,
        statefulsets_watched: 0,
        daemonsets_watched: 0,
        helm_releases_watched: 0,
      },
    });
  });

  it('are asked for once by all who look at the same time', async () => {
    const prometheus = await aPrometheus();
    const { view } = aView({ prometheus: at(prometheus) });
    await Promise.all(Array.from({ length: 20 }, () => view.charts('1h')));
    expect(prometheus.requests.filter(({ url }) => url.endsWith('query_range'))).toHaveLength(2);
  });

  it.each(['up', 'headwind_updates_pending or up', '__proto__', 'headwind_updates_pending{job="x"}', ''])(
    'are none of other names, and nothing is asked: %j',
    async (name) => {
      const prometheus = await aPrometheus();
      const { view } = aView({ prometheus: at(prometheus) });
      expect(await view.timeseries(name, '1h')).toBeUndefined();
      expect(prometheus.requests).toEqual([]);
    },
  );

  it('are told to a bounded number of askers at the same time', async () => {
    const server = await startScriptedServer(() => undefined);
    cleanups.push(() => server.stop());
    const { view } = aView({ prometheus: at(server) });
    const asked = view
      .names()
      .flatMap((name) =>
        (['1h', '6h', '24h', '7d'] as const).map(async (range) => view.timeseries(name, range)),
      );
    const settled = Promise.allSettled(asked);
    await server.stop();
    const refused = (await settled).filter(
      (one) => one.status === 'rejected' && one.reason instanceof TooManyQuestionsError,
    );
    expect(refused.length).toBeGreaterThan(0);
  });

  it('of the cards are those of this process', async () => {
    const { view } = aView({});
    expect((await view.current()).get('headwind_updates_pending')).toBe(3);
  });

  it('never tell the token', async () => {
    const { view, log } = aView({ metricsBackend: 'influxdb' });
    const charts = await view.charts('1h');
    expect(JSON.stringify([charts, log.entries])).not.toContain('s3cret');
  });
});
