import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { accessControlPlane, type ControlPlaneFacts } from '../parts/control-plane-access.ts';
import { eventually } from '../parts/eventually.ts';
import { installFluxCrds } from '../parts/flux-crds.ts';
import { startFaultProxy, type FaultProxy } from '../parts/fault-proxy.ts';
import { openWorld, requestsWhen, workloadOf, type World } from '../parts/world.ts';
import { bugsIn, knownTo, requestsFor, tell, theRequestFor, workloadViews } from '../parts/workload-views.ts';

const RECOVERY_MS = 10_000;
/** The watchdog's 120 s, and some for following again. */
const HALF_OPEN_MS = 150_000;
/**
 * Deployments, StatefulSets, DaemonSets and UpdateRequests; HelmReleases, HelmRepositories and OCIRepositories; of the
 * settings two ConfigMaps and a Secret.
 */
const WATCHES = 10;

interface Row {
  readonly fault: string;
  inject(proxy: FaultProxy): void;
  /** Resolves when the fault has lasted as long as it shall, and is over. */
  lift?(proxy: FaultProxy): Promise<void>;
  /** How many lists and watches all of them together may begin, from the fault until all is known again. */
  readonly lists: number;
  readonly watches: number;
}

async function lasting(seconds: number): Promise<void> {
  const endMs = performance.now() + seconds * 1000;
  await eventually(() => performance.now() >= endMs, {
    what: `${seconds} seconds are over`,
    timeoutMs: seconds * 2000,
  });
}

const ROWS: readonly Row[] = [
  {
    fault: '1 the server ends the watches',
    inject: (proxy) => proxy.endWatches(),
    lists: 0,
    watches: 2 * WATCHES,
  },
  {
    fault: '2 the TCP connections are destroyed',
    inject: (proxy) => proxy.destroyWatches(),
    lists: 0,
    watches: 2 * WATCHES,
  },
  {
    fault: '3 the watches answer 410 for three seconds',
    inject(proxy) {
      proxy.setWatchFault({ kind: 'gone' });
      proxy.endWatches();
    },
    async lift(proxy) {
      await lasting(3);
      proxy.setWatchFault(undefined);
    },
    lists: 7 * WATCHES,
    watches: 8 * WATCHES,
  },
  {
    fault: '4 the watches answer 500 for five seconds',
    inject(proxy) {
      proxy.setWatchFault({ kind: 'status', status: 500 });
      proxy.endWatches();
    },
    async lift(proxy) {
      await lasting(5);
      proxy.setWatchFault(undefined);
    },
    lists: 0,
    watches: 8 * WATCHES,
  },
  {
    fault: '5 the watches answer 429 with Retry-After: 2, for five seconds',
    inject(proxy) {
      proxy.setWatchFault({ kind: 'status', status: 429, retryAfterSeconds: 2 });
      proxy.endWatches();
    },
    async lift(proxy) {
      await lasting(5);
      proxy.setWatchFault(undefined);
    },
    lists: 0,
    watches: 4 * WATCHES,
  },
  {
    fault: '6 lists and watches answer 500 for three seconds, and the position is lost meanwhile',
    inject(proxy) {
      proxy.setListFault({ kind: 'status', status: 500 });
      proxy.setWatchFault({ kind: 'gone' });
      proxy.endWatches();
    },
    async lift(proxy) {
      await lasting(3);
      proxy.setListFault(undefined);
      proxy.setWatchFault(undefined);
    },
    lists: 7 * WATCHES,
    watches: 4 * WATCHES,
  },
  {
    fault: '8 a line is malformed',
    inject: (proxy) => proxy.injectLine('{"type":"ADDED","object":{"metad'),
    lists: WATCHES,
    watches: 2 * WATCHES,
  },
  {
    fault: '9 every connection of a list or watch is destroyed for three seconds',
    inject(proxy) {
      proxy.setListFault({ kind: 'destroy' });
      proxy.setWatchFault({ kind: 'destroy' });
      proxy.destroyWatches();
    },
    async lift(proxy) {
      await lasting(3);
      proxy.setListFault(undefined);
      proxy.setWatchFault(undefined);
    },
    lists: 0,
    watches: 8 * WATCHES,
  },
];

interface Scene {
  readonly proxy: FaultProxy;
  readonly world: World;
  close(): Promise<void>;
}

/** A world whose Headwind reaches the API server through a proxy that can fail. */
async function openScene(facts: ControlPlaneFacts): Promise<Scene> {
  const proxy = await startFaultProxy({ target: { server: new URL(facts.url), ca: facts.ca } });
  const world = await openWorld(facts, { apiUrl: proxy.url, narrow: true });
  return {
    proxy,
    world,
    async close() {
      await world.close();
      await proxy.close();
    },
  };
}

async function createDeployment(world: World, name: string): Promise<void> {
  const images = { app: `${world.registry.host}/${name}:1.0.0` };
  await world.create('deployments', workloadOf('Deployment', { name, images }));
}

async function removeDeployment(world: World, name: string): Promise<void> {
  await world.api.expectOk('DELETE', `/apis/apps/v1/namespaces/${world.namespace}/deployments/${name}`);
}

/** As a person with kubectl would: past Headwind, in the status. */
async function approveByKubectl(world: World, request: string): Promise<void> {
  const path = `/apis/headwind.sh/v1alpha1/namespaces/${world.namespace}/updaterequests/${request}/status`;
  const status = { phase: 'Approved', approvedBy: 'dana' };
  await world.api.expectOk('PATCH', path, { status }, 'application/merge-patch+json');
}

interface Cast {
  readonly created: string;
  readonly deleted: string;
  readonly approved: string;
  /** The name of the pending request for `approved`. */
  readonly request: string;
}

/** Workloads that will go, and that will be approved, during the fault named `suffix`. */
async function castFor(world: World, suffix: string): Promise<Cast> {
  const [created, deleted, approved] = [`created-${suffix}`, `deleted-${suffix}`, `approved-${suffix}`];
  await createDeployment(world, deleted);
  await createDeployment(world, approved);
  await knownTo(world, deleted, approved);
  await world.registry.pushImage({ repository: approved, tag: '1.1.0' });
  const { metadata } = await theRequestFor(world, approved);
  return { created, deleted, approved, request: metadata.name };
}

/** What happens while Headwind cannot see it. */
async function actUnseen(world: World, cast: Cast): Promise<void> {
  await createDeployment(world, cast.created);
  await removeDeployment(world, cast.deleted);
  await approveByKubectl(world, cast.request);
}

/** Waits until Headwind has seen all that happened, and has acted on the approval. */
async function seesAll(world: World, cast: Cast, timeoutMs: number): Promise<void> {
  const image = `${world.registry.host}/${cast.approved}:1.1.0`;
  await eventually(
    async () => {
      const names = (await workloadViews(world)).map(({ name }) => name);
      if (!names.includes(cast.created)) throw new Error(`${cast.created} has not been seen`);
      if (names.includes(cast.deleted)) throw new Error(`${cast.deleted} is still there`);
      const running = (await world.images('deployments', cast.approved))['app'];
      if (running !== image) throw new Error(`${cast.approved} runs ${running}`);
      return true;
    },
    { what: 'what happened during the fault is seen', timeoutMs, everyMs: 50 },
  );
}

/** Always the same image: another one under the same tag would be another update, with a request of its own. */
async function pushTo(world: World, repository: string): Promise<void> {
  await world.registry.pushImage({ repository, tag: '1.1.0', content: 'the same' });
}

/** A push for the workload that nobody saw coming, and one after it for good measure. */
async function followsAsBefore({ world, proxy }: Scene, cast: Cast): Promise<void> {
  await pushTo(world, cast.created);
  const request = await theRequestFor(world, cast.created, { phase: 'Pending' });
  expect(request.spec.newImage).toBe(`${world.registry.host}/${cast.created}:1.1.0`);
  await theRequestFor(world, cast.approved, { phase: 'Completed' });
  await eventually(() => proxy.openWatches === WATCHES, { what: 'each resource is watched once' });
}

describe('through each fault of its watches Headwind follows by itself, misses nothing and does not storm', () => {
  let scene: Scene;
  /** Lasts two minutes: it begins first and is looked at last. */
  let halfOpenScene: Scene;
  let halfOpen: ReturnType<typeof recoverFromHalfOpen>;

  beforeAll(async () => {
    const facts = inject('controlPlane');
    await installFluxCrds(accessControlPlane(facts));
    scene = await openScene(facts);
    halfOpenScene = await openScene(facts);
    halfOpen = recoverFromHalfOpen(halfOpenScene);
    halfOpen.catch(() => undefined);
  });
  afterAll(async () => {
    await scene.close();
    await halfOpenScene.close();
  });

  it.each(ROWS.map((row) => ({ fault: row.fault, row })))('$fault', async ({ row }) => {
    const { world, proxy } = scene;
    const cast = await castFor(world, String(ROWS.indexOf(row)));
    await eventually(() => proxy.openWatches === WATCHES, { what: 'all is watched' });
    const { lists, watches } = proxy.counts;

    row.inject(proxy);
    await actUnseen(world, cast);
    await row.lift?.(proxy);
    await seesAll(world, cast, RECOVERY_MS);
    await eventually(() => proxy.openWatches === WATCHES, { what: 'all is watched again' });

    expect(proxy.counts.lists - lists, 'lists').toBeLessThanOrEqual(row.lists);
    expect(proxy.counts.watches - watches, 'watches').toBeLessThanOrEqual(row.watches);
    await followsAsBefore(scene, cast);
  });

  it('10 the first list answers 500: it is not ready, keeps what it is sent, and begins when it can', async () => {
    const { world, proxy } = scene;
    const cast = await castFor(world, 'first');
    const before = proxy.counts.lists;
    proxy.setListFault({ kind: 'status', status: 500 });
    const restarted = world.restart();
    await eventually(() => proxy.counts.lists >= before + 3 * WATCHES, {
      what: 'each list was refused three times',
      timeoutMs: 20_000,
    });
    const ready = await fetch(`${world.headwind().urls.metrics}/readyz`);
    expect(ready.status).toBe(503);
    await actUnseen(world, cast);
    const pushed = tell(world, `${world.registry.host}/${cast.created}`, '1.1.0');
    await pushTo(world, cast.created);

    proxy.setListFault(undefined);
    await restarted;
    await seesAll(world, cast, RECOVERY_MS);
    expect((await pushed).status).toBe(200);
    expect(proxy.counts.lists - before).toBeLessThanOrEqual(8 * WATCHES);
    await followsAsBefore(scene, cast);
  });

  it('7 half-open, not a byte more and no end: within its watchdog of two minutes', async () => {
    const { cast, lists, watches } = await halfOpen;
    expect(lists, 'lists').toBe(0);
    expect(watches, 'watches').toBeLessThanOrEqual(2 * WATCHES);
    await followsAsBefore(halfOpenScene, cast);
  });

  it('nothing of this was a bug in its log, and nothing ended it', () => {
    expect([...bugsIn(scene.world), ...bugsIn(halfOpenScene.world)]).toEqual([]);
  });

  it('of all the workloads each has its one request', async () => {
    const { world } = scene;
    const requests = await requestsWhen(world, 'requests', ({ length }) => length > 0);
    const names = (await workloadViews(world)).map(({ name }) => name);
    expect(names.map((name) => [name, requestsFor(requests, name).length])).toEqual(
      names.map((name) => [name, 1]),
    );
  });
});

/** Makes a scene half-open and answers, once it has recovered, what that has cost. */
async function recoverFromHalfOpen({
  world,
  proxy,
}: Scene): Promise<{ readonly cast: Cast; readonly lists: number; readonly watches: number }> {
  const cast = await castFor(world, 'half-open');
  await eventually(() => proxy.openWatches === WATCHES, { what: 'all is watched' });
  const { lists, watches } = proxy.counts;
  proxy.silenceWatches();
  await actUnseen(world, cast);
  await seesAll(world, cast, HALF_OPEN_MS);
  return { cast, lists: proxy.counts.lists - lists, watches: proxy.counts.watches - watches };
}
