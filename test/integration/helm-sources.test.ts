import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { runPlugin } from '../../src/cli/plugin/program.ts';
import { systemClock } from '../../src/system.ts';
import { entryOf, startChartRepository, type ChartRepository } from '../parts/chart-repository.ts';
import { accessControlPlane } from '../parts/control-plane-access.ts';
import { startDockerRegistry, type DockerRegistry } from '../parts/docker-registry.ts';
import { eventually } from '../parts/eventually.ts';
import { fluxPath, installFluxCrds } from '../parts/flux-crds.ts';
import { pushChart } from '../parts/push-image.ts';
import { createRecordingTerminal } from '../parts/recording-terminal.ts';
import { DIRECT, releasesOf, type Releases } from '../parts/releases.ts';
import { bugsIn, decide, theRequestFor } from '../parts/workload-views.ts';
import { metricOf, openWorld, workloadOf, type World } from '../parts/world.ts';

const LOGIN = { username: 'ci', password: 'hunter2-hunter2' };
const WRONG = { ...LOGIN, password: 'not-the-one-5150' };

describe('the sources of charts', () => {
  let world: World;
  let releases: Releases;
  let http: ChartRepository;
  let closed: DockerRegistry;
  let turn = 0;

  beforeAll(async () => {
    const facts = inject('controlPlane');
    await installFluxCrds(accessControlPlane(facts));
    http = await startChartRepository({ login: LOGIN });
    closed = await startDockerRegistry({ auth: { htpasswd: { [LOGIN.username]: LOGIN.password } } });
    world = await openWorld(facts, { from: 'build', narrow: true });
    releases = releasesOf(world);
    await releases.secret('login', LOGIN);
    await releases.create('HelmRepository', 'http', { url: http.url, secretRef: { name: 'login' } });
    const oci = { type: 'oci', url: `oci://${world.registry.host}/charts`, insecure: true };
    await releases.create('HelmRepository', 'oci', oci);
  });
  afterAll(async () => {
    await world.close();
    await Promise.all([http.stop(), closed.stop()]);
  });

  const push = (repository: string, tag: string): Promise<unknown> =>
    pushChart({ url: world.registry.url, repository, tag });
  /** Has a source asked, and waits until it was. */
  const look = async (source: string): Promise<void> => {
    const queries = (): Promise<number> =>
      metricOf(world.headwind(), 'headwind_helm_repository_queries_total');
    const before = await queries();
    turn += 1;
    await releases.look(source, turn);
    await eventually(async () => (await queries()) > before, { what: `${source} is asked` });
  };

  describe.each([
    ['an HTTP repository', 'http'],
    ['a registry', 'oci'],
  ])('in %s', (_, type) => {
    const chart = `locked-${type}`;
    const release = `locked-by-${type}`;
    const secret = `secret-of-${type}`;

    it('a wrong password is told with the name of its Secret, and lifts once it is mended', async () => {
      http.offer(chart, ['1.0.0', '1.1.0']);
      for (const tag of ['1.0.0', '1.1.0']) {
        const place = { repository: `charts/${chart}`, tag, credentials: LOGIN };
        await pushChart({ ...place, url: closed.url });
      }
      await releases.secret(secret, WRONG);
      const spec =
        type === 'oci'
          ? { type: 'oci', url: `oci://${closed.host}/charts`, insecure: true }
          : { url: http.url };
      await releases.create('HelmRepository', release, { ...spec, secretRef: { name: secret } });
      const annotations = { policy: 'minor', ...DIRECT };
      await releases.release(release, { chart, version: '1.0.0', from: release }, annotations);

      const told = await releases.blocked(release, 'registry-auth');
      expect(told).toContain(`${world.namespace}/${secret}`);
      expect(await releases.story(release)).toEqual([]);

      await releases.secret(secret, LOGIN);
      await releases.hasVersion(release, '1.1.0', 90_000);
      await eventually(async () => !(await releases.blockers(release)).includes('registry-auth'), {
        what: 'the blocker is gone',
      });
      const everything = world.headwind().output().join('\n');
      for (const { password } of [LOGIN, WRONG]) expect(everything).not.toContain(password);
    });
  });

  it('an interval defers what is found, and it is applied when the interval is over', async () => {
    http.offer('slow', ['1.0.0', '1.1.0']);
    const annotations = { policy: 'minor', 'require-approval': 'false', 'min-update-interval': '12s' };
    await releases.release('slow', { chart: 'slow', version: '1.0.0', from: 'http' }, annotations);
    await releases.hasVersion('slow', '1.1.0');
    const first = Date.parse((await releases.annotations('slow'))['headwind.sh/last-update'] ?? '');

    http.offer('slow', ['1.0.0', '1.1.0', '1.2.0']);
    await look('http');
    await releases.blocked('slow', 'min-update-interval');
    expect(await releases.version('slow')).toBe('1.1.0');

    await releases.hasVersion('slow', '1.2.0', 30_000);
    const second = Date.parse((await releases.annotations('slow'))['headwind.sh/last-update'] ?? '');
    expect(second - first).toBeGreaterThanOrEqual(12_000);
    expect(await releases.history('slow')).toEqual(['slow:1.2.0', 'slow:1.1.0', 'slow:1.0.0']);
  });

  it('an approval does not wait for an interval', async () => {
    http.offer('asked', ['1.0.0', '1.1.0']);
    await releases.release('asked', { chart: 'asked', version: '1.0.0', from: 'http' }, { policy: 'minor' });
    const first = await theRequestFor(world, 'asked', { phase: 'Pending' });
    await decide(world, 'approve', first.metadata.name, { approver: 'alice' });
    http.offer('asked', ['1.0.0', '1.1.0', '1.1.1']);
    await look('http');
    const newer = await eventually(
      async () =>
        (await world.requests()).find(
          ({ spec, status }) => spec.newImage === 'asked:1.1.1' && status.phase === 'Pending',
        ),
      { what: 'the newer one is asked for' },
    );
    expect((await decide(world, 'approve', newer.metadata.name, { approver: 'alice' })).status).toBe(200);
    expect(await releases.version('asked')).toBe('1.1.1');
  });

  it('images named like the chart change nothing, neither beside it nor in its own repository', async () => {
    await push('charts/twin', '1.0.0');
    const annotations = { policy: 'major', ...DIRECT };
    await releases.release('twin', { chart: 'twin', version: '1.0.0', from: 'oci' }, annotations);
    await world.create(
      'deployments',
      workloadOf('Deployment', {
        name: 'twin-app',
        images: { app: `${world.registry.host}/twin:1.0.0` },
        annotations: annotations,
      }),
    );
    await releases.blocked('twin', 'up-to-date');

    // Beside it: another repository, of an image. Its own workload moves, the release does not.
    await world.registry.pushImage({ repository: 'twin', tag: '1.0.0' });
    await world.registry.pushImage({ repository: 'twin', tag: '4.0.0' });
    await theRequestFor(world, 'twin-app', { phase: 'Completed' });
    // In its own: more of them than anybody would look at one after the other, and all newer than the chart.
    for (let minor = 0; minor < 40; minor += 1)
      await world.registry.pushImage({ repository: 'charts/twin', tag: `5.${minor}.0` });
    await releases.blocked('twin', 'tag-missing');
    expect(await releases.story('twin')).toEqual([]);
    expect(await releases.version('twin')).toBe('1.0.0');

    // The newest chart is found among them, by webhook and by a look alike.
    await push('charts/twin', '1.1.0');
    await releases.hasVersion('twin', '1.1.0');
    await releases.patch('HelmRelease', 'twin', {
      metadata: { annotations: { 'headwind.sh/event-source': 'polling' } },
    });
    await push('charts/twin', '2.0.0');
    await look('oci');
    await releases.hasVersion('twin', '2.0.0', 30_000);
    expect(await releases.story('twin')).toEqual(['1.0.0 -> 1.1.0 Completed', '1.1.0 -> 2.0.0 Completed']);
  });

  it('an index that is replaced by an older one takes nothing back', async () => {
    http.offer('rewound', ['1.0.0', '1.1.0']);
    const annotations = { policy: 'all', ...DIRECT };
    await releases.release('rewound', { chart: 'rewound', version: '1.0.0', from: 'http' }, annotations);
    await releases.hasVersion('rewound', '1.1.0');
    http.offer('rewound', ['0.9.0', '1.0.0']);
    await look('http');
    await look('http');
    await releases.blocked('rewound', 'up-to-date');
    expect(await releases.version('rewound')).toBe('1.1.0');
    expect(await releases.story('rewound')).toEqual(['1.0.0 -> 1.1.0 Completed']);
  });

  it('what Flux runs is a floor even where a lower version is written', async () => {
    http.offer('floor', ['1.0.0', '1.1.0', '1.2.0']);
    await releases.release('floor', { chart: 'floor', version: '1.0.0', from: 'http' }, { policy: 'none' });
    await releases.patchStatus('floor', {
      history: [{ chartName: 'floor', chartVersion: '2.0.0', status: 'deployed' }],
    });
    await releases.patch('HelmRelease', 'floor', {
      metadata: {
        annotations: { 'headwind.sh/policy': 'all', 'headwind.sh/require-approval': 'false' },
      },
    });
    const told = await releases.blocked('floor', 'up-to-date');
    expect(told).toContain('2.0.0');
    expect(await releases.version('floor')).toBe('1.0.0');
  });

  it('a version that is taken out of the index is still asked for until a newer one takes its place', async () => {
    http.offer('pulled', ['1.0.0', '1.1.0']);
    await releases.release(
      'pulled',
      { chart: 'pulled', version: '1.0.0', from: 'http' },
      { policy: 'minor' },
    );
    const request = await theRequestFor(world, 'pulled', { phase: 'Pending' });
    http.offer('pulled', ['1.0.0']);
    await look('http');
    await look('http');
    expect(await releases.story('pulled')).toEqual(['1.0.0 -> 1.1.0 Pending']);
    // A newer one takes its place.
    http.offer('pulled', ['1.0.0', '1.1.1']);
    await look('http');
    await expect
      .poll(() => releases.story('pulled'), { timeout: 10_000 })
      .toEqual(['1.0.0 -> 1.1.0 Superseded', '1.0.0 -> 1.1.1 Pending']);
    expect((await decide(world, 'approve', request.metadata.name)).status).toBe(409);
  });

  it('deprecated versions and entries that cannot be read are passed over, and the rest counts', async () => {
    const skipped = (): Promise<number> =>
      metricOf(world.headwind(), 'headwind_helm_index_entries_skipped_total');
    const before = await skipped();
    http.offer('shabby', [
      entryOf('shabby', '1.0.0'),
      { ...entryOf('shabby', '1.4.0'), deprecated: true },
      { name: 'shabby' },
      [entryOf('shabby', '1.5.0')],
      entryOf('shabby', '1.3.0'),
      17,
    ]);
    await releases.release(
      'shabby',
      { chart: 'shabby', version: '1.0.0', from: 'http' },
      { policy: 'minor', ...DIRECT },
    );
    await releases.hasVersion('shabby', '1.3.0');
    expect((await skipped()) - before).toBeGreaterThanOrEqual(3);
  });

  it('what is suspended is not asked, and not moved', async () => {
    http.offer('still', ['1.0.0', '1.1.0']);
    const annotations = { policy: 'minor', ...DIRECT };
    await releases.create('HelmRepository', 'asleep', {
      url: http.url,
      secretRef: { name: 'login' },
      suspend: true,
    });
    await releases.release('still', { chart: 'still', version: '1.0.0', from: 'asleep' }, annotations);
    expect(await releases.blocked('still', 'suspended')).toContain('asleep');
    await releases.patch('HelmRepository', 'asleep', { spec: { suspend: false } });
    await releases.hasVersion('still', '1.1.0');

    await releases.patch('HelmRelease', 'still', { spec: { suspend: true } });
    http.offer('still', ['1.0.0', '1.1.0', '1.2.0']);
    await look('asleep');
    await releases.blocked('still', 'suspended');
    expect(await releases.version('still')).toBe('1.1.0');
    await releases.patch('HelmRelease', 'still', { spec: { suspend: false } });
    await releases.hasVersion('still', '1.2.0');
  });

  it('ranges are left to Flux, and one release without a chart keeps nobody from being seen', async () => {
    http.offer('ranged', ['1.0.0', '1.1.0']);
    const annotations = { policy: 'minor', ...DIRECT };
    for (const [name, version] of [
      ['tilde', '~1.0'],
      ['wild', '1.x'],
      ['between', '>=1.0.0 <2.0.0'],
      ['star', '*'],
    ] as const)
      await releases.release(name, { chart: 'ranged', version, from: 'http' }, annotations);
    await releases.create('HelmRelease', 'of-nothing', { interval: '1h' }, annotations);
    await releases.create(
      'HelmRelease',
      'by-reference',
      { interval: '1h', chartRef: { kind: 'OCIRepository', name: 'nobody' } },
      annotations,
    );
    await releases.release('beside', { chart: 'ranged', version: '1.0.0', from: 'http' }, annotations);
    await releases.hasVersion('beside', '1.1.0');
    for (const name of ['tilde', 'wild', 'between', 'star'])
      expect(await releases.blocked(name, 'flux-owns-range')).toContain('spec.chart.spec.version');
    expect(await releases.blocked('by-reference', 'chart-source')).toContain('nobody');
    expect(await releases.version('tilde')).toBe('~1.0');
    // The same is told by kubectl headwind, whomever it asks.
    for (const more of [[], ['--api-url', world.headwind().urls.api]]) {
      const terminal = createRecordingTerminal();
      const args = ['explain', 'hr/wild', '-n', world.namespace, ...more];
      const env = { KUBECONFIG: inject('controlPlane').admin.kubeconfigPath };
      expect(await runPlugin({ args, env, terminal, clock: systemClock })).toBe(0);
      expect(terminal.outLines.join('\n')).toContain('flux-owns-range');
    }
  });

  it('a repository that goes away is told, and is followed again when it is back', async () => {
    http.offer('moved', ['1.0.0', '1.1.0']);
    const annotations = { policy: 'minor', ...DIRECT };
    await releases.release('moved', { chart: 'moved', version: '1.0.0', from: 'fleeting' }, annotations);
    expect(await releases.blocked('moved', 'chart-source')).toContain('fleeting');
    const spec = { url: http.url, secretRef: { name: 'login' } };
    await releases.create('HelmRepository', 'fleeting', spec);
    await releases.hasVersion('moved', '1.1.0');
    await world.api.expectOk('DELETE', `${fluxPath('HelmRepository', world.namespace)}/fleeting`);
    await releases.blocked('moved', 'chart-source');
  });

  it('nothing of all that is an error of Headwind', () => {
    expect(bugsIn(world)).toEqual([]);
  });
});
