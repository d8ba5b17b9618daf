import { afterEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { createRecordingLog, type RecordingLog } from '../telemetry/recording-log.ts';
import { KubernetesError } from './errors.ts';
import { metadataOf } from './object-metadata.ts';
import { createOptionalWatch, type OptionalWatch, type OptionalWatchOptions } from './optional-watch.ts';

const RESOURCE = { group: 'example.com', versions: ['v1', 'v1beta1'], plural: 'things' };
const refused = (status: number): KubernetesError =>
  new KubernetesError({
    status,
    message: `GET was refused with ${status}: User "headwind" cannot list things`,
  });

interface Cluster {
  /** The versions that are served, or why that is not told. */
  served: readonly string[] | KubernetesError;
  /** What a list is answered with, where it is no list. */
  listing: KubernetesError | undefined;
  /** Until then a watch stays open. */
  readonly open?: Promise<void>;
}

const started: OptionalWatch[] = [];
afterEach(async () => {
  for (const watch of started.splice(0)) await watch.stop();
});

function follow(cluster: Cluster): {
  readonly watch: OptionalWatch;
  readonly clock: FakeClock;
  readonly changes: string[];
  readonly isSynced: () => boolean;
  readonly log: RecordingLog;
} {
  const clock = new FakeClock();
  const changes: string[] = [];
  const log = createRecordingLog();
  const client: OptionalWatchOptions<string>['client'] = {
    async request({ path }) {
      if (cluster.served instanceof KubernetesError) throw cluster.served;
      if (cluster.served.length === 0) throw refused(404);
      return path.endsWith('example.com')
        ? { versions: cluster.served.map((version) => ({ version })) }
        : { resources: [{ name: 'things', verbs: ['list', 'watch'] }] };
    },
    async list({ path }, onItem) {
      if (cluster.listing !== undefined) throw cluster.listing;
      onItem({ metadata: { name: path.split('/')[3], namespace: 'shop', uid: 'u', resourceVersion: '1' } });
      return { metadata: { resourceVersion: '1' } };
    },
    async stream() {
      await cluster.open;
      if (cluster.listing !== undefined) throw cluster.listing;
      throw refused(500);
    },
  };
  const watch = createOptionalWatch<string>({
    client,
    resource: RESOURCE,
    scopes: [undefined],
    project: (object) => metadataOf(object)?.name,
    onChange: ({ type, item }) => changes.push(`${type} ${item}`),
    clock,
    random: () => 0.5,
    log: log.target('watch'),
  });
  started.push(watch);
  let synced = false;
  watch.synced.then(
    () => {
      synced = true;
    },
    () => undefined,
  );
  watch.start();
  return { watch, clock, changes, log, isSynced: () => synced };
}

describe('a resource that may be missing', () => {
  it('is followed in the best version that is served', async () => {
    const { watch, clock, changes, isSynced } = follow({ served: ['v1beta1', 'v1'], listing: undefined });
    await clock.advance(100);
    expect([watch.servedVersion(), changes, isSynced()]).toEqual(['v1', ['upsert v1'], true]);
  });

  it('holds nobody up who may not read it', async () => {
    const { clock, isSynced } = follow({ served: ['v1'], listing: refused(403) });
    await clock.advance(100);
    expect(isSynced()).toBe(true);
  });

  it('holds nobody up who may not even ask for it', async () => {
    const { clock, isSynced } = follow({ served: refused(403), listing: undefined });
    await clock.advance(100);
    expect(isSynced()).toBe(true);
  });

  it('is waited for while the API server does not say whether it is there', async () => {
    const cluster: Cluster = { served: refused(503), listing: undefined };
    const { clock, isSynced, changes } = follow(cluster);
    await clock.advance(10_000);
    expect(isSynced()).toBe(false);
    cluster.served = ['v1'];
    await clock.advance(30_000);
    expect([isSynced(), changes]).toEqual([true, ['upsert v1']]);
  });

  it('is not given up for a 404 while it is still served', async () => {
    const cluster: Cluster = { served: ['v1'], listing: undefined };
    const { clock, watch, changes } = follow(cluster);
    await clock.advance(100);
    cluster.listing = refused(404);
    await clock.advance(60_000);
    expect([watch.servedVersion(), changes]).toEqual(['v1', ['upsert v1']]);
  });

  it('is followed in another version when the one that was followed is served no longer', async () => {
    const cluster: Cluster = { served: ['v1beta1'], listing: undefined };
    const { clock, watch, changes } = follow(cluster);
    await clock.advance(100);
    cluster.listing = refused(404);
    cluster.served = ['v1'];
    await clock.advance(30_000);
    cluster.listing = undefined;
    await clock.advance(60_000);
    expect(watch.servedVersion()).toBe('v1');
    expect(changes).toEqual(['upsert v1beta1', 'remove v1beta1', 'upsert v1']);
  });

  it('is let go without a warning when it is served no longer', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cluster: Cluster = { served: ['v1'], listing: undefined, open: promise };
    const { clock, watch, changes, log } = follow(cluster);
    await clock.advance(100);
    cluster.listing = refused(404);
    cluster.served = [];
    resolve();
    await clock.advance(120_000);
    expect([watch.servedVersion(), changes]).toEqual([undefined, ['upsert v1', 'remove v1']]);
    expect(log.entries.filter(({ level }) => level === 'warn')).toEqual([]);
    expect(log.entries.at(-1)?.message).toBe('the cluster serves it no longer');
  });

  it('ends whenever it is told to, waiting or following', async () => {
    for (const served of [[], ['v1']]) {
      const { watch, clock } = follow({ served, listing: undefined });
      await clock.advance(100);
      await watch.stop();
      expect(clock.pending).toBe(0);
    }
  });
});
