import { describe, expect, it } from 'vitest';
import { NO_FILES, orderLayers } from '../config/live-files.ts';
import { resolveLive } from '../config/live-resolution.ts';
import type { LiveSettings } from '../config/live-settings.ts';
import { environmentLayer } from '../config/live-sources.ts';
import { createRecordingLog } from '../telemetry/recording-log.ts';
import { chartPlanOf, createJobs, type Jobs } from './jobs.ts';

function settings(configMap: Record<string, string> = {}): LiveSettings {
  const objects = { configMap, uiConfigMap: {}, secret: {} };
  return resolveLive(orderLayers(environmentLayer({}), NO_FILES, objects), undefined).settings;
}

function aBench({ leads = true }: { leads?: boolean } = {}): {
  readonly jobs: Jobs;
  readonly told: () => readonly string[];
} {
  const told: string[] = [];
  const job = (name: string) => ({
    start: (withinMs?: number) => void told.push(`${name} starts${withinMs === undefined ? '' : ' soon'}`),
    pause: () => void told.push(`${name} pauses`),
    planChanged: () => void told.push(`${name} plans`),
    intervalChanged: () => void told.push(`${name} has another interval`),
  });
  const jobs = createJobs({
    engine: job('engine'),
    verifier: job('verifier'),
    notices: job('notices'),
    pruner: job('pruner'),
    teller: job('teller'),
    charts: job('charts'),
    poller: job('poller'),
    log: createRecordingLog().target('test'),
  });
  jobs.lead(leads);
  told.length = 0;
  return { jobs, told: () => told.splice(0) };
}

const ACTING = ['engine', 'verifier', 'notices', 'pruner'];
const OFF = { 'controllers.enabled': 'false' };
const POLLING = { 'polling.enabled': 'true' };

describe('the jobs', () => {
  it('begin with what the settings want', () => {
    const { jobs, told } = aBench();
    jobs.follow(settings(POLLING));
    expect(told()).toEqual([...ACTING.map((name) => `${name} starts`), 'charts starts', 'poller starts']);
  });

  it('do nothing where controllers are off, whatever else is on', () => {
    const { jobs, told } = aBench();
    jobs.follow(settings({ ...OFF, ...POLLING }));
    expect(told()).toEqual([...ACTING.map((name) => `${name} pauses`), 'charts pauses']);
  });

  it.each([
    ['polling on', {}, POLLING, ['charts plans', 'poller starts soon']],
    ['polling off', POLLING, {}, ['charts plans', 'poller pauses']],
    [
      'another interval',
      POLLING,
      { ...POLLING, 'polling.interval': '60' },
      ['charts plans', 'poller has another interval'],
    ],
    ['another interval of nothing', {}, { 'polling.interval': '60' }, ['charts plans']],
    [
      'controllers off',
      POLLING,
      { ...POLLING, ...OFF },
      [...ACTING.map((name) => `${name} pauses`), 'charts pauses', 'poller pauses'],
    ],
    [
      'controllers on',
      { ...POLLING, ...OFF },
      POLLING,
      [...ACTING.map((name) => `${name} starts`), 'charts starts soon', 'poller starts soon'],
    ],
  ])('follow: %s', (_, before, after, expected) => {
    const { jobs, told } = aBench();
    jobs.follow(settings(before));
    told();
    jobs.follow(settings(after));
    expect(told()).toEqual(expected);
  });
});

describe('of several replicas', () => {
  it('one that does not lead does nothing, whatever is switched', () => {
    const { jobs, told } = aBench({ leads: false });
    jobs.follow(settings(POLLING));
    jobs.follow(settings({ ...POLLING, ...OFF }));
    expect(told()).toEqual([]);
  });

  it('one that takes over begins with what the settings want by then', () => {
    const { jobs, told } = aBench({ leads: false });
    jobs.follow(settings(OFF));
    jobs.follow(settings(POLLING));
    jobs.lead(true);
    expect(told()).toEqual([
      'teller starts',
      ...ACTING.map((name) => `${name} starts`),
      'charts starts',
      'poller starts',
    ]);
  });

  it('one that leads no more ends everything at once, and begins anew when it leads again', () => {
    const { jobs, told } = aBench();
    jobs.follow(settings(POLLING));
    told();
    jobs.lead(false);
    expect(told()).toEqual([
      'teller pauses',
      ...ACTING.map((name) => `${name} pauses`),
      'charts pauses',
      'poller pauses',
    ]);
    jobs.lead(true);
    expect(told()).toContain('poller starts');
  });
});

it.each([
  [{}, { discovers: true, pollIntervalMs: undefined }],
  [
    { 'helm.autoDiscovery': 'no', ...POLLING },
    { discovers: false, pollIntervalMs: 300_000 },
  ],
])('charts are looked for as the settings say: %j', (data, plan) => {
  expect(chartPlanOf(settings(data))).toEqual(plan);
});
