import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { eventually } from '../parts/eventually.ts';
import { startGateProxy, type Gate, type GateProxy, type GateQuestion } from '../parts/gate-proxy.ts';
import { openWorld, post, requestsWhen, workloadOf, type World } from '../parts/world.ts';

/** The writes that one update needs, in their order. */
const WRITES = {
  'the request is created': ({ method, path }: GateQuestion) =>
    method === 'POST' && path.endsWith('/updaterequests'),
  'it is approved': ({ method, path, body }: GateQuestion) =>
    method === 'PATCH' && path.includes('/updaterequests/') && body.includes('"phase":"Approved"'),
  'the workload is patched': ({ method, path }: GateQuestion) =>
    method === 'PATCH' && path.includes('/deployments/'),
  'it is completed': ({ method, path, body }: GateQuestion) =>
    method === 'PATCH' && path.includes('/updaterequests/') && body.includes('"phase":"Completed"'),
} as const;

const Deployment = z.object({ metadata: z.object({ generation: z.number() }) });

describe('Invariant 4: killed at any instant, no acknowledged webhook is lost and nothing is applied twice', () => {
  let world: World;
  let proxy: GateProxy;
  let count = 0;

  beforeAll(async () => {
    const facts = inject('controlPlane');
    proxy = await startGateProxy(facts);
    world = await openWorld(facts, { apiUrl: proxy.url, narrow: true });
  });
  afterAll(async () => {
    await world.close();
    await proxy.close();
  });

  const generation = async (name: string): Promise<number> => {
    const path = `/apis/apps/v1/namespaces/${world.namespace}/deployments/${name}`;
    return Deployment.parse(await world.api.expectOk('GET', path)).metadata.generation;
  };

  async function aKnownDeployment(annotations: Record<string, string>): Promise<string> {
    count += 1;
    const name = `crash-${count}`;
    const images = { app: `${world.registry.host}/${name}:1.0.0` };
    await world.create('deployments', workloadOf('Deployment', { name, images, annotations }));
    await eventually(
      async () =>
        (await (await fetch(`${world.headwind().urls.api}/api/v1/workloads`)).text()).includes(`"${name}"`),
      { what: `Headwind knows ${name}` },
    );
    return name;
  }

  /** Kills Headwind when it stands at the gate, and starts it anew. */
  async function killAt(gate: Gate, act: () => Promise<unknown>): Promise<void> {
    const reached = proxy.stopAt(gate);
    const acting = act().catch(() => undefined);
    await reached;
    world.headwind().kill('SIGKILL');
    await world.headwind().exited;
    await acting;
    await world.restart();
  }

  async function expectAppliedOnce(name: string, before: number): Promise<void> {
    const ours = await requestsWhen(world, `the only request for ${name} is completed`, (requests) => {
      const mine = requests.filter(({ spec }) => spec.targetRef.name === name);
      return mine.length === 1 && mine[0]?.status.phase === 'Completed';
    });
    const request = ours.find(({ spec }) => spec.targetRef.name === name);
    const image = `${world.registry.host}/${name}:1.0.1`;
    expect(await world.images('deployments', name)).toEqual({ app: image });
    expect(await generation(name)).toBe(before + 1);
    const history = JSON.parse(
      (await world.annotations('deployments', name))['headwind.sh/update-history'] ?? '[]',
    );
    expect(history).toMatchObject([
      { image, updateRequestName: request?.metadata.name },
      { image: `${world.registry.host}/${name}:1.0.0` },
    ]);
    expect(request?.status.previousImage).toBe(`${world.registry.host}/${name}:1.0.0`);
  }

  const instants = Object.entries(WRITES).flatMap(([what, at]) =>
    (['before', 'after'] as const).map((when) => ({ what, when, at })),
  );

  it.each(instants)('without approval: $when $what', async ({ at, when }) => {
    const name = await aKnownDeployment({ 'require-approval': 'false' });
    const before = await generation(name);
    await killAt({ at, when }, () => world.registry.pushImage({ repository: name, tag: '1.0.1' }));
    await expectAppliedOnce(name, before);
  });

  it.each(instants.slice(2))('with approval by a person: $when $what', async ({ what, at, when }) => {
    const name = await aKnownDeployment({});
    const before = await generation(name);
    await world.registry.pushImage({ repository: name, tag: '1.0.1' });
    const requests = await requestsWhen(world, `a request for ${name}`, (all) =>
      all.some(({ spec }) => spec.targetRef.name === name),
    );
    const request = requests.find(({ spec }) => spec.targetRef.name === name);
    const approve = (): ReturnType<typeof post> =>
      post(
        `${world.headwind().urls.api}/api/v1/updates/${world.namespace}/${request?.metadata.name}/approve`,
        {},
      );
    await killAt({ at, when }, approve);
    // An approval that never reached Kubernetes was never acknowledged: the approver gives it again.
    if (what === 'it is approved' && when === 'before') await approve();
    await expectAppliedOnce(name, before);
  });
});
