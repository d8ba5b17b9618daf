import pLimit from 'p-limit';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { startChartRepository, type ChartRepository, type IndexAnswers } from '../parts/chart-repository.ts';
import { accessControlPlane } from '../parts/control-plane-access.ts';
import { eventually } from '../parts/eventually.ts';
import { fluxPath, installFluxCrds } from '../parts/flux-crds.ts';
import { residentMb } from '../parts/memory.ts';
import { DIRECT, releasesOf, type Releases } from '../parts/releases.ts';
import { bugsIn, workloadViews } from '../parts/workload-views.ts';
import { metricOf, openWorld, type World } from '../parts/world.ts';

const REPOSITORIES = ['one', 'two', 'three', 'four', 'five'];
const CHARTS = 25;
const RELEASES_PER_CHART = 4;
const VERSIONS = Array.from({ length: 200 }, (_, patch) => `1.0.${patch}`);
const INTERVAL_MS = 60_000;
/** Each pause is up to a tenth shorter or longer. */
const SHORTEST_PAUSE_MS = 0.9 * INTERVAL_MS;

const Versions = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      spec: z.object({ chart: z.object({ spec: z.object({ version: z.string() }) }) }),
    }),
  ),
});

describe('500 releases of 5 repositories', () => {
  let world: World;
  let releases: Releases;
  let idleMb: number;
  const repositories = new Map<string, ChartRepository>();

  const answers = (): readonly IndexAnswers[] =>
    Array.from(repositories.values(), (repository) => repository.answers());
  const forget = (): void => {
    for (const repository of repositories.values()) repository.forget();
  };
  const allHave = (wanted: (name: string) => string, what: string): Promise<unknown> =>
    eventually(
      async () => {
        const list = await world.api.expectOk('GET', fluxPath('HelmRelease', world.namespace));
        const { items } = Versions.parse(list);
        const wrong = items.filter(({ metadata, spec }) => spec.chart.spec.version !== wanted(metadata.name));
        if (wrong.length === 0) return items.length;
        throw new Error(`${wrong.length} of ${items.length} have not`);
      },
      { what, timeoutMs: 120_000, everyMs: 500 },
    );

  beforeAll(async () => {
    const facts = inject('controlPlane');
    await installFluxCrds(accessControlPlane(facts));
    world = await openWorld(facts, { from: 'build', narrow: true, notifies: false });
    releases = releasesOf(world);
    idleMb = await residentMb(world.headwind().pid);
    for (const name of REPOSITORIES) {
      const repository = await startChartRepository();
      repositories.set(name, repository);
      for (let chart = 0; chart < CHARTS; chart += 1) repository.offer(`chart-${chart}`, VERSIONS);
      await releases.create('HelmRepository', name, { url: repository.url, interval: '1m' });
    }
    const limit = pLimit(8);
    const creations = REPOSITORIES.flatMap((from) =>
      Array.from({ length: CHARTS * RELEASES_PER_CHART }, (_, number) =>
        limit(() =>
          releases.release(
            `${from}-${number}`,
            { chart: `chart-${number % CHARTS}`, version: '1.0.199', from, interval: '1m' },
            { policy: 'minor', ...DIRECT },
          ),
        ),
      ),
    );
    await Promise.all(creations);
    await eventually(
      async () => (await metricOf(world.headwind(), 'headwind_helm_releases_watched')) === creations.length,
      { what: 'Headwind knows them all', timeoutMs: 60_000 },
    );
  }, 300_000);
  afterAll(async () => {
    await world.close();
    for (const repository of repositories.values()) await repository.stop();
  });

  it('cost one question for each repository and interval, and one answer in full for each index', async () => {
    // While releases come one by one, each chart that is new among them has its index read once more.
    await world.headwind().stop();
    forget();
    await world.restart();
    await eventually(
      async () => {
        const decided = (await workloadViews(world)).filter(({ artifacts }) => artifacts[0]?.decision);
        return decided.length === REPOSITORIES.length * CHARTS * RELEASES_PER_CHART;
      },
      { what: 'all of them are decided about', timeoutMs: 90_000, everyMs: 500 },
    );
    for (const { full } of answers()) expect(full).toBe(1);
    forget();
    const startedAt = performance.now();
    await eventually(() => answers().every(({ unchanged }) => unchanged >= 2), {
      what: 'each repository is asked twice more',
      timeoutMs: 150_000,
      everyMs: 250,
    });
    const most = Math.ceil((performance.now() - startedAt) / SHORTEST_PAUSE_MS);
    for (const { full, unchanged } of answers()) {
      expect(full).toBe(0);
      expect(unchanged).toBeLessThanOrEqual(most);
    }
  }, 240_000);

  it('move when a version of their chart arrives, for the price of that one index', async () => {
    forget();
    for (let chart = 0; chart < CHARTS; chart += 1)
      repositories.get('one')?.offer(`chart-${chart}`, [...VERSIONS, '1.1.0']);
    const startedAt = performance.now();
    await allHave((name) => (name.startsWith('one-') ? '1.1.0' : '1.0.199'), 'those of the first have it');
    const most = Math.ceil((performance.now() - startedAt) / SHORTEST_PAUSE_MS);
    const [first, ...others] = answers();
    expect(first?.full).toBe(1);
    for (const { full, unchanged } of others) {
      expect(full).toBe(0);
      expect(unchanged).toBeLessThanOrEqual(most);
    }
    expect(await world.requests()).toHaveLength(CHARTS * RELEASES_PER_CHART);
  }, 240_000);

  it('take little memory, and nothing goes wrong', async () => {
    const usedMb = await residentMb(world.headwind().pid);
    expect(usedMb - idleMb).toBeLessThan(40);
    expect(bugsIn(world)).toEqual([]);
  });
});
