import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { runPlugin } from '../../src/cli/plugin/program.ts';
import { systemClock } from '../../src/system.ts';
import { startChartRepository, type ChartRepository } from '../parts/chart-repository.ts';
import { accessControlPlane } from '../parts/control-plane-access.ts';
import { eventually } from '../parts/eventually.ts';
import { fluxPath, installFluxCrds } from '../parts/flux-crds.ts';
import { pushChart } from '../parts/push-image.ts';
import { createRecordingTerminal } from '../parts/recording-terminal.ts';
import { DIRECT, releasesOf, type Releases } from '../parts/releases.ts';
import { ask, bugsIn } from '../parts/workload-views.ts';
import { openWorld, type World } from '../parts/world.ts';

const VERIFIED = { policy: 'minor', ...DIRECT, 'auto-rollback': 'true', 'health-check-retries': '1' };
const FAILED = {
  status: 'False',
  reason: 'UpgradeFailed',
  message: 'Helm upgrade failed: context deadline exceeded',
};
const FINE = { status: 'True', reason: 'UpgradeSucceeded', message: 'Helm upgrade succeeded' };
const OciRepository = z.object({ spec: z.object({ ref: z.object({ tag: z.string() }) }) });

describe('the rollout of a chart', () => {
  let world: World;
  let releases: Releases;
  let charts: ChartRepository;
  let turn = 0;

  beforeAll(async () => {
    const facts = inject('controlPlane');
    await installFluxCrds(accessControlPlane(facts));
    charts = await startChartRepository();
    world = await openWorld(facts, { from: 'build', narrow: true });
    releases = releasesOf(world);
    await releases.create('HelmRepository', 'charts', { url: charts.url });
  });
  afterAll(async () => {
    await world.close();
    await charts.stop();
  });

  /** What Flux writes when it has tried the version that is set. */
  async function flux(
    name: string,
    told: {
      readonly ready: typeof FAILED;
      readonly attempted: string;
      /** Newest first. */
      readonly installed: readonly string[];
      /** That of the release now unless told. */
      readonly generation?: number;
    },
  ): Promise<void> {
    const observedGeneration = told.generation ?? (await releases.generation(name));
    await releases.patchStatus(name, {
      observedGeneration,
      lastAttemptedRevision: told.attempted,
      history: told.installed.map((chartVersion) => ({ chartName: name, chartVersion, status: 'deployed' })),
      conditions: [{ type: 'Ready', ...told.ready, observedGeneration }],
    });
  }
  /** A release that runs 1.0.0 well. */
  async function aRunning(
    name: string,
    annotations: Readonly<Record<string, string>> = VERIFIED,
  ): Promise<void> {
    charts.offer(name, ['1.0.0']);
    await releases.release(name, { chart: name, version: '1.0.0', from: 'charts' }, annotations);
    await flux(name, { ready: FINE, attempted: '1.0.0', installed: ['1.0.0'] });
    await releases.blocked(name, 'up-to-date');
  }
  const arrives = async (name: string, ...versions: readonly string[]): Promise<void> => {
    charts.offer(name, versions);
    turn += 1;
    await releases.look('charts', turn);
  };
  const storyIs = (name: string, story: readonly string[]): Promise<unknown> =>
    eventually(
      async () => {
        const told = await releases.story(name);
        if (JSON.stringify(told) === JSON.stringify(story)) return true;
        throw new Error(JSON.stringify(told));
      },
      { what: `the story of ${name}`, timeoutMs: 30_000, everyMs: 100 },
    );

  it('is taken back when Flux says that it failed, the version is held, and the next one is taken', async () => {
    await aRunning('shaky');
    await arrives('shaky', '1.0.0', '1.1.0');
    await releases.hasVersion('shaky', '1.1.0');
    await flux('shaky', { ready: FAILED, attempted: '1.1.0', installed: ['1.0.0'] });

    await storyIs('shaky', ['1.0.0 -> 1.1.0 RolledBack', '1.1.0 -> 1.0.0 Completed']);
    expect(await releases.version('shaky')).toBe('1.0.0');
    expect(await releases.history('shaky')).toEqual(['shaky:1.0.0', 'shaky:1.1.0', 'shaky:1.0.0']);
    await flux('shaky', { ready: FINE, attempted: '1.0.0', installed: ['1.0.0'] });
    await arrives('shaky', '1.0.0', '1.1.0');
    expect(await releases.blocked('shaky', 'held')).toContain('1.1.0');

    await arrives('shaky', '1.0.0', '1.1.0', '1.1.1');
    await releases.hasVersion('shaky', '1.1.1');
    await flux('shaky', { ready: FINE, attempted: '1.1.1', installed: ['1.1.1', '1.0.0'] });
    const healthy = async (): Promise<boolean> =>
      (await world.requests()).some(
        ({ spec, status }) => spec.newImage === 'shaky:1.1.1' && status.verification?.outcome === 'Healthy',
      );
    await eventually(healthy, { what: '1.1.1 is found healthy', timeoutMs: 60_000 });
    expect(await releases.version('shaky')).toBe('1.1.1');
  });

  it('that Flux itself rolls back is taken back too: otherwise it would be tried again and again', async () => {
    await aRunning('remedied');
    await arrives('remedied', '1.0.0', '1.1.0');
    await releases.hasVersion('remedied', '1.1.0');
    const ready = {
      ...FAILED,
      reason: 'RollbackSucceeded',
      message: 'Helm rollback to release v1 succeeded',
    };
    await flux('remedied', { ready, attempted: '1.1.0', installed: ['1.0.0', '1.1.0', '1.0.0'] });
    await storyIs('remedied', ['1.0.0 -> 1.1.0 RolledBack', '1.1.0 -> 1.0.0 Completed']);
    expect(await releases.version('remedied')).toBe('1.0.0');
  });

  it('is not judged by what Flux said of the version before it', async () => {
    await aRunning('late');
    const before = await releases.generation('late');
    await arrives('late', '1.0.0', '1.1.0');
    await releases.hasVersion('late', '1.1.0');
    await flux('late', { ready: FAILED, attempted: '1.0.0', installed: ['1.0.0'], generation: before });
    const generation = await releases.generation('late');
    const progressing = { status: 'Unknown', reason: 'Progressing', message: "Running 'upgrade' action" };
    await flux('late', { ready: progressing, attempted: '1.1.0', installed: ['1.0.0'], generation });
    await flux('late', { ready: FINE, attempted: '1.1.0', installed: ['1.1.0', '1.0.0'] });
    await eventually(
      async () =>
        (await world.requests()).some(
          ({ spec, status }) => spec.newImage === 'late:1.1.0' && status.verification?.outcome === 'Healthy',
        ),
      { what: 'it is found healthy', timeoutMs: 60_000 },
    );
    expect(await releases.story('late')).toEqual(['1.0.0 -> 1.1.0 Completed']);
  });

  it('that failed before already is no reason to take the update back', async () => {
    charts.offer('sick', ['1.0.0', '1.1.0']);
    await releases.release('sick', { chart: 'sick', version: '1.0.0', from: 'charts' }, { policy: 'none' });
    await flux('sick', { ready: FAILED, attempted: '1.0.0', installed: ['1.0.0'] });
    await releases.patch('HelmRelease', 'sick', {
      metadata: {
        annotations: Object.fromEntries(
          Object.entries({ ...VERIFIED, 'rollback-timeout': '8s' }).map(([key, value]) => [
            `headwind.sh/${key}`,
            value,
          ]),
        ),
      },
    });
    await releases.hasVersion('sick', '1.1.0');
    await flux('sick', { ready: FAILED, attempted: '1.1.0', installed: ['1.0.0'] });
    await eventually(
      async () =>
        (await world.requests()).some(
          ({ spec, status }) => spec.newImage === 'sick:1.1.0' && status.verification?.outcome !== undefined,
        ),
      { what: 'the watch has ended', timeoutMs: 60_000 },
    );
    expect(await releases.story('sick')).toEqual(['1.0.0 -> 1.1.0 Completed']);
    expect(await releases.version('sick')).toBe('1.1.0');
  });

  it('by chartRef is taken back in its OCIRepository', async () => {
    const url = { url: world.registry.url, repository: 'charts/referred' };
    await pushChart({ ...url, tag: '1.0.0' });
    const source = { url: `oci://${world.registry.host}/charts/referred`, insecure: true, interval: '1h' };
    await releases.create('OCIRepository', 'referred', { ...source, ref: { tag: '1.0.0' } });
    const spec = { interval: '1h', chartRef: { kind: 'OCIRepository', name: 'referred' } };
    await releases.create('HelmRelease', 'referred', spec, VERIFIED);
    const tag = async (): Promise<string> => {
      const path = `${fluxPath('OCIRepository', world.namespace)}/referred`;
      return OciRepository.parse(await world.api.expectOk('GET', path)).spec.ref.tag;
    };
    await flux('referred', {
      ready: FINE,
      attempted: '1.0.0+0123456789ab',
      installed: ['1.0.0+0123456789ab'],
    });
    await releases.blocked('referred', 'up-to-date');
    await pushChart({ ...url, tag: '1.1.0' });
    await eventually(async () => (await tag()) === '1.1.0', { what: 'the tag is set', timeoutMs: 20_000 });
    await flux('referred', {
      ready: FAILED,
      attempted: '1.1.0+ba9876543210',
      installed: ['1.0.0+0123456789ab'],
    });
    await storyIs('referred', ['1.0.0 -> 1.1.0 RolledBack', '1.1.0 -> 1.0.0 Completed']);
    expect(await tag()).toBe('1.0.0');
    expect(await releases.history('referred')).toEqual([
      'referred:1.0.0',
      'referred:1.1.0',
      'referred:1.0.0',
    ]);
  });

  it('is taken back by hand, to any version of its history, though Flux runs the newer one', async () => {
    await aRunning('manual', { policy: 'minor', ...DIRECT });
    for (const version of ['1.1.0', '1.2.0']) {
      await arrives('manual', '1.0.0', '1.1.0', ...(version === '1.2.0' ? ['1.2.0'] : []));
      await releases.hasVersion('manual', version);
      await flux('manual', { ready: FINE, attempted: version, installed: [version] });
    }
    const plugin = async (...args: readonly string[]): Promise<string> => {
      const env = { KUBECONFIG: inject('controlPlane').admin.kubeconfigPath };
      const terminal = createRecordingTerminal();
      const all = [...args, '-n', world.namespace];
      expect([args, await runPlugin({ args: all, env, terminal, clock: systemClock })]).toEqual([args, 0]);
      return terminal.outLines.join('\n');
    };
    expect((await plugin('history', 'hr/manual')).match(/manual:\S+/g)).toEqual([
      'manual:1.2.0',
      'manual:1.1.0',
      'manual:1.0.0',
    ]);

    await plugin('rollback', 'helmrelease/manual');
    expect(await releases.version('manual')).toBe('1.1.0');
    await arrives('manual', '1.0.0', '1.1.0', '1.2.0');
    expect(await releases.blocked('manual', 'held')).toContain('1.2.0');

    const url = `${world.headwind().urls.api}/api/v1/rollback/${world.namespace}/manual?kind=HelmRelease`;
    const answer = await ask(url, { image: 'manual:1.0.0' });
    expect([answer.status, answer.body]).toMatchObject([200, {}]);
    expect(await releases.version('manual')).toBe('1.0.0');
  });

  it('nothing of all that is an error of Headwind', () => {
    expect(bugsIn(world)).toEqual([]);
  });
});
