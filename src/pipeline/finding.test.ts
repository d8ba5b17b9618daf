import { describe, expect, it } from 'vitest';
import { aChart, aContainer, aRelease, aWorkload, NOON } from '../../test/builders.ts';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import type { ChartFindings, ChartSource } from '../core/chart-source.ts';
import type { Workload } from '../core/workload.ts';
import { createRecordingLog } from '../telemetry/recording-log.ts';
import type { Candidate } from './ask.ts';
import { originOf } from './finding.ts';
import { createPolledIntake, type PolledIntake } from './polled.ts';

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
const KEY = 'HelmRelease/shop/web#nginx';
const ORIGIN = 'HelmRepository/flux/charts nginx';

function findings(
  change: Partial<ChartFindings> & {
    readonly versions?: readonly string[];
    readonly release?: Workload;
  } = {},
): ChartFindings {
  const { versions = ['1.25.0', '1.26.0'], release: workload = aRelease(), ...rest } = change;
  const artifact = workload.artifacts[0] ?? aChart();
  return {
    source: SOURCE,
    chart: 'nginx',
    members: [{ workload, artifact, source: SOURCE, chart: 'nginx' }],
    list: { versions: versions.map((version) => ({ version })), version: versions.join() },
    trouble: undefined,
    ...rest,
  };
}

function aScene(): {
  readonly intake: PolledIntake;
  readonly considered: Candidate[];
  readonly stays: string[];
  readonly asked: string[];
} {
  const considered: Candidate[] = [];
  const stays: string[] = [];
  const asked: string[] = [];
  const intake = createPolledIntake({
    requests: { ofArtifact: () => [] },
    proposer: {
      async consider(_workload, _artifact, candidate) {
        considered.push(candidate);
        const confirmation = await candidate.confirm?.();
        const missing = [{ code: 'tag-missing', message: 'it is an image' }] as const;
        return { kind: 'stay', blockers: confirmation?.outcome === 'missing' ? missing : [] };
      },
      stay(_workload, _artifact, tag, blockers) {
        stays.push(`${tag}: ${blockers.map(({ code }) => code).join()}`);
        return { kind: 'stay', blockers };
      },
    },
    confirm: () => Promise.reject(new Error('no image is asked for')),
    confirmChart: ({ version }) => {
      asked.push(version);
      return Promise.resolve(
        version.startsWith('1.27')
          ? { outcome: 'missing', message: 'it is an image' }
          : { outcome: 'found', digest: '' },
      );
    },
    explainCredentials: () => Promise.reject(new Error('charts have their own')),
    clock: new FakeClock(NOON),
    log: createRecordingLog().target('polled'),
  });
  return { intake, considered, stays, asked };
}

describe('what a source of charts offers', () => {
  it('is decided like a polled list: the newest that the policy admits, confirmed by the source', async () => {
    const { intake, considered, asked } = aScene();
    await intake.deliverCharts(findings({ versions: ['1.25.0', '1.26.0', '1.26.1', '2.0.0'] }), 'discovery');
    expect(considered).toMatchObject([{ tag: '1.26.1', source: 'discovery' }]);
    expect(asked).toEqual(['1.26.1']);
  });

  it('passes over what turns out to be an image, and takes the next best chart', async () => {
    const { intake, asked } = aScene();
    await intake.deliverCharts(findings({ versions: ['1.25.0', '1.26.0', '1.27.0'] }), 'discovery');
    expect(asked).toEqual(['1.27.0', '1.26.0']);
  });

  it('passes over some dozens of images, not over more, and goes on with the next look', async () => {
    const { intake, asked } = aScene();
    const images = Array.from({ length: 100 }, (_, patch) => `1.27.${patch}`);
    await intake.deliverCharts(findings({ versions: ['1.25.0', '1.26.0', ...images] }), 'discovery');
    expect(asked).toHaveLength(32);
    // What the source knows to be no chart it leaves out the next time.
    const left = images.filter((version) => !asked.includes(version));
    await intake.deliverCharts(
      findings({ versions: ['1.25.0', '1.26.0', ...left.slice(0, 20)] }),
      'discovery',
    );
    expect(asked.at(-1)).toBe('1.26.0');
  });

  it('is asked about once, whatever the number of releases', async () => {
    const { intake, asked } = aScene();
    const releases = ['web', 'api', 'jobs'].map((name) => aRelease({ name, uid: name }));
    const members = releases.map((workload) => ({
      workload,
      artifact: aChart(),
      source: SOURCE,
      chart: 'nginx',
    }));
    await intake.deliverCharts(findings({ members }), 'polling');
    expect(asked).toEqual(['1.26.0']);
  });

  it('costs nothing the second time, until the list or what runs has changed', async () => {
    const { intake, stays } = aScene();
    await intake.deliverCharts(findings({ versions: ['1.25.0'] }), 'discovery');
    await intake.deliverCharts(findings({ versions: ['1.25.0'] }), 'discovery');
    expect(stays).toEqual(['1.25.0: up-to-date']);
    const release = aRelease({ artifacts: [aChart({ release: { running: '1.24.0' } })] });
    await intake.deliverCharts(findings({ versions: ['1.25.0'], release }), 'discovery');
    expect(stays).toHaveLength(2);
  });

  it.each([
    ['refuses the credentials', 'denied', 'registry-auth'],
    ['does not answer', 'unavailable', 'registry'],
    ['does not know the chart', 'missing', 'tag-missing'],
    ['is suspended', 'suspended', 'suspended'],
  ] as const)('says of a source that %s just that, and decides nothing', async (_, kind, code) => {
    const { intake, considered } = aScene();
    const trouble = { kind, message: 'so it is' };
    await intake.deliverCharts(findings({ list: undefined, trouble }), 'discovery');
    expect(considered).toEqual([]);
    expect(intake.troublesOf(KEY, () => ORIGIN)).toEqual([{ code, message: 'so it is' }]);
    expect(intake.troublesOf(KEY, () => 'HelmRepository/flux/other nginx')).toEqual([]);
    await intake.deliverCharts(findings(), 'discovery');
    expect(intake.troublesOf(KEY, () => ORIGIN)).toEqual([]);
  });

  it('is nothing to a release that does not listen any more', async () => {
    const { intake, considered, stays } = aScene();
    const release = aRelease({ annotations: { 'headwind.sh/event-source': 'webhook' } });
    expect(await intake.deliverCharts(findings({ release }), 'discovery')).toEqual({
      created: 0,
      unresolved: 0,
    });
    expect([...considered, ...stays]).toEqual([]);
  });
});

describe('originOf', () => {
  const polled = { 'headwind.sh/event-source': 'polling' };

  it.each([
    ['an image that is polled', aWorkload({ annotations: polled }), aContainer(), 'docker.io/library/nginx'],
    ['an image that is not', aWorkload(), aContainer(), undefined],
    ['a chart', aRelease(), aChart(), ORIGIN],
    [
      'a chart that nobody looks for',
      aRelease({ annotations: { 'headwind.sh/policy': 'none' } }),
      aChart(),
      undefined,
    ],
    [
      'a chart without a source',
      aRelease(),
      { type: 'chart', name: 'x', image: 'x:1.0.0' } as const,
      undefined,
    ],
  ])('of %s', (_, workload, artifact, expected) => {
    expect(originOf(workload, artifact)).toBe(expected);
  });
});
