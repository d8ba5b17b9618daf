import { describe, expect, it } from 'vitest';
import { aChart, aRelease, aWorkload, NOON } from '../../test/builders.ts';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { startScriptedServer } from '../../test/parts/scripted-server.ts';
import { eventually } from '../../test/parts/eventually.ts';
import type { ChartFindings, ChartSource } from '../core/chart-source.ts';
import { fluxOwnsRange } from '../core/release-chart.ts';
import type { Workload } from '../core/workload.ts';
import { createRegistry } from '../registry/client.ts';
import { systemClock } from '../system.ts';
import { createRecordingLog } from '../telemetry/recording-log.ts';
import { createCharts, membersOf, type ChartPlan, type Charts, type ChartsOptions } from './charts.ts';

const SOURCE: ChartSource = {
  kind: 'HelmRepository',
  apiVersion: 'source.toolkit.fluxcd.io/v1',
  namespace: 'flux',
  name: 'charts',
  uid: 'u',
  type: 'http',
  url: 'https://charts.example.com',
  passCredentials: false,
  insecure: false,
  timeoutMs: 60_000,
  suspended: false,
  provider: 'generic',
};
const MINUTE = 60_000;

describe('which releases are looked for, and how often', () => {
  const membersIn = (
    workload: Workload,
    { sourceOf = () => SOURCE, ...plan }: Partial<ChartPlan & Pick<ChartsOptions, 'sourceOf'>> = {},
  ): readonly (number | undefined)[] =>
    [
      ...membersOf({
        workloads: () => [workload],
        sourceOf,
        plan: () => ({ discovers: true, pollIntervalMs: undefined, ...plan }),
      }),
    ].map(({ intervalMs }) => intervalMs);
  const release = aRelease({ artifacts: [aChart({ release: { intervalMs: 10 * MINUTE } })] });
  const annotated = (annotations: Record<string, string>): Workload => ({
    ...release,
    annotations: { ...release.annotations, ...annotations },
  });

  it.each<[string, Workload, Parameters<typeof membersIn>[1], readonly (number | undefined)[]]>([
    ['as the release says', release, {}, [10 * MINUTE]],
    ['as its source says, where it does not', aRelease(), {}, [undefined]],
    ['as polls are made, where that is more often', release, { pollIntervalMs: 5 * MINUTE }, [5 * MINUTE]],
    ['as the release says, where polls are seldom', release, { pollIntervalMs: 60 * MINUTE }, [10 * MINUTE]],
    [
      'as polls are made, where nothing is discovered',
      release,
      { discovers: false, pollIntervalMs: 60 * MINUTE },
      [60 * MINUTE],
    ],
    [
      'as its annotation says of polls',
      annotated({ 'headwind.sh/polling-interval': '2m' }),
      { pollIntervalMs: 5 * MINUTE },
      [2 * MINUTE],
    ],
    ['not by webhooks alone', annotated({ 'headwind.sh/event-source': 'webhook' }), {}, []],
    ['not under policy none', annotated({ 'headwind.sh/policy': 'none' }), {}, []],
    ['not without its source', release, { sourceOf: () => undefined }, []],
    [
      'not within a range',
      aRelease({ artifacts: [aChart({ release: { obstacle: fluxOwnsRange('f', '1.x', undefined) } })] }),
      {},
      [],
    ],
    ['no other workload', aWorkload({ annotations: { 'headwind.sh/event-source': 'both' } }), {}, []],
  ])('%s', (_, workload, change, expected) => {
    expect(membersIn(workload, change)).toEqual(expected);
  });
});

describe('a release and its source', () => {
  const aScene = (
    url: string,
    change: Partial<ChartsOptions> = {},
  ): { charts: Charts; delivered: ChartFindings[] } => {
    const delivered: ChartFindings[] = [];
    const log = createRecordingLog().target('helm');
    const charts = createCharts({
      workloads: () => [aRelease()],
      sourceOf: () => ({ ...SOURCE, url }),
      deliver: (findings) => {
        delivered.push(findings);
        return Promise.resolve({ unresolved: 0 });
      },
      plan: () => ({ discovers: true, pollIntervalMs: undefined }),
      registry: createRegistry({ insecureHosts: [], clock: systemClock, log }),
      insecureRegistries: [],
      readSecret: () => Promise.resolve(undefined),
      cloudCredentials: () => Promise.resolve([]),
      serviceAccountCredentials: () => Promise.resolve([]),
      clock: systemClock,
      random: () => 0,
      log,
      ...change,
    });
    return { charts, delivered };
  };
  const INDEX = JSON.stringify({
    apiVersion: 'v1',
    entries: { nginx: [{ name: 'nginx', version: '1.26.0', urls: ['x'] }] },
  });

  it('are asked one thing by discovery, and another about one version', async () => {
    const server = await startScriptedServer((_request, response) => void response.end(INDEX));
    const { charts, delivered } = aScene(server.url);
    try {
      charts.start();
      await eventually(() => delivered.length > 0, { what: 'the source has been looked at' });
      expect(delivered[0]?.list?.versions).toEqual([{ version: '1.26.0' }]);
      const question = { workload: aRelease(), artifact: aChart() };
      expect(await charts.confirm({ ...question, version: '1.26.0' })).toMatchObject({ outcome: 'found' });
      expect(await charts.confirm({ ...question, version: '1.27.0' })).toMatchObject({ outcome: 'missing' });
    } finally {
      await charts.stop();
      await server.stop();
    }
  });

  it('are not asked where the source is not known', async () => {
    const { charts } = aScene('http://127.0.0.1:1', { sourceOf: () => undefined });
    const question = { workload: aRelease(), artifact: aChart(), version: '1.26.0' };
    expect(await charts.confirm(question)).toMatchObject({ outcome: 'unavailable' });
    await charts.stop();
  });

  it('are left alone where nothing is discovered and nothing polled', async () => {
    const clock = new FakeClock(NOON);
    const { charts, delivered } = aScene('http://127.0.0.1:1', {
      plan: () => ({ discovers: false, pollIntervalMs: undefined }),
      clock,
    });
    charts.start();
    await clock.advance(60 * MINUTE);
    expect(delivered).toEqual([]);
    await charts.stop();
  });
});
