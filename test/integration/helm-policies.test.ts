import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { UpdateRequest } from '../../src/core/update-request.ts';
import { makeSigned } from '../parts/certificate.ts';
import { entryOf, startChartRepository, type ChartRepository } from '../parts/chart-repository.ts';
import { accessControlPlane } from '../parts/control-plane-access.ts';
import { startDockerRegistry, type DockerRegistry } from '../parts/docker-registry.ts';
import { eventually } from '../parts/eventually.ts';
import { installFluxCrds } from '../parts/flux-crds.ts';
import { pushChart } from '../parts/push-image.ts';
import { DIRECT, releasesOf, type Releases } from '../parts/releases.ts';
import { bugsIn, decide, requestsFor } from '../parts/workload-views.ts';
import { metricOf, openWorld, requestsWhen, type World } from '../parts/world.ts';

const LOGIN = { username: 'ci', password: 'hunter2-hunter2' };
const RUNNING = '1.2.3';
/** Neither sorted by order nor by text: 1.10.0 is the newest minor, and the pre-releases and 1.1.9 are nobody's. */
const OFFERED = [
  '1.9.0',
  '2.0.0',
  '1.2.3',
  '1.2.10',
  '3.0.0-rc.1',
  '1.10.0',
  '1.2.11-beta.2',
  '1.2.9',
  '1.1.9',
  '1.3.1',
];

type Annotations = Readonly<Record<string, string>>;

/** What each policy brings, by the name of the release. */
const POLICIES: Readonly<
  Record<string, readonly [annotations: Annotations, wanted: string | undefined, blocker?: string]>
> = {
  none: [{ policy: 'none' }, undefined, 'policy-none'],
  patch: [{ policy: 'patch' }, '1.2.10'],
  minor: [{ policy: 'minor' }, '1.10.0'],
  major: [{ policy: 'major' }, '2.0.0'],
  all: [{ policy: 'all' }, '2.0.0'],
  glob: [{ policy: 'glob', pattern: '1.[0-9].*' }, '1.9.0'],
  'glob-of-nothing': [{ policy: 'glob', pattern: '7.*' }, undefined, 'up-to-date'],
  force: [{ policy: 'force' }, '2.0.0'],
  prerelease: [{ policy: 'major', prerelease: 'true' }, '3.0.0-rc.1'],
  'glob-of-prereleases': [{ policy: 'glob', pattern: '1.2.*-beta.*' }, '1.2.11-beta.2'],
  filtered: [{ policy: 'minor', pattern: '1.3.*' }, '1.3.1'],
  frozen: [{ policy: 'all', 'event-source': 'none' }, undefined, 'event-source'],
};
const MOVING = Object.entries(POLICIES).flatMap(([name, [, wanted]]) =>
  wanted === undefined ? [] : [{ name, wanted }],
);
const STAYING = Object.entries(POLICIES).flatMap(([name, [, wanted]]) =>
  wanted === undefined ? [name] : [],
);

describe('charts under every policy', () => {
  let world: World;
  let releases: Releases;
  let directory: string;
  let basic: ChartRepository;
  let secured: ChartRepository;
  let closed: DockerRegistry;

  beforeAll(async () => {
    const facts = inject('controlPlane');
    await installFluxCrds(accessControlPlane(facts));
    directory = await mkdtemp(join(tmpdir(), 'headwind-ca-'));
    const tls = await makeSigned(directory);
    basic = await startChartRepository({ login: LOGIN });
    secured = await startChartRepository({ tls });
    closed = await startDockerRegistry({ auth: { htpasswd: { [LOGIN.username]: LOGIN.password } } });
    for (const repository of [basic, secured]) {
      repository.offer('web', [
        // Neither what cannot be read nor what is deprecated counts, however new it says it is.
        ...OFFERED.map((version) => entryOf('web', version)),
        { ...entryOf('web', '2.9.0'), deprecated: true },
        { name: 'web', urls: ['charts/web-9.tgz'] },
        'nonsense: as a text',
        null,
      ]);
    }
    world = await openWorld(facts, { from: 'build', narrow: true, notifies: false });
    for (const version of OFFERED) {
      const place = { repository: 'charts/web', tag: version };
      await pushChart({ ...place, url: world.registry.url });
      await pushChart({ ...place, url: closed.url, credentials: LOGIN });
    }
    releases = releasesOf(world);
    await releases.secret('login', LOGIN);
    await releases.secret('authority', { 'ca.crt': tls.authority });
    const often = { interval: '1h', insecure: true };
    const charts = { ...often, type: 'oci', url: `oci://${world.registry.host}/charts` };
    await releases.create('HelmRepository', 'basic', { url: basic.url, secretRef: { name: 'login' } });
    await releases.create('HelmRepository', 'tls', {
      url: secured.url,
      certSecretRef: { name: 'authority' },
    });
    await releases.create('HelmRepository', 'oci', charts);
    await releases.create('HelmRepository', 'htpasswd', {
      ...charts,
      url: `oci://${closed.host}/charts`,
      secretRef: { name: 'login' },
    });
  });
  afterAll(async () => {
    await world.close();
    await Promise.all([basic.stop(), secured.stop(), closed.stop()]);
    await rm(directory, { recursive: true, force: true });
  });

  const PLACES = [
    ['an HTTP repository with Basic auth', 'basic'],
    ['an HTTP repository with a certificate of a private authority', 'tls'],
    ['a registry that everybody may read', 'oci'],
    ['a registry with htpasswd', 'htpasswd'],
  ] as const;

  it.each(PLACES)('%s: what is direct is applied', async (_, place) => {
    const nameOf = (policy: string): string => `${place}-direct-${policy}`;
    for (const [policy, [annotations]] of Object.entries(POLICIES)) {
      const of = { chart: 'web', version: RUNNING, from: place };
      await releases.release(nameOf(policy), of, { ...DIRECT, ...annotations });
    }
    for (const { name, wanted } of MOVING) await releases.hasVersion(nameOf(name), wanted);
    for (const [policy, [, wanted, blocker]] of Object.entries(POLICIES)) {
      if (blocker !== undefined) await releases.blocked(nameOf(policy), blocker);
      const story = wanted === undefined ? [] : [`${RUNNING} -> ${wanted} Completed`];
      expect([policy, await releases.story(nameOf(policy))]).toEqual([policy, story]);
    }
  });

  it.each(PLACES)('%s: what needs an approval waits for it', async (_, place) => {
    const nameOf = (policy: string): string => `${place}-asked-${policy}`;
    for (const [policy, [annotations]] of Object.entries(POLICIES))
      await releases.release(nameOf(policy), { chart: 'web', version: RUNNING, from: place }, annotations);
    const ofPlace = (requests: readonly UpdateRequest[]): readonly UpdateRequest[] =>
      MOVING.flatMap(({ name }) => requestsFor(requests, nameOf(name)));
    const pending = ofPlace(
      await requestsWhen(
        world,
        'all that may move is asked for',
        (all) => ofPlace(all).length === MOVING.length,
      ),
    );
    for (const { name, wanted } of MOVING) {
      expect(await releases.version(nameOf(name))).toBe(RUNNING);
      const [request] = requestsFor(pending, nameOf(name));
      expect(request).toMatchObject({
        spec: { currentImage: `web:${RUNNING}`, newImage: `web:${wanted}`, updateType: 'helmChart' },
        status: { phase: 'Pending' },
      });
      const answer = await decide(world, 'approve', request?.metadata.name ?? '', { approver: 'alice' });
      expect([name, answer.status]).toEqual([name, 200]);
      expect(await releases.version(nameOf(name))).toBe(wanted);
    }
    for (const policy of STAYING) expect(await releases.story(nameOf(policy))).toEqual([]);
  });

  it('nothing goes to and fro: however often the sources are asked, all stay where they are', async () => {
    const before = new Map<string, string>();
    for (const { name } of MOVING)
      for (const [, place] of PLACES)
        before.set(`${place}-direct-${name}`, (await releases.version(`${place}-direct-${name}`)) ?? '');
    const requests = (await world.requests()).length;
    const queries = (): Promise<number> =>
      metricOf(world.headwind(), 'headwind_helm_repository_queries_total');
    for (const turn of [1, 2, 3]) {
      basic.forget();
      secured.forget();
      const before = await queries();
      for (const [, place] of PLACES) await releases.look(place, turn);
      await eventually(async () => (await queries()) >= before + PLACES.length, {
        what: 'all sources are asked again',
      });
      expect(Math.min(basic.answers().unchanged, secured.answers().unchanged)).toBeGreaterThan(0);
      expect([basic.answers().full, secured.answers().full]).toEqual([0, 0]);
    }
    for (const name of before.keys()) {
      await releases.blocked(name, 'up-to-date');
      expect([name, await releases.version(name)]).toEqual([name, before.get(name)]);
    }
    expect(await world.requests()).toHaveLength(requests);
    const skipped = 'headwind_helm_index_entries_skipped_total';
    expect(await metricOf(world.headwind(), skipped)).toBeGreaterThanOrEqual(3);
    expect(bugsIn(world)).toEqual([]);
  });
});
