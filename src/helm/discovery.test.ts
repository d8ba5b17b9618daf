import { describe, expect, it, onTestFinished } from 'vitest';
import { aChartSource } from '../../test/parts/chart-bench.ts';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { aWorkload } from '../../test/builders.ts';
import {
  chartSourceKey,
  type ChartFindings,
  type ChartMember,
  type ChartSource,
} from '../core/chart-source.ts';
import { createRecordingLog } from '../telemetry/recording-log.ts';
import { createChartDiscovery, type ChartDiscovery, type LookObservation } from './discovery.ts';
import type { ChartListing } from './listing.ts';

const MINUTE = 60_000;

interface Scene {
  readonly clock: FakeClock;
  readonly discovery: ChartDiscovery;
  readonly members: ChartMember[];
  /** `source@second charts` of each question. */
  readonly asked: string[];
  readonly found: ChartFindings[];
  readonly looked: LookObservation[];
  /** `level message` of each record. */
  readonly logged: () => readonly string[];
  readonly change: (member: ChartMember) => void;
  /** Is called while the next question is under way. */
  readonly during: (happens: () => void) => void;
}

interface Conditions {
  readonly listing?: (nth: number) => ChartListing;
  readonly unresolved?: (nth: number) => number;
  readonly random?: () => number;
  readonly intervalMs?: () => number;
}

function versions(...names: readonly string[]): ChartListing {
  const list = { versions: names.map((version) => ({ version })), unchanged: false };
  return {
    outcome: 'complete',
    charts: new Map([
      ['podinfo', list],
      ['nginx', list],
    ]),
    skipped: 2,
  };
}

function aScene(conditions: Conditions = {}): Scene {
  const { listing = () => versions('1.0.0'), unresolved = () => 0, random = () => 0.5 } = conditions;
  const clock = new FakeClock(0);
  const members: ChartMember[] = [];
  const asked: string[] = [];
  const found: ChartFindings[] = [];
  const looked: LookObservation[] = [];
  const happens: (() => void)[] = [];
  const log = createRecordingLog();
  const discovery = createChartDiscovery({
    members: () => members,
    sources: {
      list: ({ source, charts }) => {
        asked.push(`${source.name}@${clock.now() / 1000} ${[...charts].join()}`);
        happens.shift()?.();
        return Promise.resolve(listing(asked.length));
      },
    },
    deliver: (findings) => {
      found.push(findings);
      return Promise.resolve({ unresolved: unresolved(asked.length) });
    },
    intervalMs: () => conditions.intervalMs?.() ?? 5 * MINUTE,
    clock,
    random,
    log: log.target('helm'),
    onLook: (observation) => looked.push(observation),
  });
  onTestFinished(async () => {
    await discovery.stop();
    expect(clock.pending).toBe(0);
  });
  return {
    clock,
    discovery,
    members,
    asked,
    found,
    looked,
    logged: () => log.entries.map(({ level, message }) => `${level} ${message}`),
    during: (event) => void happens.push(event),
    change: (member) => {
      const at = members.findIndex(({ workload }) => workload.name === member.workload.name);
      members.splice(at < 0 ? members.length : at, at < 0 ? 0 : 1, member);
      discovery.releaseChanged(member.workload);
    },
  };
}

const source = aChartSource({ url: 'https://charts.test' });
function aMember(
  name: string,
  change: Partial<ChartMember> & { readonly version?: string } = {},
): ChartMember {
  const { version = '1.0.0', chart = 'podinfo', ...more } = change;
  const artifact = { type: 'chart' as const, name: chart, image: `${chart}:${version}` };
  const workload = aWorkload({ kind: 'HelmRelease', name, artifacts: [artifact] });
  return { workload, artifact, source, chart, ...more };
}

describe('a chart source', () => {
  it('is asked once for all its releases, again and again', async () => {
    const { clock, discovery, members, asked, found } = aScene();
    for (let at = 0; at < 500; at += 1)
      members.push(
        aMember(`r${at}`, {
          chart: at % 2 === 0 ? 'podinfo' : 'nginx',
          source: aChartSource({ url: 'https://charts.test', name: `s${at % 5}` }),
        }),
      );
    discovery.start();
    await clock.advance(21 * MINUTE);
    // Five sources, each at the start and four intervals later.
    expect(asked).toHaveLength(25);
    expect(found).toHaveLength(50);
    expect(found.slice(0, 10).reduce((sum, finding) => sum + finding.members.length, 0)).toBe(500);
  });

  it('tells lists apart by what is in them, not by their order', async () => {
    const lists = [
      versions('1.0.0', '1.1.0'),
      versions('1.1.0', '1.0.0'),
      versions('1.2.0'),
      versions('1.2.0'),
    ];
    const { clock, discovery, members, found } = aScene({ listing: (nth) => lists[nth - 1] ?? versions() });
    members.push(aMember('web'));
    discovery.start();
    await clock.advance(16 * MINUTE);
    const states = found.map(({ list }) => list?.version);
    expect(states).toHaveLength(4);
    expect([states[0] === states[1], states[1] === states[2], states[2] === states[3]]).toEqual([
      true,
      false,
      true,
    ]);
  });

  it.each([
    [
      'the release’s interval',
      { intervalMs: 2 * MINUTE, source: { ...source, intervalMs: 10 * MINUTE } },
      120,
    ],
    ['its own interval', { source: { ...source, intervalMs: 10 * MINUTE } }, 600],
    ['a minute where less is written', { source: { ...source, intervalMs: 1000 } }, 60],
    ['the common one', {}, 300],
  ])('is asked at %s', async (_, change, seconds) => {
    const { clock, discovery, members, asked } = aScene();
    members.push(aMember('web', change));
    discovery.start();
    await clock.advance(15_000 + 2 * seconds * 1000);
    expect(asked).toEqual([0, 1, 2].map((nth) => `podinfo@${15 + nth * seconds} podinfo`));
  });

  it('is asked with jitter', async () => {
    const values = [0.5, 0, 1];
    const { clock, discovery, members, asked } = aScene({ random: () => values.shift() ?? 0.5 });
    members.push(aMember('web'));
    discovery.start();
    await clock.advance(15 * MINUTE);
    expect(asked).toEqual([15, 285, 615].map((second) => `podinfo@${second} podinfo`));
  });

  it('is not asked for releases that are gone', async () => {
    const { clock, discovery, members, asked } = aScene();
    members.push(aMember('web'));
    discovery.start();
    await clock.advance(MINUTE);
    members.pop();
    discovery.releaseChanged({ kind: 'HelmRelease' });
    await clock.advance(20 * MINUTE);
    expect(asked).toHaveLength(1);
  });
});

describe('a change', () => {
  it('of a release has its source asked at once, in a burst once', async () => {
    const { clock, discovery, asked, change } = aScene();
    discovery.start();
    for (let at = 0; at < 100; at += 1) change(aMember(`r${at}`));
    await clock.advance(1000);
    expect(asked).toEqual(['podinfo@0.25 podinfo']);
    await clock.advance(MINUTE);
    change(aMember('r1', { version: '1.1.0' }));
    await clock.advance(1000);
    expect(asked[1]).toBe('podinfo@61.25 podinfo');
    change(aMember('r2', { version: '1.1.0' }));
    change(aMember('r3', { chart: 'nginx' }));
    await clock.advance(10_000);
    expect(asked.slice(2)).toEqual(['podinfo@66.25 podinfo,nginx']);
  });

  it('of a release has its own chart asked for, and no other, and moves no look at all of them', async () => {
    const { clock, discovery, members, asked, found, change } = aScene();
    members.push(aMember('web'), aMember('front', { chart: 'nginx' }));
    discovery.start();
    await clock.advance(MINUTE);
    found.splice(0);
    for (const version of ['1.1.0', '1.2.0', '1.3.0']) {
      change(aMember('web', { version }));
      await clock.advance(10_000);
    }
    expect(found.map(({ chart }) => chart)).toEqual(['podinfo', 'podinfo', 'podinfo']);
    await clock.advance(5 * MINUTE);
    expect(asked).toEqual([
      'podinfo@15 podinfo,nginx',
      'podinfo@60.25 podinfo',
      'podinfo@70.25 podinfo',
      'podinfo@80.25 podinfo',
      'podinfo@315 podinfo,nginx',
    ]);
  });

  it('of a source while it is being asked has it asked again', async () => {
    const { clock, discovery, members, asked, during } = aScene();
    members.push(aMember('web'));
    discovery.start();
    during(() => discovery.sourceChanged(source));
    await clock.advance(20_000);
    expect(asked).toEqual(['podinfo@15 podinfo', 'podinfo@15 podinfo']);
  });

  it('that does not matter has nobody asked', async () => {
    const { clock, discovery, members, asked, change } = aScene();
    members.push(aMember('web'));
    discovery.start();
    await clock.advance(MINUTE);
    change(aMember('web'));
    discovery.releaseChanged(aWorkload({ kind: 'Deployment' }));
    await clock.advance(MINUTE);
    expect(asked).toHaveLength(1);
  });

  it('of a source has it asked at once, with what it says now', async () => {
    const { clock, discovery, members, asked } = aScene({
      listing: () => ({ outcome: 'unavailable', message: 'no', denied: true }),
    });
    members.push(aMember('web'));
    discovery.start();
    await clock.advance(MINUTE);
    const before = asked.length;
    const mended: ChartSource = { ...source, secretName: 'login' };
    members.splice(0, 1, aMember('web', { source: mended }));
    discovery.sourceChanged(mended);
    await clock.advance(100);
    expect(asked.slice(before)).toEqual(['podinfo@60 podinfo']);
  });

  it('of a source that nobody uses has nobody asked', async () => {
    const { clock, discovery, asked } = aScene();
    discovery.start();
    discovery.sourceChanged(source);
    discovery.look(chartSourceKey(source));
    await clock.advance(MINUTE);
    expect(asked).toEqual([]);
  });

  it('hinted at has its source asked at once', async () => {
    const { clock, discovery, members, asked } = aScene();
    members.push(aMember('web'));
    discovery.start();
    await clock.advance(MINUTE);
    discovery.look(chartSourceKey(source));
    discovery.look(chartSourceKey(source));
    await clock.advance(100);
    expect(asked).toEqual(['podinfo@15 podinfo', 'podinfo@60 podinfo']);
  });
});

describe('a look that fails', () => {
  it('is made again with growing pauses, and one warning', async () => {
    const { clock, discovery, members, asked, found, logged } = aScene({
      random: () => 0,
      listing: (nth) =>
        nth <= 4 ? { outcome: 'unavailable', message: 'the host is down' } : versions('1.0.0'),
    });
    members.push(aMember('web'));
    discovery.start();
    await clock.advance(2 * MINUTE);
    expect(asked).toEqual([0, 5, 15, 35, 75].map((second) => `podinfo@${second} podinfo`));
    expect(found[0]?.trouble).toEqual({ kind: 'unavailable', message: 'the host is down' });
    const failed = 'a look at a chart source failed';
    expect(logged()).toEqual([
      `warn ${failed}`,
      `debug ${failed}`,
      `debug ${failed}`,
      `debug ${failed}`,
      'info a chart source can be asked again',
    ]);
  });

  it.each<[string, ChartListing, number]>([
    [
      'not before it wants to be asked',
      { outcome: 'unavailable', message: '429', retryAfterMs: 100_000 },
      100,
    ],
    ['at the interval where there is no such source', { outcome: 'missing', message: 'none' }, 300],
    [
      'at the interval where it is suspended',
      { outcome: 'unavailable', message: 'no', suspended: true },
      300,
    ],
    [
      'at the interval where it lacks the chart',
      {
        outcome: 'complete',
        skipped: 0,
        charts: new Map([['podinfo', { problem: { kind: 'missing', message: 'none' } }]]),
      },
      300,
    ],
  ])('is made again %s', async (_, listing, seconds) => {
    const { clock, discovery, members, asked } = aScene({ listing: () => listing });
    members.push(aMember('web'));
    discovery.start();
    await clock.advance(15_000 + seconds * 1000);
    expect(asked).toEqual([15, 15 + seconds].map((second) => `podinfo@${second} podinfo`));
  });

  it('of one chart costs no other', async () => {
    const { clock, discovery, members, found } = aScene({
      listing: () => ({
        outcome: 'complete',
        skipped: 0,
        charts: new Map([
          ['podinfo', { versions: [{ version: '1.1.0' }], unchanged: false }],
          ['nginx', { problem: { kind: 'denied' as const, message: 'no' } }],
        ]),
      }),
    });
    members.push(aMember('web'), aMember('front', { chart: 'nginx' }));
    discovery.start();
    await clock.advance(16_000);
    expect(found.map(({ chart, list, trouble }) => [chart, list?.versions.length, trouble?.kind])).toEqual([
      ['podinfo', 1, undefined],
      ['nginx', undefined, 'denied'],
    ]);
  });

  it('is made again where nothing could be decided', async () => {
    const { clock, discovery, members, asked } = aScene({
      unresolved: (nth) => (nth === 1 ? 1 : 0),
      random: () => 0,
    });
    members.push(aMember('web'));
    discovery.start();
    await clock.advance(MINUTE);
    expect(asked).toEqual(['podinfo@0 podinfo', 'podinfo@5 podinfo']);
  });
});

it('what was seen is told for the metrics', async () => {
  const { clock, discovery, members, looked } = aScene({ listing: () => versions('1.0.0', '1.1.0') });
  members.push(aMember('web'), aMember('front', { chart: 'nginx' }));
  discovery.start();
  await clock.advance(16_000);
  expect(looked).toEqual([
    { source, durationMs: 0, outcome: 'complete', charts: 2, versions: 4, skipped: 2 },
  ]);
});

describe('a discovery that is switched off and on', () => {
  it('asks nothing while it is off, and all sources again when it is on', async () => {
    const scene = aScene();
    scene.members.push(aMember('web'));
    scene.discovery.start();
    await scene.clock.advance(MINUTE);
    expect(scene.asked).toHaveLength(1);
    scene.discovery.pause();
    await scene.clock.advance(30 * MINUTE);
    expect(scene.asked).toHaveLength(1);
    scene.discovery.start();
    await scene.clock.advance(MINUTE);
    expect(scene.asked).toHaveLength(2);
    await scene.clock.advance(6 * MINUTE);
    expect(scene.asked).toHaveLength(3);
  });

  it('asks sooner when it is told so', async () => {
    let intervalMs = 60 * MINUTE;
    const scene = aScene({ intervalMs: () => intervalMs });
    scene.members.push(aMember('web'));
    scene.discovery.start();
    await scene.clock.advance(MINUTE);
    intervalMs = 2 * MINUTE;
    scene.discovery.start();
    await scene.clock.advance(3 * MINUTE);
    expect(scene.asked).toHaveLength(2);
  });
});
