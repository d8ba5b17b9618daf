import { describe, expect, it } from 'vitest';
import { aContainer, aWorkload } from '../../../test/builders.ts';
import { FakeClock } from '../../../test/parts/fake-clock.ts';
import type { Credential } from '../../core/credential.ts';
import { repositoryKey } from '../../core/image-reference.ts';
import type { Workload } from '../../core/workload.ts';
import { createCatalog } from '../../kubernetes/catalog.ts';
import { createRecordingLog } from '../../telemetry/recording-log.ts';
import type { TagDigest, TagListing } from './ask.ts';
import { createPoller, type Poller, type PollResult } from './poller.ts';

const MINUTE = 60_000;
const COMPLETE: TagListing = { outcome: 'complete', tags: ['1.25.0', '1.26.0'], unchanged: false };
const DIGEST = `sha256:${'a'.repeat(64)}`;

interface Scene {
  readonly clock: FakeClock;
  readonly poller: Poller;
  /** `repository@secondSinceStart as password` of each list. */
  readonly lists: { readonly repository: string; readonly atMs: number; readonly as: string }[];
  readonly digests: string[];
  readonly results: PollResult[];
  readonly counts: { begun: number; artifacts: number; errors: number; leftOut: number };
  readonly forgotten: string[];
  put(workload: Workload): void;
  remove(workload: Workload): void;
}

interface Conditions {
  readonly random?: () => number;
  readonly listing?: (nth: number, repository: string) => TagListing | Promise<TagListing>;
  readonly digest?: TagDigest;
  /** The password of a workload, by its name; none unless told. */
  readonly passwords?: Record<string, string>;
  readonly unresolved?: () => number;
  readonly intervalMs?: () => number;
}

function aScene(conditions: Conditions = {}): Scene {
  const clock = new FakeClock(0);
  const catalog = createCatalog();
  const lists: Scene['lists'] = [];
  const digests: string[] = [];
  const results: PollResult[] = [];
  const forgotten: string[] = [];
  const counts = { begun: 0, artifacts: 0, errors: 0, leftOut: 0 };
  const poller = createPoller({
    catalog,
    credentialsFor: ({ name }): Promise<readonly Credential[]> => {
      const password = conditions.passwords?.[name];
      return Promise.resolve(password === undefined ? [] : [{ username: 'ci', password }]);
    },
    forgetCredentials: ({ name }) => forgotten.push(name),
    registry: {
      async listTags({ repository, credentials }) {
        const [credential] = await credentials();
        const as = credential !== undefined && 'password' in credential ? credential.password : 'nobody';
        lists.push({ repository: repositoryKey(repository), atMs: clock.now(), as });
        return (conditions.listing ?? (() => COMPLETE))(lists.length, repositoryKey(repository));
      },
      digestOf({ tag }) {
        digests.push(tag);
        return Promise.resolve(conditions.digest ?? { outcome: 'found', digest: DIGEST });
      },
    },
    deliver(result) {
      results.push(result);
      return Promise.resolve({ unresolved: conditions.unresolved?.() ?? 0 });
    },
    intervalMs: () => conditions.intervalMs?.() ?? 5 * MINUTE,
    clock,
    random: conditions.random ?? (() => 0.5),
    log: createRecordingLog().target('polling'),
    onBegin: (artifacts) => {
      counts.begun += 1;
      counts.artifacts += artifacts;
    },
    onError: () => void (counts.errors += 1),
    onLeftOut: () => void (counts.leftOut += 1),
  });
  return {
    clock,
    poller,
    lists,
    digests,
    results,
    counts,
    forgotten,
    put(workload) {
      const before = catalog.get(`${workload.kind}/${workload.namespace}/${workload.name}`);
      catalog.upsert(workload);
      poller.workloadChanged(workload, before);
    },
    remove(workload) {
      catalog.remove(`${workload.kind}/${workload.namespace}/${workload.name}`);
      poller.workloadRemoved(workload);
    },
  };
}

const polled = (name: string, image = 'nginx:1.25.0', annotations: Record<string, string> = {}): Workload =>
  aWorkload({
    name,
    uid: `uid-of-${name}`,
    artifacts: [aContainer({ image })],
    annotations: { 'headwind.sh/event-source': 'polling', ...annotations },
  });
const every = (interval: string): Record<string, string> => ({ 'headwind.sh/polling-interval': interval });
const times = ({ lists }: Scene): number[] => lists.map(({ atMs }) => atMs);

describe('a list', () => {
  it('is asked for once for all workloads of a repository, whatever they call it', async () => {
    const scene = aScene();
    scene.put(polled('a'));
    scene.put(polled('b', 'docker.io/library/nginx:1.24.0'));
    scene.put(polled('c', 'redis:7.0.0'));
    scene.poller.start();
    await scene.clock.advance(MINUTE);
    expect(scene.lists.map(({ repository }) => repository)).toEqual([
      'docker.io/library/nginx',
      'docker.io/library/redis',
    ]);
    expect(scene.results.map(({ members }) => members.map(({ key }) => key))).toEqual([
      ['Deployment/shop/a#web', 'Deployment/shop/b#web'],
      ['Deployment/shop/c#web'],
    ]);
    expect(scene.counts).toMatchObject({ begun: 2, artifacts: 3, errors: 0 });
  });

  it('is asked for once for each credential', async () => {
    const scene = aScene({ passwords: { a: 'one', b: 'one', c: 'two' } });
    for (const name of ['a', 'b', 'c', 'd']) scene.put(polled(name));
    scene.poller.start();
    await scene.clock.advance(MINUTE);
    expect(scene.lists.map(({ as }) => as).sort()).toEqual(['nobody', 'one', 'two']);
  });

  it('is not asked for where no tag has an order, but the digest is, once for each tag', async () => {
    const scene = aScene();
    scene.put(polled('a', 'nginx:latest', { 'headwind.sh/policy': 'force' }));
    scene.put(polled('b', 'nginx', { 'headwind.sh/policy': 'force' }));
    scene.put(polled('c', 'nginx:main', { 'headwind.sh/policy': 'force' }));
    scene.poller.start();
    await scene.clock.advance(MINUTE);
    expect(scene.lists).toEqual([]);
    expect(scene.digests).toEqual(['latest', 'main']);
    expect(scene.results[0]).toMatchObject({ list: undefined, listTrouble: undefined });
    expect(scene.results[0]?.digests.get('main')).toBe(DIGEST);
  });

  it('bears a version that differs where it does', async () => {
    const scene = aScene({ listing: (nth) => ({ ...COMPLETE, unchanged: nth === 2 }) });
    scene.put(polled('a'));
    scene.poller.start();
    await scene.clock.advance(16 * MINUTE);
    const [first, second, third] = scene.results.map(({ list }) => list?.version);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });
});

describe('the time of a poll', () => {
  it.each([
    ['at once, where chance says so', 0, 0],
    ['half of 30 s later', 0.5, 15_000],
    ['within 30 s', 0.999, 29_970],
  ])('is, after a start, %s', async (_name, chance, expectedMs) => {
    const scene = aScene({ random: () => chance });
    scene.put(polled('a'));
    scene.poller.start();
    await scene.clock.advance(MINUTE);
    expect(times(scene)).toEqual([expectedMs]);
  });

  it('is spread over one interval where that is shorter', async () => {
    const scene = aScene({ random: () => 0.5 });
    scene.put(polled('a', 'nginx:1.25.0', every('4s')));
    scene.poller.start();
    await scene.clock.advance(7000);
    expect(times(scene)).toEqual([2000, 6000]);
  });

  it.each([
    ['a tenth earlier at most', 0, [0, 270_000]],
    ['a tenth later at most', 1, [30_000, 360_000]],
  ])('is %s than the interval says', async (_name, chance, expected) => {
    const scene = aScene({ random: () => chance });
    scene.put(polled('a'));
    scene.poller.start();
    await scene.clock.advance(6 * MINUTE);
    expect(times(scene)).toEqual(expected);
  });

  it('follows the shortest interval of all who share the list', async () => {
    const scene = aScene({ random: () => 0.5 });
    scene.put(polled('a'));
    scene.put(polled('b', 'nginx:1.25.0', every('60s')));
    scene.put(polled('c', 'nginx:1.25.0', every('2h')));
    scene.poller.start();
    await scene.clock.advance(3 * MINUTE);
    expect(times(scene)).toEqual([15_000, 75_000, 135_000]);
  });

  it('comes sooner as soon as somebody wants it sooner, and later after the next one', async () => {
    const scene = aScene({ random: () => 0.5 });
    scene.put(polled('a', 'nginx:1.25.0', every('1h')));
    scene.poller.start();
    await scene.clock.advance(10 * MINUTE);
    scene.put(polled('a', 'nginx:1.25.0', every('20m')));
    await scene.clock.advance(20 * MINUTE);
    expect(times(scene)).toEqual([15_000, 15_000 + 20 * MINUTE]);
    scene.put(polled('a', 'nginx:1.25.0', every('2h')));
    await scene.clock.advance(3 * 60 * MINUTE);
    expect(times(scene).slice(2)).toEqual([15_000 + 40 * MINUTE, 15_000 + 160 * MINUTE]);
  });

  it('does not move when the status of a workload changes', async () => {
    const scene = aScene({ random: () => 0.5 });
    scene.put(polled('a'));
    scene.poller.start();
    for (let change = 0; change < 20; change += 1) {
      await scene.clock.advance(15_000);
      scene.put({ ...polled('a'), resourceVersion: String(change) });
    }
    expect(times(scene)).toEqual([15_000]);
  });

  it('comes soon for a workload that is new, though others were served just now', async () => {
    const scene = aScene({ random: () => 0.5 });
    scene.put(polled('a'));
    scene.poller.start();
    await scene.clock.advance(MINUTE);
    scene.put(polled('b'));
    await scene.clock.advance(MINUTE);
    expect(times(scene)).toEqual([15_000, 75_000]);
    expect(scene.results[1]?.members).toHaveLength(2);
  });
});

describe('polling ends', () => {
  it('with the last workload that wants it, and leaves no timer', async () => {
    const scene = aScene();
    const workload = polled('a');
    scene.put(workload);
    scene.poller.start();
    await scene.clock.advance(MINUTE);
    scene.remove(workload);
    await scene.clock.advance(20 * MINUTE);
    expect(scene.lists).toHaveLength(1);
    expect(scene.clock.pending).toBe(0);
  });

  it('where the event source no longer allows it, which is counted', async () => {
    const scene = aScene();
    scene.put(polled('a'));
    scene.poller.start();
    await scene.clock.advance(MINUTE);
    scene.put(polled('a', 'nginx:1.25.0', { 'headwind.sh/event-source': 'webhook' }));
    await scene.clock.advance(20 * MINUTE);
    expect(scene.lists).toHaveLength(1);
    expect(scene.counts.leftOut).toBe(1);
  });

  it('when it is stopped', async () => {
    const scene = aScene();
    scene.put(polled('a'));
    scene.poller.start();
    await scene.clock.advance(MINUTE);
    await scene.poller.stop();
    expect(scene.clock.pending).toBe(0);
  });

  it('before it has begun, where nobody starts it', async () => {
    const scene = aScene();
    scene.put(polled('a'));
    await scene.clock.advance(20 * MINUTE);
    expect(scene.lists).toEqual([]);
  });

  it('for the repository that a workload leaves, and begins for the one that it comes to', async () => {
    const scene = aScene();
    scene.put(polled('a'));
    scene.poller.start();
    await scene.clock.advance(MINUTE);
    scene.put(polled('a', 'redis:7.0.0'));
    await scene.clock.advance(6 * MINUTE);
    expect(scene.lists.map(({ repository }) => repository)).toEqual([
      'docker.io/library/nginx',
      'docker.io/library/redis',
      'docker.io/library/redis',
    ]);
  });
});

describe('a poll that fails', () => {
  const away: TagListing = { outcome: 'unavailable', message: 'it is down' };

  it('is tried again with growing pauses, and then as usual', async () => {
    const scene = aScene({ random: () => 0, listing: (nth) => (nth <= 4 ? away : COMPLETE) });
    scene.put(polled('a'));
    scene.poller.start();
    await scene.clock.advance(6 * MINUTE);
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = times(scene);
    expect([b - a, c - b, d - c, e - d, f - e]).toEqual([5000, 10_000, 20_000, 40_000, 270_000]);
    expect(scene.counts.errors).toBe(4);
    expect(scene.results[0]).toMatchObject({ list: undefined, listTrouble: { kind: 'unavailable' } });
  });

  it('waits as long as the registry wants, while others go on', async () => {
    const limited: TagListing = { outcome: 'unavailable', message: '429', retryAfterMs: 30_000 };
    const scene = aScene({
      random: () => 0,
      listing: (nth, repository) => (repository.endsWith('nginx') && nth <= 2 ? limited : COMPLETE),
    });
    scene.put(polled('a', 'nginx:1.25.0', every('10s')));
    scene.put(polled('b', 'redis:7.0.0', every('10s')));
    scene.poller.start();
    await scene.clock.advance(29_000);
    expect(scene.lists.map(({ repository }) => repository.split('/').at(-1))).toEqual([
      'nginx',
      'redis',
      'redis',
      'redis',
      'redis',
    ]);
    await scene.clock.advance(2000);
    expect(scene.lists.filter(({ repository }) => repository.endsWith('nginx'))).toHaveLength(2);
  });

  it('is not repeated sooner where the registry said something definite', async () => {
    const scene = aScene({
      random: () => 0.5,
      listing: () => ({ outcome: 'over-budget', message: 'too many' }),
    });
    scene.put(polled('a'));
    scene.poller.start();
    await scene.clock.advance(11 * MINUTE);
    expect(times(scene)).toEqual([15_000, 315_000, 615_000]);
    expect(scene.counts.errors).toBe(3);
  });

  it('does not keep the digest from being compared', async () => {
    const scene = aScene({ listing: () => away });
    scene.put(polled('a', 'nginx:1.25.0', { 'headwind.sh/track-digest': 'true' }));
    scene.poller.start();
    await scene.clock.advance(16_000);
    expect(scene.results[0]?.digests.get('1.25.0')).toBe(DIGEST);
  });

  it('because of the digest alone still has the list', async () => {
    const scene = aScene({ digest: { outcome: 'missing', message: 'no such tag' } });
    scene.put(polled('a', 'nginx:1.25.0', { 'headwind.sh/track-digest': 'true' }));
    scene.poller.start();
    await scene.clock.advance(16_000);
    expect(scene.results[0]?.list?.tags).toEqual(['1.25.0', '1.26.0']);
    expect(scene.results[0]?.digestTroubles.get('1.25.0')?.kind).toBe('missing');
  });

  it('because the cluster could not record what it found is tried again', async () => {
    let left = 1;
    const scene = aScene({ random: () => 0, unresolved: () => (left-- > 0 ? 1 : 0) });
    scene.put(polled('a'));
    scene.poller.start();
    await scene.clock.advance(MINUTE);
    expect(times(scene)).toEqual([0, 5000]);
  });

  it('because it is refused has the credentials read anew, and is at most a minute away from the next try', async () => {
    const passwords: Record<string, string> = { a: 'wrong', b: 'wrong' };
    const scene = aScene({
      random: () => 0,
      passwords,
      listing: () =>
        passwords['a'] === 'right' ? COMPLETE : { outcome: 'unavailable', message: '401', denied: true },
    });
    scene.put(polled('a'));
    scene.put(polled('b'));
    scene.poller.start();
    await scene.clock.advance(30 * MINUTE);
    expect(scene.forgotten.slice(0, 2)).toEqual(['a', 'b']);
    const before = scene.lists.length;
    passwords['a'] = 'right';
    await scene.clock.advance(MINUTE);
    expect(scene.lists.slice(before).map(({ as }) => as)).toEqual(expect.arrayContaining(['right']));
    const healthy = scene.results.at(-1);
    expect(
      scene.results.some(({ members, list }) => members[0]?.workload.name === 'a' && list !== undefined),
    ).toBe(true);
    expect(healthy?.listTrouble).toBeUndefined();
  });
});

it('a thousand workloads on a hundred repositories cost a hundred lists each cycle', async () => {
  let seed = 1;
  const scene = aScene({
    random: () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    },
  });
  for (let index = 0; index < 1000; index += 1)
    scene.put(polled(`w${index}`, `team/app-${index % 100}:1.0.0`));
  scene.poller.start();
  await scene.clock.advance(30_000);
  expect(scene.lists).toHaveLength(100);
  expect(new Set(times(scene)).size).toBeGreaterThan(90);
  await scene.clock.advance(5.5 * MINUTE);
  expect(scene.lists).toHaveLength(200);
  expect(scene.counts.artifacts).toBe(2000);
});

describe('polling that is switched off and on', () => {
  it('asks nothing while it is off, and every repository again when it is on', async () => {
    const scene = aScene();
    scene.put(polled('a'));
    scene.poller.start();
    await scene.clock.advance(MINUTE);
    expect(scene.lists).toHaveLength(1);
    scene.poller.pause();
    scene.put(polled('b', 'redis:7.0.0'));
    await scene.clock.advance(30 * MINUTE);
    expect(scene.lists).toHaveLength(1);
    scene.poller.start();
    await scene.clock.advance(MINUTE);
    expect(scene.lists).toHaveLength(3);
    await scene.clock.advance(6 * MINUTE);
    expect(scene.lists).toHaveLength(5);
  });

  it('drops what a poll finds out that was under way', async () => {
    const answer = Promise.withResolvers<TagListing>();
    const scene = aScene({ listing: () => answer.promise });
    scene.put(polled('a'));
    scene.poller.start();
    await scene.clock.advance(MINUTE);
    expect(scene.lists).toHaveLength(1);
    scene.poller.pause();
    answer.resolve(COMPLETE);
    await scene.clock.advance(MINUTE);
    expect(scene.results).toEqual([]);
    expect(scene.counts.errors).toBe(0);
  });

  it('asks sooner when the interval has become shorter, and does not ask at once when it has become longer', async () => {
    let intervalMs = 60 * MINUTE;
    const scene = aScene({ intervalMs: () => intervalMs });
    scene.put(polled('a'));
    scene.put(polled('b', 'redis:7.0.0', { 'headwind.sh/polling-interval': '120m' }));
    scene.poller.start();
    await scene.clock.advance(MINUTE);
    intervalMs = 2 * MINUTE;
    scene.poller.intervalChanged();
    await scene.clock.advance(3 * MINUTE);
    expect(scene.lists).toHaveLength(3);
    intervalMs = 60 * MINUTE;
    scene.poller.intervalChanged();
    await scene.clock.advance(1);
    expect(scene.lists).toHaveLength(3);
  });
});
