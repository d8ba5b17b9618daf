import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import type { UpdateRequest } from '../../src/core/update-request.ts';
import { eventually } from '../parts/eventually.ts';
import { startGateProxy, type Gate, type GateProxy, type GateQuestion } from '../parts/gate-proxy.ts';
import { startHandKubelet, type HandKubelet } from '../parts/hand-kubelet.ts';
import { bugsIn, knownTo, requestsFor } from '../parts/workload-views.ts';
import { metricOf, openWorld, requestsWhen, workloadOf, type World } from '../parts/world.ts';

const KINDS = { Deployment: 'deployments', StatefulSet: 'statefulsets', DaemonSet: 'daemonsets' } as const;
type Kind = keyof typeof KINDS;

const VERIFIED = {
  'require-approval': 'false',
  'min-update-interval': '0',
  'auto-rollback': 'true',
  'health-check-retries': '1',
};
const History = z.array(
  z.object({
    image: z.string(),
    updateRequestName: z.string().optional(),
    approvedBy: z.string().optional(),
  }),
);
const Pods = z.object({
  items: z.array(
    z.object({
      spec: z.object({ containers: z.array(z.object({ image: z.string() })) }),
      status: z.object({
        conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
      }),
    }),
  ),
});

let world: World;
let proxy: GateProxy;
let kubelet: HandKubelet;
let count = 0;

beforeAll(async () => {
  const facts = inject('controlPlane');
  proxy = await startGateProxy(facts);
  world = await openWorld(facts, { apiUrl: proxy.url, narrow: true });
  kubelet = startHandKubelet(world.api, world.namespace);
});
afterAll(async () => {
  await kubelet.stop();
  await world.api.request('DELETE', '/api/v1/nodes/rollback-node');
  await world.close();
  await proxy.close();
});

const image = (name: string, tag: string): string => `${world.registry.host}/${name}:${tag}`;
const objectPath = (kind: Kind, name: string): string =>
  `/apis/apps/v1/namespaces/${world.namespace}/${KINDS[kind]}/${name}`;

/** Waits until all of a workload's pods, and no fewer than `atLeast`, run this tag and are ready. */
async function allRun(name: string, tag: string, atLeast = 1): Promise<void> {
  await eventually(
    async () => {
      const path = `/api/v1/namespaces/${world.namespace}/pods?labelSelector=app%3D${name}`;
      const pods = Pods.parse(await world.api.expectOk('GET', path)).items;
      const good = pods.filter(
        ({ spec, status }) =>
          spec.containers[0]?.image === image(name, tag) &&
          status.conditions.some((one) => one.type === 'Ready' && one.status === 'True'),
      );
      if (good.length >= atLeast && good.length === pods.length) return true;
      throw new Error(`${good.length} of ${pods.length} pods`);
    },
    { what: `all pods of ${name} run ${tag}`, timeoutMs: 30_000, everyMs: 100 },
  );
}

/** A workload at 1.0.0 whose pods are ready. */
async function aRunning(
  kind: Kind,
  { annotations = {}, replicas = 1 }: { annotations?: Record<string, string>; replicas?: number } = {},
): Promise<string> {
  count += 1;
  const name = `rollback-${count}`;
  const described = {
    name,
    images: { app: image(name, '1.0.0') },
    annotations: { ...VERIFIED, ...annotations },
    replicas,
  };
  await world.create(KINDS[kind], workloadOf(kind, described));
  await knownTo(world, name);
  if (replicas > 0) await allRun(name, '1.0.0', kind === 'Deployment' ? replicas : 1);
  return name;
}

async function generation(kind: Kind, name: string): Promise<number> {
  const WithGeneration = z.object({ metadata: z.object({ generation: z.number() }) });
  return WithGeneration.parse(await world.api.expectOk('GET', objectPath(kind, name))).metadata.generation;
}

const push = (name: string, tag: string): Promise<unknown> =>
  world.registry.pushImage({ repository: name, tag });

/** What became of a workload's requests: `1.0.0 -> 1.1.0 RolledBack`. */
function told(requests: readonly UpdateRequest[], name: string): readonly string[] {
  const tag = (text: string): string => text.slice(text.lastIndexOf(':') + 1);
  return requestsFor(requests, name)
    .map(({ spec, status }) => {
      const what = spec.rollback === true ? 'back: ' : '';
      return `${what}${tag(spec.currentImage)} -> ${tag(spec.newImage)} ${status.phase}`;
    })
    .sort();
}

async function storyIs(name: string, story: readonly string[]): Promise<readonly UpdateRequest[]> {
  const wanted = [...story].sort();
  const requests = await requestsWhen(
    world,
    `the story of ${name} is ${story.join(', ')}`,
    (all) => JSON.stringify(told(all, name)) === JSON.stringify(wanted),
    60_000,
  );
  return requestsFor(requests, name);
}

function healthOf(request: UpdateRequest | undefined): object {
  const health = request?.status.conditions?.find(({ type }) => type === 'Healthy');
  return { status: health?.status, reason: health?.reason };
}

/** Waits until the watch over the update to `tag` has ended, and answers how. */
async function endOfWatch(name: string, tag: string): Promise<object> {
  const isIt = ({ spec, status }: UpdateRequest): boolean =>
    spec.newImage === image(name, tag) &&
    spec.rollback !== true &&
    status.verification?.outcome !== undefined;
  const requests = await requestsWhen(
    world,
    `the watch over ${name}:${tag} has ended`,
    (all) => requestsFor(all, name).some(isIt),
    60_000,
  );
  return healthOf(requestsFor(requests, name).find(isIt));
}

const ROLLED_BACK = ['1.0.0 -> 1.1.0 RolledBack', 'back: 1.1.0 -> 1.0.0 Completed'];

describe('an update whose new pods', () => {
  beforeAll(() => {
    kubelet.behave('1.1.0', 'crashes');
  });

  it.each(['Deployment', 'StatefulSet', 'DaemonSet'] as const)(
    'crash is taken back and stays so: %s',
    async (kind) => {
      // A DaemonSet's controller makes a pod for each node. Made just now, nobody misses its heartbeat yet.
      if (kind === 'DaemonSet')
        await world.api.request('POST', '/api/v1/nodes', { metadata: { name: 'rollback-node' } });
      const name = await aRunning(kind);
      await push(name, '1.1.0');
      const requests = await storyIs(name, ROLLED_BACK);
      await allRun(name, '1.0.0');
      const history = History.parse(
        JSON.parse((await world.annotations(KINDS[kind], name))['headwind.sh/update-history'] ?? '[]'),
      );
      expect(history.map((entry) => [entry.image, entry.approvedBy])).toEqual([
        [image(name, '1.0.0'), 'headwind-auto-rollback'],
        [image(name, '1.1.0'), 'policy'],
        [image(name, '1.0.0'), undefined],
      ]);
      const undone = requests.find(({ spec }) => spec.rollback !== true);
      expect(healthOf(undone)).toEqual({ status: 'False', reason: 'RolledBack' });
      expect(undone?.status.message).toContain('CrashLoopBackOff');
      const before = await metricOf(world.headwind(), 'headwind_rollbacks_automatic_total');
      await push(name, '1.1.0');
      kubelet.behave('1.2.0', 'ready');
      await push(name, '1.2.0');
      await storyIs(name, [...ROLLED_BACK, '1.0.0 -> 1.2.0 Completed']);
      expect(await endOfWatch(name, '1.2.0')).toEqual({ status: 'True', reason: 'Healthy' });
      expect(await metricOf(world.headwind(), 'headwind_rollbacks_automatic_total')).toBe(before);
    },
  );

  it('cannot be pulled is taken back, though the old pods are ready all the time', async () => {
    kubelet.behave('1.1.1', 'cannot be pulled');
    const name = await aRunning('Deployment', { replicas: 3 });
    await push(name, '1.1.1');
    const requests = await storyIs(name, ['1.0.0 -> 1.1.1 RolledBack', 'back: 1.1.1 -> 1.0.0 Completed']);
    expect(requests[0]?.status.message).toContain('ImagePullBackOff');
    await allRun(name, '1.0.0', 3);
  });

  it('are not ready in time is taken back', async () => {
    kubelet.behave('1.1.2', 'starting');
    const name = await aRunning('Deployment', { annotations: { 'rollback-timeout': '5s' } });
    await push(name, '1.1.2');
    const requests = await storyIs(name, ['1.0.0 -> 1.1.2 RolledBack', 'back: 1.1.2 -> 1.0.0 Completed']);
    expect(requests[0]?.status.message).toContain('0 of 1 new pods are ready');
  });

  it('are slow but fine stays', async () => {
    kubelet.behave('1.1.3', 'starting');
    const name = await aRunning('Deployment', { annotations: { 'rollback-timeout': '60s' } });
    await push(name, '1.1.3');
    await storyIs(name, ['1.0.0 -> 1.1.3 Completed']);
    await eventually(
      async () => (await metricOf(world.headwind(), 'headwind_deployment_health_checks_total')) > 0,
      {
        what: 'a check',
      },
    );
    kubelet.behave('1.1.3', 'ready');
    expect(await endOfWatch(name, '1.1.3')).toEqual({ status: 'True', reason: 'Healthy' });
  });

  it('do not exist, scaled to zero, stays', async () => {
    const name = await aRunning('Deployment', { replicas: 0 });
    await push(name, '1.1.0');
    expect(await endOfWatch(name, '1.1.0')).toEqual({ status: 'True', reason: 'Healthy' });
  });

  it('crash where the old ones crashed too stays', async () => {
    const name = await aRunning('Deployment', { annotations: { 'rollback-timeout': '5s' } });
    const sick = {
      spec: { template: { spec: { containers: [{ name: 'app', image: image(name, '1.0.1') }] } } },
    };
    kubelet.behave('1.0.1', 'crashes');
    const strategy = { spec: { strategy: { type: 'Recreate', rollingUpdate: null } } };
    await world.api.expectOk(
      'PATCH',
      objectPath('Deployment', name),
      strategy,
      'application/merge-patch+json',
    );
    await world.api.expectOk(
      'PATCH',
      objectPath('Deployment', name),
      sick,
      'application/strategic-merge-patch+json',
    );
    await eventually(async () => isCrashing(name, '1.0.1'), {
      what: 'the old version crashes',
      timeoutMs: 20_000,
    });
    await push(name, '1.1.0');
    expect(await endOfWatch(name, '1.1.0')).toEqual({ status: 'False', reason: 'CrashLoopBackOff' });
    await storyIs(name, ['1.0.1 -> 1.1.0 Completed']);
  });

  it('crash is left alone when somebody has changed the image since', async () => {
    kubelet.behave('1.1.4', 'starting');
    const name = await aRunning('Deployment');
    await push(name, '1.1.4');
    await storyIs(name, ['1.0.0 -> 1.1.4 Completed']);
    const patch = {
      spec: { template: { spec: { containers: [{ name: 'app', image: image(name, '1.1.0') }] } } },
    };
    await world.api.expectOk(
      'PATCH',
      objectPath('Deployment', name),
      patch,
      'application/strategic-merge-patch+json',
    );
    expect(await endOfWatch(name, '1.1.4')).toEqual({ status: 'Unknown', reason: 'ImageChanged' });
    expect(await world.images('deployments', name)).toEqual({ app: image(name, '1.1.0') });
  });

  it('crash is left alone while somebody has paused the workload', async () => {
    kubelet.behave('1.1.5', 'starting');
    const name = await aRunning('Deployment');
    await push(name, '1.1.5');
    await storyIs(name, ['1.0.0 -> 1.1.5 Completed']);
    const patch = { metadata: { annotations: { 'headwind.sh/paused': 'true' } } };
    await world.api.expectOk('PATCH', objectPath('Deployment', name), patch, 'application/merge-patch+json');
    expect(await endOfWatch(name, '1.1.5')).toEqual({ status: 'Unknown', reason: 'Paused' });
    await storyIs(name, ['1.0.0 -> 1.1.5 Completed']);
  });

  it('crash during the watch over an earlier one is taken back to the last that was healthy', async () => {
    kubelet.behave('1.1.6', 'starting');
    kubelet.behave('1.1.7', 'crashes');
    const name = await aRunning('Deployment');
    await push(name, '1.1.6');
    await storyIs(name, ['1.0.0 -> 1.1.6 Completed']);
    await push(name, '1.1.7');
    const requests = await storyIs(name, [
      '1.0.0 -> 1.1.6 RolledBack',
      '1.1.6 -> 1.1.7 RolledBack',
      'back: 1.1.7 -> 1.0.0 Completed',
    ]);
    expect(requests.filter(({ spec }) => spec.rollback === true)[0]?.spec.undoes).toHaveLength(2);
    await allRun(name, '1.0.0');
  });
});

async function isCrashing(name: string, tag: string): Promise<boolean> {
  const path = `/api/v1/namespaces/${world.namespace}/pods?labelSelector=app%3D${name}`;
  const pods = Pods.parse(await world.api.expectOk('GET', path)).items;
  return (
    pods.length > 0 &&
    pods.every(({ spec, status }) => {
      const written = status.conditions.length > 0;
      return written && spec.containers[0]?.image === image(name, tag);
    })
  );
}

it('three pods of a StatefulSet go back one and all, though the first of them is broken', async () => {
  const name = 'ordered';
  const object = workloadOf('StatefulSet', {
    name,
    images: { app: image(name, '1.0.0') },
    annotations: VERIFIED,
  });
  const Spec = z.looseObject({ spec: z.looseObject({}) });
  const parsed = Spec.parse(object);
  await world.create('statefulsets', { ...parsed, spec: { ...parsed.spec, replicas: 3 } });
  await knownTo(world, name);
  await allRun(name, '1.0.0', 3);
  await push(name, '1.1.0');
  await storyIs(name, ROLLED_BACK);
  await allRun(name, '1.0.0', 3);
  const Events = z.object({ items: z.array(z.object({ reason: z.string() })) });
  const TOLD = ['UpdateRolledBack', 'BlockingPodsDeleted'];
  const told = await eventually(
    async () => {
      const events = await world.api.expectOk('GET', `/api/v1/namespaces/${world.namespace}/events`);
      const reasons = Events.parse(events).items.map(({ reason }) => reason);
      return TOLD.every((reason) => reasons.includes(reason)) ? reasons : undefined;
    },
    { what: 'Events tell of the rollback, and of the pods that were deleted for it' },
  );
  expect(told).not.toContain('BlockingPodsRemain');
});

describe('Invariant 4: killed at any instant, a failed rollout is taken back, and once', () => {
  const isRequest = ({ method, path }: GateQuestion): boolean =>
    method === 'PATCH' && path.includes('/updaterequests/');
  const isRollback = ({ path }: GateQuestion): boolean => path.includes('-rollback-');
  /** The writes that an update and its rollback need beside those of crash.test.ts, in their order. */
  const WRITES: Readonly<Record<string, (question: GateQuestion) => boolean>> = {
    'how it was before is written': (q) => isRequest(q) && q.body.includes('"baseline"'),
    'the update is completed': (q) => isRequest(q) && q.body.includes('"phase":"Completed"'),
    'the revision is written': (q) => isRequest(q) && q.body.includes('"revision"'),
    'the failure is written': (q) => isRequest(q) && q.body.includes('"outcome":"RollingBack"'),
    'the rollback is created': (q) => q.method === 'POST' && q.body.includes('"rollback":true'),
    'the rollback is approved': (q) => isRequest(q) && isRollback(q) && q.body.includes('"phase":"Approved"'),
    'the workload is patched back': (q) =>
      q.method === 'PATCH' && q.path.includes('/deployments/') && q.body.includes('headwind-auto-rollback'),
    'the update is RolledBack': (q) => isRequest(q) && q.body.includes('"phase":"RolledBack"'),
    'the rollback is completed': (q) =>
      isRequest(q) && isRollback(q) && q.body.includes('"phase":"Completed"'),
  };
  const instants = Object.entries(WRITES).flatMap(([what, at]) =>
    (['before', 'after'] as const).map((when) => ({ what, when, at })),
  );

  async function killAt(gate: Gate, act: () => Promise<unknown>): Promise<void> {
    const reached = proxy.stopAt(gate);
    await act();
    await reached;
    world.headwind().kill('SIGKILL');
    await world.headwind().exited;
    await world.restart();
  }

  it.each(instants)('$when $what', async ({ at, when }) => {
    kubelet.behave('1.1.0', 'crashes');
    const name = await aRunning('Deployment');
    const before = await generation('Deployment', name);
    await killAt({ at, when }, () => push(name, '1.1.0'));
    const requests = await storyIs(name, ROLLED_BACK);
    await allRun(name, '1.0.0');
    expect(await generation('Deployment', name)).toBe(before + 2);
    const history = History.parse(
      JSON.parse((await world.annotations('deployments', name))['headwind.sh/update-history'] ?? '[]'),
    );
    const rollback = requests.find(({ spec }) => spec.rollback === true);
    expect(history.map((entry) => entry.image)).toEqual(
      ['1.0.0', '1.1.0', '1.0.0'].map((tag) => image(name, tag)),
    );
    expect(history[0]?.updateRequestName).toBe(rollback?.metadata.name);
    expect(rollback?.spec.undoes).toEqual([
      requests.find(({ spec }) => spec.rollback !== true)?.metadata.name,
    ]);
  });
});

it('nothing of all that was a bug', () => {
  expect(bugsIn(world)).toEqual([]);
});
