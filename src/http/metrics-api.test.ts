import { describe, expect, it } from 'vitest';
import { anApi } from '../../test/api-under-test.ts';
import { aDashboardOver } from '../../test/dashboard-under-test.ts';
import { noMetrics } from '../../test/metrics-under-test.ts';
import { fail, ok } from '../core/result.ts';
import type { Backend } from '../observability/backend.ts';
import { TooManyQuestionsError, type Charts, type MetricsView } from '../observability/metrics-view.ts';
import { windowOf } from '../observability/ranges.ts';
import type { Authorizer } from './auth.ts';
import type { EdgeApp } from './edge.ts';
import { DashboardMetricsShape, MetricsSummaryShape, TimeSeriesShape } from './metrics-shapes.ts';
import { problem } from './problem.ts';

const NOW = Date.UTC(2026, 0, 2, 12, 0, 30);
const NAME = 'headwind_updates_pending';

const unasked = (): never => {
  throw new Error('nobody asks');
};

function backend(change: Partial<Backend>): Backend {
  return {
    id: 'prometheus',
    name: 'Prometheus',
    url: 'http://prometheus:9090',
    newest: unasked,
    sample: unasked,
    latest: unasked,
    ...change,
  };
}

function charts(change: Partial<Charts> = {}, newestMs = NOW - 20_000): Charts {
  const window = windowOf('1h', NOW);
  const values = Array.from({ length: window.count }, (_, index) => (index < 58 ? null : index));
  return {
    choice: { backend: backend({}), newestMs, passedOver: [] },
    wanted: 'auto',
    window,
    series: new Map([[NAME, values]]),
    ...change,
  };
}

const live = backend({ id: 'live', name: 'Live', url: undefined });
const VALUES = {
  updates_pending: 1,
  updates_approved: 2,
  updates_rejected: 3,
  updates_applied: 4,
  updates_failed: 5,
  deployments_watched: 6,
  statefulsets_watched: 7,
  daemonsets_watched: 8,
  helm_releases_watched: 9,
};

function anApp(view: Partial<MetricsView> = {}, authorizer?: Authorizer): EdgeApp {
  const metricsView: MetricsView = {
    ...noMetrics,
    names: () => [NAME],
    summary: () => Promise.resolve({ backend: 'Prometheus', values: VALUES }),
    timeseries: (name) => Promise.resolve(name === NAME ? charts() : undefined),
    charts: () => Promise.resolve(charts()),
    current: () => Promise.resolve(new Map([[NAME, 3]])),
    ...view,
  };
  return aDashboardOver(anApi(authorizer === undefined ? {} : { authorizer }).dependencies, { metricsView });
}

describe('GET /api/v1/metrics', () => {
  it('has both shapes that have been documented', async () => {
    const response = await anApp().request('/api/v1/metrics');
    const body: unknown = await response.json();
    expect(body).toEqual({ backend: 'Prometheus', ...VALUES, metrics: VALUES });
    expect(MetricsSummaryShape.safeParse(body).success).toBe(true);
  });
});

describe('GET /api/v1/metrics/timeseries/{metric}', () => {
  it('is an array of moments and values, of those that are known', async () => {
    const response = await anApp().request(`/api/v1/metrics/timeseries/${NAME}?range=1h`);
    const body: unknown = await response.json();
    expect(body).toEqual([
      { timestamp: '2026-01-02T11:59:00.000Z', value: 58 },
      { timestamp: '2026-01-02T12:00:00.000Z', value: 59 },
    ]);
    expect(TimeSeriesShape.safeParse(body).success).toBe(true);
    expect(response.headers.get('x-headwind-metrics-backend')).toBe('Prometheus');
  });

  it.each([
    ['', '24h'],
    ['?range=7d', '7d'],
    ['?range=', '24h'],
  ])('asks with "%s" for %s', async (query, expected) => {
    const ranges: string[] = [];
    const timeseries: MetricsView['timeseries'] = (_, range) => {
      ranges.push(range);
      return Promise.resolve(charts());
    };
    await anApp({ timeseries }).request(`/api/v1/metrics/timeseries/${NAME}${query}`);
    expect(ranges).toEqual([expected]);
  });

  it.each(['up', 'headwind_updates_pending%7Bjob%3D%22x%22%7D', '__proto__'])(
    'does not know %s, and says what there is',
    async (name) => {
      const response = await anApp().request(`/api/v1/metrics/timeseries/${name}`);
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ code: 'HW_METRIC_NOT_FOUND', metrics: [NAME] });
    },
  );

  it('refuses a range that there is not', async () => {
    const response = await anApp().request(`/api/v1/metrics/timeseries/${NAME}?range=2y`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ detail: expect.stringContaining('1h, 6h, 24h, 7d, 30d') });
  });
});

describe('GET /api/v1/dashboard/metrics', () => {
  async function page(given: Charts, view: Partial<MetricsView> = {}): Promise<DashboardMetricsBody> {
    const app = anApp({ charts: () => Promise.resolve(given), ...view });
    return DashboardMetricsShape.parse(await (await app.request('/api/v1/dashboard/metrics')).json());
  }
  type DashboardMetricsBody = ReturnType<typeof DashboardMetricsShape.parse>;

  it('has all that the page draws, on common steps', async () => {
    const { range, stepSeconds, timestamps, series, current, backend: from } = await page(charts());
    expect({ range, stepSeconds, current }).toEqual({ range: '1h', stepSeconds: 60, current: { [NAME]: 3 } });
    expect(timestamps).toHaveLength(60);
    expect(series[NAME]).toHaveLength(60);
    expect(from).toMatchObject({ name: 'Prometheus', url: 'http://prometheus:9090', stale: false });
  });

  it('says that nothing new came for long', async () => {
    expect((await page(charts({}, NOW - 3_600_000))).backend).toMatchObject({
      stale: true,
      newestAt: '2026-01-02T11:00:30.000Z',
    });
  });

  const passedOver = [
    { id: 'prometheus', name: 'Prometheus', url: 'http://p', problem: 'refuses connections' },
  ] as const;
  it.each<[string, Partial<Charts>, RegExp]>([
    ['names it', { wanted: 'prometheus' }, /settings name it/],
    ['lets the first one count', { wanted: 'auto' }, /first that has metrics/],
    [
      'wants the process itself',
      { wanted: 'live', choice: { backend: live, newestMs: NOW, passedOver: [] } },
      /remembers/,
    ],
    [
      'names one that cannot be used',
      { wanted: 'influxdb', choice: { backend: live, newestMs: NOW, passedOver } },
      /cannot be used/,
    ],
    ['finds none', { choice: { backend: live, newestMs: NOW, passedOver } }, /No backend has metrics/],
    ['allows none', { choice: { backend: live, newestMs: NOW, passedOver: [] } }, /No backend is enabled/],
  ])('says why it is this backend where the settings %s', async (_, change, expected) => {
    const { backend: from } = await page(charts(change), { liveSince: () => NOW - 60_000 });
    expect(from.why).toMatch(expected);
    expect(from.since).toBe(from.id === 'live' ? '2026-01-02T11:59:30.000Z' : undefined);
  });
});

describe.each(['/api/v1/metrics', `/api/v1/metrics/timeseries/${NAME}`, '/api/v1/dashboard/metrics'])(
  '%s',
  (path) => {
    it('is for those who may list update requests in all namespaces', async () => {
      const asked: unknown[] = [];
      const authorizer: Authorizer = {
        authorize: ({ verb, namespace }) => {
          asked.push({ verb, namespace });
          return Promise.resolve(fail(problem('HW_FORBIDDEN', 'No.')));
        },
      };
      expect((await anApp({}, authorizer).request(path)).status).toBe(403);
      expect(asked).toEqual([{ verb: 'list', namespace: undefined }]);
      expect(
        (await anApp({}, { authorize: () => Promise.resolve(ok(undefined)) }).request(path)).status,
      ).toBe(200);
    });

    it('says when too much is asked', async () => {
      const busy = (): Promise<never> => Promise.reject(new TooManyQuestionsError());
      const response = await anApp({ summary: busy, timeseries: busy, charts: busy }).request(path);
      expect(response.status).toBe(429);
      expect(response.headers.get('retry-after')).toBe('5');
    });
  },
);
