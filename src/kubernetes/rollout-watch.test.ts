import { afterEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import type { ApiCall } from './api-call.ts';
import { createRolloutWatches, type RolloutWatches, type Sight } from './rollout-watch.ts';

const TEMPLATE = { metadata: { labels: { app: 'web' } }, spec: {} };
const owner = (uid: string): object => ({ ownerReferences: [{ uid, controller: true }] });

interface Cluster {
  readonly watches: RolloutWatches;
  readonly clock: FakeClock;
  /** `<path> <field or label selector>` of each list. */
  readonly lists: string[];
  /** Watches that are open. */
  readonly open: Set<string>;
  /** Ends all watches with an error. */
  breakWatches(): void;
  readonly counts: string[];
}

const running: RolloutWatches[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((watches) => watches.stop()));
});

/** An API server with StatefulSets of one ready pod each, whatever they are called; `gone` is not there. */
function aCluster(maxFollowed?: number): Cluster {
  const lists: string[] = [];
  const open = new Set<string>();
  const counts: string[] = [];
  const clock = new FakeClock();
  let broken = Promise.withResolvers<never>();
  const named = ({ query }: ApiCall): string =>
    String(query?.['fieldSelector'] ?? query?.['labelSelector'] ?? '').replace(/^.*=/, '');
  const objects = (call: ApiCall): readonly unknown[] => {
    const name = named(call);
    if (call.path.endsWith('/pods'))
      return [
        {
          metadata: {
            namespace: 'shop',
            name: `${name}-0`,
            uid: `uid-of-${name}-0`,
            resourceVersion: '5',
            labels: { 'controller-revision-hash': `${name}-1` },
            ...owner(`uid-of-${name}`),
          },
          status: { conditions: [{ type: 'Ready', status: 'True' }] },
        },
      ];
    if (name === 'gone') return [];
    return [
      {
        metadata: { namespace: 'shop', name, uid: `uid-of-${name}`, resourceVersion: '5', generation: 1 },
        spec: { replicas: 1, selector: { matchLabels: { app: name } }, template: TEMPLATE },
        status: { observedGeneration: 1, updateRevision: `${name}-1`, readyReplicas: 1 },
      },
    ];
  };
  async function* untilCut(key: string, signal: AbortSignal | undefined): AsyncGenerator<string> {
    open.add(key);
    try {
      const ended = new Promise<never>((_, reject) => {
        signal?.addEventListener('abort', () => reject(new Error('stopped')), { once: true });
      });
      yield await Promise.race([ended, broken.promise]);
    } finally {
      open.delete(key);
    }
  }
  broken.promise.catch(() => undefined);
  const watches = createRolloutWatches({
    clock,
    random: () => 0.5,
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    onEvent: () => undefined,
    onCount: (followed, inLine) => counts.push(`${followed} ${inLine}`),
    ...(maxFollowed === undefined ? {} : { maxFollowed }),
    client: {
      request: (call) => Promise.resolve({ items: objects(call) }),
      list: (call, onItem) => {
        lists.push(`${call.path} ${named(call)}`);
        for (const object of objects(call)) onItem(object);
        return Promise.resolve({ metadata: { resourceVersion: '9' } });
      },
      stream: (call) => Promise.resolve(untilCut(`${call.path} ${named(call)}`, call.signal)),
    },
  });
  running.push(watches);
  return {
    watches,
    clock,
    lists,
    open,
    counts,
    breakWatches() {
      const before = broken;
      broken = Promise.withResolvers<never>();
      broken.promise.catch(() => undefined);
      before.reject(new Error('the connection was reset'));
    },
  };
}

const target = (name: string): Parameters<RolloutWatches['follow']>[0] => ({
  kind: 'StatefulSet',
  apiVersion: 'apps/v1',
  namespace: 'shop',
  name,
});

/** Looks until something is seen, as whoever is told of changes does. */
async function seen(cluster: Cluster, watch: { look(): Promise<Sight> }): Promise<Sight> {
  for (let turn = 0; turn < 20; turn += 1) {
    const sight = await watch.look();
    if (sight.kind === 'seen' || sight.kind === 'absent') return sight;
    await cluster.clock.advance(0);
  }
  return watch.look();
}

describe('following a rollout', () => {
  it('shows the workload and the pods of its new revision', async () => {
    const cluster = aCluster();
    const watch = cluster.watches.follow(target('web'), () => undefined);
    expect(await seen(cluster, watch)).toMatchObject({
      kind: 'seen',
      rollout: { type: 'pods', observed: true, revision: 'web-1', pods: [{ name: 'web-0', ready: true }] },
    });
    expect(cluster.lists).toEqual([
      '/apis/apps/v1/namespaces/shop/statefulsets web',
      '/api/v1/namespaces/shop/pods web',
    ]);
  });

  it('tells when there is something new to see', async () => {
    const cluster = aCluster();
    let told = 0;
    const watch = cluster.watches.follow(target('web'), () => (told += 1));
    await seen(cluster, watch);
    expect(told).toBeGreaterThan(0);
  });

  it('says when there is none', async () => {
    const cluster = aCluster();
    expect(
      await seen(
        cluster,
        cluster.watches.follow(target('gone'), () => undefined),
      ),
    ).toEqual({ kind: 'absent' });
  });

  it('says nothing while a watch is interrupted: what was known may be old', async () => {
    const cluster = aCluster();
    const watch = cluster.watches.follow(target('web'), () => undefined);
    await seen(cluster, watch);
    cluster.breakWatches();
    await cluster.clock.advance(0);
    expect(await watch.look()).toEqual({ kind: 'unknown' });
    await cluster.clock.advance(10_000);
    expect(await seen(cluster, watch)).toMatchObject({ kind: 'seen' });
  });

  it('ends with the last who wants to know', async () => {
    const cluster = aCluster();
    const [a, b] = [1, 2].map(() => cluster.watches.follow(target('web'), () => undefined));
    if (a === undefined || b === undefined) throw new Error('two follow it');
    await seen(cluster, a);
    await cluster.clock.advance(0);
    expect(cluster.open.size).toBe(2);
    a.release();
    await cluster.clock.advance(0);
    expect(cluster.open.size).toBe(2);
    b.release();
    await cluster.clock.advance(0);
    expect([cluster.open.size, cluster.counts.at(-1)]).toEqual([0, '0 0']);
  });

  it('Invariant 10: is for some at a time; further ones wait for their turn', async () => {
    const cluster = aCluster(2);
    const [a, b, c] = ['a', 'b', 'c'].map((name) => cluster.watches.follow(target(name), () => undefined));
    if (a === undefined || b === undefined || c === undefined) throw new Error('three are followed');
    await seen(cluster, b);
    expect([await c.look(), cluster.counts.at(-1)]).toEqual([{ kind: 'in-line' }, '2 1']);
    a.release();
    expect(await seen(cluster, c)).toMatchObject({ kind: 'seen' });
    expect(cluster.counts.at(-1)).toBe('2 0');
  });
});
