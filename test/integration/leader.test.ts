import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { startControlPlane } from '../parts/control-plane.ts';
import { eventually } from '../parts/eventually.ts';
import { startGateProxy } from '../parts/gate-proxy.ts';
import type { Program } from '../parts/program.ts';
import {
  decideAt,
  deploymentsOf,
  kubeconfigVia,
  leads,
  startReplica,
  tellReplica,
  untilLeading,
} from '../parts/replicas.ts';
import { bugsIn, knownTo, requestsFor, theRequestFor } from '../parts/workload-views.ts';
import { metricOf, openWorld, workloadOf, type World } from '../parts/world.ts';

/** With the times that are the default: 11 s without a sign of life, of which the last is seen within 1 s. */
const TAKEOVER_SECONDS = 15;
const HANDOVER_SECONDS = 3;
const SHORT = {
  HEADWIND_LEASE_DURATION: '4',
  HEADWIND_LEASE_RENEW_DEADLINE: '3',
  HEADWIND_LEASE_RETRY_PERIOD: '1',
};

async function createDeployment(world: World, name: string, annotations = {}): Promise<void> {
  const images = { app: `registry.test/${name}:1.0.0` };
  await world.create('deployments', workloadOf('Deployment', { name, images, annotations }));
}

function says(program: Program, message: string): boolean {
  return program.logs().some(({ fields }) => fields.message === message);
}

describe('of two replicas', () => {
  let world: World;
  let leader: Program;
  let follower: Program;

  beforeAll(async () => {
    world = await openWorld(inject('controlPlane'), {
      narrow: true,
      notifies: false,
      env: { HEADWIND_LEADER_ELECTION: 'true', HEADWIND_VERIFY_IMAGES: 'never' },
    });
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    leader = world.headwind();
    await untilLeading(leader);
    follower = await startReplica(world);
  });
  afterEach(async () => {
    await follower.stop();
    await world.restart();
  });

  const push = (program: Program, name: string): ReturnType<typeof tellReplica> =>
    tellReplica(program, `registry.test/${name}`, '1.1.0');
  const eventsOf = async (request: string, reason: string): Promise<number> => {
    const query = `fieldSelector=involvedObject.name=${request},reason=${reason}`;
    const list = await world.api.expectOk('GET', `/api/v1/namespaces/${world.namespace}/events?${query}`);
    const { items } = z.object({ items: z.array(z.object({ count: z.number().nullish() })) }).parse(list);
    return items.reduce((sum, { count }) => sum + (count ?? 1), 0);
  };

  it('one leads, both are ready and answer, and an approval is applied by the leader and answered where it was given', async () => {
    expect([await leads(leader), await leads(follower)]).toEqual([true, false]);
    const names = ['at-leader', 'at-follower'];
    for (const name of names) await createDeployment(world, name);
    await knownTo(world, ...names);

    for (const [program, name] of [
      [leader, 'at-leader'],
      [follower, 'at-follower'],
    ] as const) {
      expect(await push(program, name)).toMatchObject({ status: 200, body: { created: 1 } });
      const { metadata } = await theRequestFor(world, name);
      await eventually(
        async () =>
          (await fetch(`${program.urls.api}/api/v1/updates/${world.namespace}/${metadata.name}`)).ok,
        { what: 'it is known there' },
      );
      expect(await decideAt(program, world, 'approve', metadata.name)).toMatchObject({
        status: 200,
        body: { status: { phase: 'Completed', approvedBy: 'alice' } },
      });
    }
    const changed = (await deploymentsOf(world)).map(({ image, changes }) => ({ image, changes }));
    expect(changed).toEqual(
      ['at-follower', 'at-leader'].map((name) => ({ image: `registry.test/${name}:1.1.0`, changes: 1 })),
    );
    expect(says(follower, 'another replica leads')).toBe(true);
    const ready = await fetch(`${follower.urls.metrics}/readyz`);
    expect([ready.status, await leads(follower)]).toEqual([200, false]);
    expect(bugsIn(world)).toEqual([]);
  });

  it('an approval that has to wait is answered with what the leader says it waits for', async () => {
    await createDeployment(world, 'paused', { paused: 'true' });
    await knownTo(world, 'paused');
    const body = {
      apiVersion: 'headwind.sh/v1alpha1',
      kind: 'UpdateRequest',
      metadata: { name: 'paused-1' },
      spec: {
        targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'paused', namespace: world.namespace },
        updateType: 'image',
        containerName: 'app',
        currentImage: 'registry.test/paused:1.0.0',
        newImage: 'registry.test/paused:1.1.0',
        policy: 'minor',
      },
    };
    const path = `/apis/headwind.sh/v1alpha1/namespaces/${world.namespace}/updaterequests`;
    await world.api.expectOk('POST', path, body);
    const answer = await decideAt(follower, world, 'approve', 'paused-1');
    expect(answer).toMatchObject({ status: 202, body: { status: { phase: 'Approved' } } });
    await world.api.expectOk('DELETE', `${path}/paused-1`);
  });

  it('each transition is told once, whoever wrote it: a replica, or somebody past both', async () => {
    const sum = async (name: string): Promise<number> =>
      (await metricOf(leader, name)) + (await metricOf(follower, name));
    const names = ['told-a', 'told-b', 'told-c'];
    for (const name of names) await createDeployment(world, name);
    await knownTo(world, ...names);
    const before = {
      approved: await sum('headwind_updates_approved_total'),
      applied: await sum('headwind_updates_applied_total'),
      rejected: await sum('headwind_updates_rejected_total'),
    };
    for (const name of names) await push(follower, name);
    const [a, b, c] = await Promise.all(names.map(async (name) => theRequestFor(world, name)));
    await decideAt(follower, world, 'approve', a?.metadata.name ?? '');
    const byHand = async (name: string, status: object): Promise<void> => {
      const path = `/apis/headwind.sh/v1alpha1/namespaces/${world.namespace}/updaterequests/${name}/status`;
      await world.api.expectOk('PATCH', path, { status }, 'application/merge-patch+json');
    };
    await byHand(b?.metadata.name ?? '', { phase: 'Approved', approvedBy: 'bob' });
    await byHand(c?.metadata.name ?? '', { phase: 'Rejected', rejectedBy: 'bob' });
    await theRequestFor(world, 'told-b', { phase: 'Completed' });
    await eventually(async () => (await sum('headwind_updates_rejected_total')) > before.rejected, {
      what: 'the rejection is told',
    });
    await eventually(async () => (await eventsOf(c?.metadata.name ?? '', 'UpdateRejected')) > 0, {
      what: 'its Event is there',
    });
    expect({
      approved: await sum('headwind_updates_approved_total'),
      applied: await sum('headwind_updates_applied_total'),
      rejected: await sum('headwind_updates_rejected_total'),
    }).toEqual({ approved: before.approved + 2, applied: before.applied + 2, rejected: before.rejected + 1 });
    for (const [request, reason] of [
      [a, 'UpdateApproved'],
      [a, 'UpdateApplied'],
      [b, 'UpdateApproved'],
      [b, 'UpdateApplied'],
      [c, 'UpdateRejected'],
    ] as const)
      await eventually(async () => (await eventsOf(request?.metadata.name ?? '', reason)) === 1, {
        what: `one Event ${reason}`,
      });
  });

  it('the other takes over within seconds when the leader is asked to end', async () => {
    leader.kill('SIGTERM');
    expect(await untilLeading(follower)).toBeLessThanOrEqual(HANDOVER_SECONDS);
    expect(await leader.exited).toEqual({ code: 0, signal: null });
    expect(says(leader, 'the Lease is given back')).toBe(true);
    await createDeployment(world, 'after-term', { 'require-approval': 'false' });
    await eventually(async () => (await push(follower, 'after-term')).status === 200, { what: 'it is told' });
    await eventually(
      async () => {
        await push(follower, 'after-term');
        return requestsFor(await world.requests(), 'after-term')[0]?.status.phase === 'Completed';
      },
      { what: 'the new leader applies', everyMs: 250 },
    );
  });

  it('the other takes over when the leader is killed, and goes on with what it finds', async () => {
    await createDeployment(world, 'after-kill');
    await knownTo(world, 'after-kill');
    await push(leader, 'after-kill');
    const { metadata } = await theRequestFor(world, 'after-kill');
    leader.kill('SIGKILL');
    await leader.exited;
    const takeover = untilLeading(follower);
    // Nobody leads yet: it is approved all the same, and said so.
    const approval = decideAt(follower, world, 'approve', metadata.name);
    expect(await takeover).toBeLessThanOrEqual(TAKEOVER_SECONDS);
    expect((await approval).status).toBe(202);
    await theRequestFor(world, 'after-kill', { phase: 'Completed' });
  });
});

describe('a leader that was stopped in the middle of its work', () => {
  it('applies nothing when it wakes up after another has taken over', async () => {
    const facts = inject('controlPlane');
    const world = await openWorld(facts, {
      narrow: true,
      notifies: false,
      env: {
        HEADWIND_LEADER_ELECTION: 'true',
        HEADWIND_VERIFY_IMAGES: 'never',
        ...SHORT,
      },
    });
    const proxy = await startGateProxy(facts);
    const sleeper = await startReplica(world, {
      KUBECONFIG: await kubeconfigVia(world, proxy.url, 'sleeper'),
    });
    try {
      await world.headwind().stop();
      await untilLeading(sleeper);
      await createDeployment(world, 'fight');
      const watcher = await world.restart();
      await knownTo(world, 'fight');
      await tellReplica(watcher, 'registry.test/fight', '1.1.0');
      const { metadata } = await theRequestFor(world, 'fight');

      // It reads the workload in order to patch it: there it stops.
      const reading = proxy.hold(
        ({ method, path }) => method === 'GET' && path.endsWith('/deployments/fight'),
      );
      const approval = decideAt(sleeper, world, 'approve', metadata.name).catch(() => undefined);
      await reading.reached;
      sleeper.kill('SIGSTOP');
      await annotate(world, 'fight', { 'headwind.sh/paused': 'true' });
      await untilLeading(watcher);
      // What was approved is not wanted any more, and nothing of it is left to be seen on the workload.
      await world.api.expectOk('DELETE', requestPath(world, metadata.name));
      await annotate(world, 'fight', { 'headwind.sh/paused': null });
      let patches = 0;
      proxy.hold(({ method, path }) => {
        if (method === 'PATCH' && path.includes('/deployments/')) patches += 1;
        return false;
      });
      reading.release();
      sleeper.kill('SIGCONT');
      await eventually(() => says(sleeper, 'another replica leads'), {
        what: 'it sees that it leads no more',
      });
      await approval;

      expect(patches).toBe(0);
      expect(await world.images('deployments', 'fight')).toEqual({ app: 'registry.test/fight:1.0.0' });
      expect([await leads(sleeper), await leads(watcher)]).toEqual([false, true]);
    } finally {
      sleeper.kill('SIGCONT');
      await sleeper.stop();
      await proxy.close();
      await world.close();
    }
  });
});

function requestPath(world: World, name: string): string {
  return `/apis/headwind.sh/v1alpha1/namespaces/${world.namespace}/updaterequests/${name}`;
}

async function annotate(
  world: World,
  name: string,
  annotations: Readonly<Record<string, string | null>>,
): Promise<void> {
  const path = `/apis/apps/v1/namespaces/${world.namespace}/deployments/${name}`;
  await world.api.expectOk('PATCH', path, { metadata: { annotations } }, 'application/merge-patch+json');
}

describe('while the API server is away for longer than a leader waits', () => {
  it('nobody leads, and afterwards one does again and goes on', async () => {
    // One of its own: the shared one is not ours to stop.
    const controlPlane = await startControlPlane();
    const world = await openWorld(controlPlane, {
      notifies: false,
      env: { HEADWIND_LEADER_ELECTION: 'true', HEADWIND_VERIFY_IMAGES: 'never', ...SHORT },
    });
    const other = await startReplica(world);
    try {
      const both = [world.headwind(), other];
      const leading = async (): Promise<number> =>
        (await Promise.all(both.map(leads))).filter((one) => one).length;
      await untilLeading(world.headwind());
      await createDeployment(world, 'outage');
      await knownTo(world, 'outage');
      await tellReplica(other, 'registry.test/outage', '1.1.0');
      const { metadata } = await theRequestFor(world, 'outage');

      await controlPlane.stopApiServer();
      await eventually(async () => (await leading()) === 0, { what: 'nobody leads', timeoutMs: 15_000 });
      expect(says(world.headwind(), 'this replica leads no more')).toBe(true);
      const live = await fetch(`${world.headwind().urls.metrics}/livez`);
      expect(live.status).toBe(200);

      await controlPlane.startApiServer();
      await eventually(async () => (await leading()) === 1, { what: 'one leads again', timeoutMs: 30_000 });
      await eventually(async () => (await decideAt(other, world, 'approve', metadata.name)).status !== 503, {
        what: 'it can be approved',
        everyMs: 250,
      });
      await theRequestFor(world, 'outage', { phase: 'Completed' });
      expect((await deploymentsOf(world)).map(({ changes }) => changes)).toEqual([1]);
      expect(bugsIn(world)).toEqual([]);
    } finally {
      await other.stop();
      await world.close();
      await controlPlane.stop();
    }
  }, 120_000);
});
