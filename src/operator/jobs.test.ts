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

function aBench(): { readonly jobs: Jobs; readonly told: () => readonly string[] } {
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
    charts: job('charts'),
    poller: job('poller'),
    log: createRecordingLog().target('test'),
  });
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

it.each([
  [{}, { discovers: true, pollIntervalMs: undefined }],
  [
    { 'helm.autoDiscovery': 'no', ...POLLING },
    { discovers: false, pollIntervalMs: 300_000 },
  ],
])('charts are looked for as the settings say: %j', (data, plan) => {
  expect(chartPlanOf(settings(data))).toEqual(plan);
});
