import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startControlPlane, type ControlPlane } from '../parts/control-plane.ts';
import { eventually } from '../parts/eventually.ts';
import { metricOf, openWorld, requestsWhen, workloadOf, type World } from '../parts/world.ts';
import {
  bugsIn,
  decide,
  knownTo,
  requestsFor,
  tell,
  theRequestFor,
  type Answer,
} from '../parts/workload-views.ts';

const RECOVERY_MS = 10_000;
const REFUSED = 'headwind_webhook_requests_total{sender="distribution",outcome="not-durable"}';

async function createDeployment(world: World, name: string): Promise<void> {
  const images = { app: `${world.registry.host}/${name}:1.0.0` };
  await world.create('deployments', workloadOf('Deployment', { name, images }));
}

describe('while the Kubernetes API server is down nothing is acknowledged that is not durable, and nothing is lost', () => {
  // One of its own: the shared one is not ours to kill.
  let controlPlane: ControlPlane;
  let world: World;

  beforeAll(async () => {
    controlPlane = await startControlPlane();
    world = await openWorld(controlPlane);
  });
  afterAll(async () => {
    await world.close();
    await controlPlane.stop();
  });

  /** A Deployment with a pending request; answers the request's name. */
  async function pendingRequest(name: string): Promise<string> {
    await createDeployment(world, name);
    await knownTo(world, name);
    await world.registry.pushImage({ repository: name, tag: '1.1.0' });
    return (await theRequestFor(world, name)).metadata.name;
  }

  function expectUnavailable({ status, headers, body }: Answer): void {
    expect(status).toBe(503);
    expect(headers.get('content-type')).toContain('application/problem+json');
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect(body).toMatchObject({ status: 503, code: expect.stringMatching(/^HW_/) });
  }

  it("webhooks and approvals get 503, the registry's own retry brings the webhook in, and it follows within 10 s", async () => {
    await createDeployment(world, 'pushed');
    await knownTo(world, 'pushed');
    const request = await pendingRequest('waiting');

    await controlPlane.stopApiServer();
    await world.registry.pushImage({ repository: 'pushed', tag: '1.1.0' });
    expectUnavailable(await tell(world, `${world.registry.host}/pushed`, '1.1.0'));
    expectUnavailable(await decide(world, 'approve', request));
    expectUnavailable(await decide(world, 'reject', request));
    const shown = await fetch(`${world.headwind().urls.api}/api/v1/updates/${world.namespace}/${request}`);
    expect(shown.status).toBe(503);
    await shown.body?.cancel();
    await eventually(async () => (await metricOf(world.headwind(), REFUSED)) >= 2, {
      what: 'docker-registry has tried again by itself',
      timeoutMs: 30_000,
    });

    await controlPlane.startApiServer();
    const readyAtMs = performance.now();
    await createDeployment(world, 'created-after');
    await knownTo(world, 'created-after');
    expect(performance.now() - readyAtMs).toBeLessThan(RECOVERY_MS);
    await theRequestFor(world, 'pushed', { phase: 'Pending' });
    expect(await decide(world, 'approve', request, { approver: 'alice' })).toMatchObject({
      status: 200,
      body: { status: { phase: 'Completed', approvedBy: 'alice' } },
    });
    await world.registry.pushImage({ repository: 'created-after', tag: '1.1.0' });
    await theRequestFor(world, 'created-after', { phase: 'Pending' });
  });

  it('the webhook comes in even if Headwind itself is killed meanwhile, once', async () => {
    await createDeployment(world, 'twice-down');
    await knownTo(world, 'twice-down');
    const before = await metricOf(world.headwind(), REFUSED);
    await controlPlane.stopApiServer();
    await world.registry.pushImage({ repository: 'twice-down', tag: '1.1.0' });
    await eventually(async () => (await metricOf(world.headwind(), REFUSED)) > before, {
      what: 'docker-registry was refused',
      timeoutMs: 30_000,
    });
    // What Headwind kept in memory to try again is gone: only the registry still knows.
    world.headwind().kill('SIGKILL');
    await world.headwind().exited;
    await controlPlane.startApiServer();
    await world.restart();
    const { spec } = await theRequestFor(world, 'twice-down', { phase: 'Pending', timeoutMs: 30_000 });
    expect(spec.newImage).toBe(`${world.registry.host}/twice-down:1.1.0`);
  });
});

describe('while the API server starts, when it answers before it knows rights and CRDs', () => {
  const WEBHOOKS = 300;
  const APPROVALS = 60;
  const PACE_MS = 10;
  let controlPlane: ControlPlane;
  let world: World;

  beforeAll(async () => {
    controlPlane = await startControlPlane();
    // The registry is not what this is about.
    world = await openWorld(controlPlane, { env: { HEADWIND_VERIFY_IMAGES: 'never' }, notifies: false });
  });
  afterAll(async () => {
    await world.close();
    await controlPlane.stop();
  });

  const names = (prefix: string, count: number): readonly string[] =>
    Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
  const push = (name: string): Promise<Answer> => tell(world, `${world.registry.host}/${name}`, '1.1.0');

  it('each webhook that got 2xx has its request, each approval is carried out once, and nothing fails for good', async () => {
    const pushed = names('pushed', WEBHOOKS);
    const approved = names('approved', APPROVALS);
    for (const name of [...pushed, ...approved]) await createDeployment(world, name);
    await knownTo(world, ...pushed, ...approved);
    for (const name of approved) await push(name);
    const requests = await requestsWhen(world, 'requests', ({ length }) => length === APPROVALS);
    const approve = (name: string): Promise<Answer> =>
      decide(world, 'approve', requestsFor(requests, name)[0]?.metadata.name ?? '');

    await controlPlane.stopApiServer();
    let isBack = false;
    const back = controlPlane.startApiServer().then(() => {
      isBack = true;
    });
    /** Each name once, at a pace that fills the time until the server is ready. */
    const statusesOf = async (
      list: readonly string[],
      act: (name: string) => Promise<Answer>,
    ): Promise<ReadonlyMap<string, number>> => {
      const statuses = new Map<string, number>();
      for (const name of list) {
        statuses.set(name, (await act(name)).status);
        if (!isBack) await sleep(PACE_MS);
      }
      return statuses;
    };
    const [ofWebhooks, ofApprovals] = await Promise.all([
      statusesOf(pushed, push),
      statusesOf(approved, approve),
      back,
    ]);

    expect(new Set(ofWebhooks.values())).toEqual(new Set([200, 503]));
    // 202: it is approved, and the patch has to wait for the server.
    expect([...new Set(ofApprovals.values())].filter((status) => ![200, 202, 503].includes(status))).toEqual(
      [],
    );
    await requestsWhen(
      world,
      'one request for each push',
      (all) => pushed.every((name) => requestsFor(all, name).length === 1),
      30_000,
    );
    const again = approved.filter((name) => ofApprovals.get(name) === 503);
    const answers = await Promise.all(again.map(approve));
    // 409: it was approved, and only the answer was lost.
    expect(answers.filter(({ status }) => ![200, 202, 409].includes(status))).toEqual([]);
    await requestsWhen(
      world,
      'each approval is carried out',
      (all) => approved.every((name) => requestsFor(all, name)[0]?.status.phase === 'Completed'),
      30_000,
    );
    const Deployments = z.object({
      items: z.array(z.object({ metadata: z.object({ name: z.string(), generation: z.number() }) })),
    });
    const { items } = Deployments.parse(
      await world.api.expectOk('GET', `/apis/apps/v1/namespaces/${world.namespace}/deployments`),
    );
    const generations = items.filter(({ metadata }) => approved.includes(metadata.name));
    expect(new Set(generations.map(({ metadata }) => metadata.generation))).toEqual(new Set([2]));
    expect(bugsIn(world)).toEqual([]);
  });
});
