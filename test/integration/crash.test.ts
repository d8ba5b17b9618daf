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

const History = z.array(z.object({ image: z.string(), updateRequestName: z.string().optional() }));
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

  /** What became of the deployment, once its only request is completed. */
  async function outcomeOf(name: string): Promise<object> {
    const requests = await requestsWhen(world, `the only request for ${name} is completed`, (all) => {
      const ours = all.filter(({ spec }) => spec.targetRef.name === name);
      return ours.length === 1 && ours[0]?.status.phase === 'Completed';
    });
    const request = requests.find(({ spec }) => spec.targetRef.name === name);
    const annotations = await world.annotations('deployments', name);
    const history = History.parse(JSON.parse(annotations['headwind.sh/update-history'] ?? '[]'));
    return {
      images: await world.images('deployments', name),
      generation: await generation(name),
      history: history.map(({ image }) => image),
      recordedFor: history[0]?.updateRequestName === request?.metadata.name,
      previousImage: request?.status.previousImage,
    };
  }

  function appliedOnce(name: string, generationBefore: number): object {
    const [before, after] = ['1.0.0', '1.0.1'].map((tag) => `${world.registry.host}/${name}:${tag}`);
    return {
      images: { app: after },
      generation: generationBefore + 1,
      history: [after, before],
      recordedFor: true,
      previousImage: before,
    };
  }

  const instants = Object.entries(WRITES).flatMap(([what, at]) =>
    (['before', 'after'] as const).map((when) => ({ what, when, at })),
  );

  it.each(instants)('without approval: $when $what', async ({ at, when }) => {
    const name = await aKnownDeployment({ 'require-approval': 'false' });
    const before = await generation(name);
    await killAt({ at, when }, () => world.registry.pushImage({ repository: name, tag: '1.0.1' }));
    expect(await outcomeOf(name)).toEqual(appliedOnce(name, before));
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
    expect(await outcomeOf(name)).toEqual(appliedOnce(name, before));
  });
});
