import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startControlPlane, type ControlPlane } from '../parts/control-plane.ts';
import { eventually } from '../parts/eventually.ts';
import { startHandKubelet, type HandKubelet } from '../parts/hand-kubelet.ts';
import type { Program } from '../parts/program.ts';
import { leads, startReplica, untilLeading } from '../parts/replicas.ts';
import { makeSettableClock, type SettableClock } from '../parts/settable-clock.ts';
import { bugsIn, decide, knownTo, requestsFor, theRequestFor } from '../parts/workload-views.ts';
import { openWorld, workloadOf, type World } from '../parts/world.ts';

const HOUR_MS = 3_600_000;
/** A poll each second, and what the machine may do beside. */
const SOON_MS = 20_000;
const ROLLBACK_TIMEOUT_S = 12;
const LEASE = {
  HEADWIND_LEASE_DURATION: '4',
  HEADWIND_LEASE_RENEW_DEADLINE: '3',
  HEADWIND_LEASE_RETRY_PERIOD: '1',
};
const ITS_OWN_CLOCK = { LD_PRELOAD: '', FAKETIME_TIMESTAMP_FILE: '' };

let controlPlane: ControlPlane;
let clock: SettableClock;
let world: World;
let kubelet: HandKubelet;
let follower: Program;
let count = 0;

beforeAll(async () => {
  controlPlane = await startControlPlane();
  clock = await makeSettableClock();
  world = await openWorld(controlPlane, {
    narrow: true,
    notifies: false,
    env: {
      ...LEASE,
      ...clock.env,
      HEADWIND_LEADER_ELECTION: 'true',
      HEADWIND_POLLING_ENABLED: 'true',
      HEADWIND_POLLING_INTERVAL: '1',
    },
  });
  // Certificates are valid by the clock of whoever looks at them, and that of the API server is minutes old.
  const kubeconfig = world.env['KUBECONFIG'] ?? '';
  const text = await readFile(kubeconfig, 'utf8');
  await writeFile(
    kubeconfig,
    text.replace(/certificate-authority-data: .*/, 'insecure-skip-tls-verify: true'),
  );
  await untilLeading(await world.restart());
  follower = await startReplica(world, ITS_OWN_CLOCK);
  kubelet = startHandKubelet(world.api, world.namespace);
});
afterEach(() => clock.set(0));
afterAll(async () => {
  await kubelet?.stop();
  await follower?.stop();
  await world?.close();
  await clock?.remove();
  await controlPlane?.stop();
});

const Lease = z.object({
  metadata: z.object({ resourceVersion: z.string() }),
  spec: z.object({
    holderIdentity: z.string(),
    leaseTransitions: z.number().default(0),
    renewTime: z.string(),
  }),
});

async function lease(): Promise<z.infer<typeof Lease>> {
  const path = '/apis/coordination.k8s.io/v1/namespaces/headwind-system/leases/headwind';
  return Lease.parse(await world.api.expectOk('GET', path));
}

/** A workload that runs 1.0.0, with its pods ready where it has any. */
async function aRunning(annotations: Record<string, string> = {}, replicas = 0): Promise<string> {
  count += 1;
  const name = `clocked-${count}`;
  await world.registry.pushImage({ repository: name, tag: '1.0.0' });
  const workload = workloadOf('Deployment', {
    name,
    images: { app: `${world.registry.host}/${name}:1.0.0` },
    annotations: {
      'event-source': 'polling',
      'require-approval': 'false',
      'min-update-interval': '0',
      ...annotations,
    },
    replicas,
  });
  await world.create('deployments', workload);
  await knownTo(world, name);
  return name;
}

const push = (name: string, tag: string): Promise<unknown> =>
  world.registry.pushImage({ repository: name, tag });

async function runs(name: string, tag: string, timeoutMs = SOON_MS): Promise<void> {
  const wanted = `${world.registry.host}/${name}:${tag}`;
  await eventually(async () => (await world.images('deployments', name))['app'] === wanted, {
    what: `${name} runs ${tag}`,
    timeoutMs,
  });
}

/** What became of a workload's requests: `1.1.0 Completed`. */
async function story(name: string): Promise<readonly string[]> {
  return requestsFor(await world.requests(), name)
    .map(({ spec, status }) => `${spec.newImage.replace(/^.*:/, '')} ${status.phase}`)
    .toSorted();
}

describe.each([
  { to: 'forward', ms: 5 * HOUR_MS },
  { to: 'back', ms: -5 * HOUR_MS },
])('when the clock of the leader is set $to by five hours', ({ ms }) => {
  it('the Lease is renewed, and nobody takes over', async () => {
    const before = await lease();
    await clock.set(ms);
    let renewals = 0;
    let last = before.metadata.resourceVersion;
    await eventually(
      async () => {
        const { metadata, spec } = await lease();
        expect(spec.holderIdentity).toBe(before.spec.holderIdentity);
        if (metadata.resourceVersion !== last) renewals += 1;
        last = metadata.resourceVersion;
        // More than the whole duration of the Lease.
        return renewals >= 6;
      },
      { what: 'the Lease has been renewed six times', timeoutMs: SOON_MS },
    );
    const { spec } = await lease();
    expect(Math.abs(Date.parse(spec.renewTime) - Date.now() - ms)).toBeLessThan(HOUR_MS);
    expect(spec.leaseTransitions).toBe(before.spec.leaseTransitions);
    expect([await leads(world.headwind()), await leads(follower)]).toEqual([true, false]);
    expect(follower.logs().map(({ fields }) => fields.message)).not.toContain('this replica leads now');
  });

  it('polling goes on, also when it is right again', async () => {
    const name = await aRunning();
    await push(name, '1.1.0');
    await runs(name, '1.1.0');
    await clock.set(ms);
    await push(name, '1.2.0');
    await runs(name, '1.2.0');
    await clock.set(0);
    await push(name, '1.3.0');
    await runs(name, '1.3.0');
    await eventually(async () => (await story(name)).includes('1.3.0 Completed'), { what: 'it is done' });
    expect(await story(name)).toEqual(['1.1.0 Completed', '1.2.0 Completed', '1.3.0 Completed']);
  });

  it('a rollout that is not ready has the time that it was given, no more and no less', async () => {
    kubelet.behave('1.4.0', 'starting');
    const name = await aRunning(
      { 'auto-rollback': 'true', 'rollback-timeout': String(ROLLBACK_TIMEOUT_S) },
      1,
    );
    await untilReady(name);
    await push(name, '1.4.0');
    await runs(name, '1.4.0');
    const appliedMs = performance.now();
    await clock.set(ms);
    await runs(name, '1.0.0', 60_000);
    const seconds = (performance.now() - appliedMs) / 1000;
    expect(seconds).toBeGreaterThan(ROLLBACK_TIMEOUT_S - 3);
    expect(seconds).toBeLessThan(ROLLBACK_TIMEOUT_S + 15);
  });
});

describe('times that are written down are compared with the time of day', () => {
  it('a minimum interval lifts when the clock says so, and what it held back is applied once, unasked', async () => {
    const name = await aRunning({ 'min-update-interval': '2h' });
    await push(name, '1.1.0');
    await runs(name, '1.1.0');
    await push(name, '1.2.0');
    await eventually(async () => (await story(name)).includes('1.2.0 Approved'), { what: 'it waits' });
    // A little back is no reason to hurry, and nothing is lost.
    await clock.set(-HOUR_MS);
    await push(name, '1.3.0');
    await eventually(async () => (await story(name)).includes('1.3.0 Approved'), {
      what: 'the newer one waits in its place',
      timeoutMs: SOON_MS,
    });
    await clock.set(3 * HOUR_MS);
    await runs(name, '1.3.0');
    await eventually(async () => (await story(name)).includes('1.3.0 Completed'), { what: 'it is done' });
    expect(await story(name)).toEqual(['1.1.0 Completed', '1.2.0 Superseded', '1.3.0 Completed']);
    const messages = world
      .headwind()
      .logs()
      .map(({ fields }) => fields.message);
    expect(messages).toContain('the clock of this machine was set');
  });

  it('a request still waits for a person where its time is not over, and is applied once', async () => {
    const name = await aRunning({ 'require-approval': 'true' });
    await push(name, '1.1.0');
    const request = await theRequestFor(world, name, { phase: 'Pending', timeoutMs: SOON_MS });
    await clock.set(5 * HOUR_MS);
    const answer = await decide(world, 'approve', request.metadata.name, { approver: 'alice' });
    expect(answer.status).toBe(200);
    await runs(name, '1.1.0');
    await eventually(async () => (await story(name)).includes('1.1.0 Completed'), { what: 'it is done' });
    expect(await story(name)).toEqual(['1.1.0 Completed']);
  });
});

it('a follower takes over from a leader that dies with a clock that was hours ahead', async () => {
  await clock.set(5 * HOUR_MS);
  const before = await lease();
  await eventually(async () => (await lease()).spec.renewTime > before.spec.renewTime, {
    what: 'the Lease is renewed with a time to come',
    timeoutMs: SOON_MS,
  });
  world.headwind().kill('SIGKILL');
  await world.headwind().exited;
  expect(await untilLeading(follower)).toBeLessThan(15);
  expect(bugsIn(world)).toEqual([]);
});

async function untilReady(name: string): Promise<void> {
  const Status = z.object({ status: z.object({ readyReplicas: z.number().default(0) }) });
  const path = `/apis/apps/v1/namespaces/${world.namespace}/deployments/${name}`;
  await eventually(
    async () => Status.parse(await world.api.expectOk('GET', path)).status.readyReplicas === 1,
    { what: `${name} is ready`, timeoutMs: 30_000 },
  );
}
