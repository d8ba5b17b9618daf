import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import type { UpdateRequest } from '../../src/core/update-request.ts';
import { accessControlPlane } from '../parts/control-plane-access.ts';
import { eventually } from '../parts/eventually.ts';
import { fluxObject, fluxPath, installFluxCrds, type FluxKind } from '../parts/flux-crds.ts';
import { startNotificationReceiver, type NotificationReceiver } from '../parts/notification-receiver.ts';
import { startScriptedServer } from '../parts/scripted-server.ts';
import { metricOf, openWorld, post, requestsWhen, workloadOf, type World } from '../parts/world.ts';
import { bugsIn, decide, knownTo, theRequestFor } from '../parts/workload-views.ts';

const SECRET = 'shared with the receiver';
const UI = 'https://headwind.example.com/';
const KINDS = [
  ['Deployment', 'deployments'],
  ['StatefulSet', 'statefulsets'],
  ['DaemonSet', 'daemonsets'],
] as const;
const Targets = z.object({ targets: z.array(z.object({ id: z.string() })) });
type Kind = readonly [(typeof KINDS)[number][0], string];

let world: World;
let receiver: NotificationReceiver;

beforeAll(async () => {
  receiver = await startNotificationReceiver(SECRET);
  await installFluxCrds(accessControlPlane(inject('controlPlane')));
  world = await openWorld(inject('controlPlane'), {
    narrow: true,
    env: {
      WEBHOOK_ENABLED: 'true',
      WEBHOOK_URL: receiver.url,
      WEBHOOK_SECRET: SECRET,
      HEADWIND_UI_URL: UI,
      HEADWIND_API_URL: 'https://api.example.com/',
    },
  });
});
afterAll(async () => {
  await world.close();
  await receiver.close();
});

async function create(
  name: string,
  annotations: Record<string, string> = {},
  [kind, plural]: Kind = KINDS[0],
): Promise<void> {
  const images = { app: `${world.registry.host}/${name}:1.0.0` };
  await world.create(plural, workloadOf(kind, { name, images, annotations }));
  await knownTo(world, name);
}

/** A workload for which 1.1.0 has been proposed. */
async function proposed(
  name: string,
  annotations: Record<string, string> = {},
  kind: Kind = KINDS[0],
): Promise<UpdateRequest> {
  await create(name, annotations, kind);
  await world.registry.pushImage({ repository: name, tag: '1.1.0' });
  return theRequestFor(world, name);
}

/** What has arrived about a workload, once it is so many. */
async function arrivedAbout(workload: string, count: number, timeoutMs = 20_000): Promise<readonly string[]> {
  return eventually(
    () => {
      const events = receiver.taken(workload).map(({ event }) => event);
      if (events.length >= count) return events;
      throw new Error(JSON.stringify(events));
    },
    { what: `${count} notifications about ${workload}`, timeoutMs },
  );
}

/** Waits until the requests of the workloads owe nothing any more. */
async function settled(...workloads: readonly string[]): Promise<readonly UpdateRequest[]> {
  return requestsWhen(
    world,
    'everything owed is sent',
    (all) =>
      all
        .filter(({ spec }) => workloads.includes(spec.targetRef.name))
        .flatMap(({ status }) => status.notifications ?? [{ event: '', at: '', owed: ['nothing yet'] }])
        .every(({ owed }) => owed === undefined),
    60_000,
  );
}

async function patchStatus(name: string, status: object): Promise<void> {
  const path = `/apis/headwind.sh/v1alpha1/namespaces/${world.namespace}/updaterequests/${name}/status`;
  await world.api.expectOk('PATCH', path, { status }, 'application/merge-patch+json');
}

describe('the life of an update is told once, in order, signed', () => {
  it.each(KINDS)('%s: created, approved, completed', async (kind, plural) => {
    const workload = `told-${kind.toLowerCase()}`;
    const { metadata } = await proposed(workload, {}, [kind, plural]);
    expect((await decide(world, 'approve', metadata.name, { approver: 'alice' })).status).toBe(200);
    await settled(workload);
    const told = receiver.taken(workload);
    const links = {
      uiUrl: `https://headwind.example.com/updates/${world.namespace}/${metadata.name}`,
      approvalUrl: `https://api.example.com/api/v1/updates/${world.namespace}/${metadata.name}/approve`,
    };
    expect(told.map(({ body }) => body)).toMatchObject([
      {
        event: 'update_request_created',
        deployment: {
          name: workload,
          namespace: world.namespace,
          resourceKind: kind,
          container: 'app',
          currentImage: `${world.registry.host}/${workload}:1.0.0`,
          newImage: `${world.registry.host}/${workload}:1.1.0`,
        },
        policy: 'minor',
        requiresApproval: true,
        updateRequestName: metadata.name,
        ...links,
      },
      { event: 'update_approved', approvedBy: 'alice', uiUrl: links.uiUrl },
      { event: 'update_completed', approvedBy: 'alice', uiUrl: links.uiUrl },
    ]);
    expect(told.every(({ signed }) => signed)).toBe(true);
    expect(told.map(({ id }) => id)).toEqual(told.map(({ event }) => `${metadata.uid}.${event}`));
    const request = await theRequestFor(world, workload);
    expect(request.status.notifications?.map(({ event, sent }) => [event, sent])).toEqual(
      told.map(({ event }) => [event, ['webhook']]),
    );
  });

  it('HelmRelease: the same, of its chart', async () => {
    const charts = await startScriptedServer((_, response) => {
      const web = ['1.0.0', '1.1.0'].map((version) => ({ name: 'web', version, urls: ['x'] }));
      response.end(JSON.stringify({ apiVersion: 'v1', entries: { web } }));
    });
    const put = (kind: FluxKind, name: string, spec: object, annotations = {}): Promise<unknown> =>
      world.api.expectOk(
        'POST',
        fluxPath(kind, world.namespace),
        fluxObject(kind, { name, spec, annotations }),
      );
    await put('HelmRepository', 'charts', { url: charts.url, interval: '1h' });
    const sourceRef = { kind: 'HelmRepository', name: 'charts' };
    const spec = { interval: '1h', chart: { spec: { chart: 'web', version: '1.0.0', sourceRef } } };
    await put('HelmRelease', 'told-release', spec, { policy: 'minor' });
    const { metadata } = await theRequestFor(world, 'told-release');
    expect((await decide(world, 'approve', metadata.name, { approver: 'alice' })).status).toBe(200);
    expect(await arrivedAbout('told-release', 3)).toEqual([
      'update_request_created',
      'update_approved',
      'update_completed',
    ]);
    expect(receiver.taken('told-release')[0]?.body.deployment).toEqual({
      name: 'told-release',
      namespace: world.namespace,
      resourceKind: 'HelmRelease',
      currentImage: 'web:1.0.0',
      newImage: 'web:1.1.0',
    });
    await charts.stop();
  });

  it('without approval: detected, completed', async () => {
    await proposed('told-auto', { 'require-approval': 'false' });
    await settled('told-auto');
    expect(await arrivedAbout('told-auto', 2)).toEqual(['update_detected', 'update_completed']);
  });

  it('rejected, with who and why', async () => {
    const { metadata } = await proposed('told-no');
    await decide(world, 'reject', metadata.name, { approver: 'bob', reason: 'not before Monday' });
    await arrivedAbout('told-no', 2);
    expect(receiver.taken('told-no').at(-1)?.body).toMatchObject({
      event: 'update_rejected',
      approvedBy: 'bob',
      rejectionReason: 'not before Monday',
    });
  });

  it('failed, with why', async () => {
    const { metadata } = await proposed('told-failed');
    const path = `/apis/apps/v1/namespaces/${world.namespace}/deployments/told-failed`;
    const annotations = { 'headwind.sh/policy': null };
    await world.api.expectOk('PATCH', path, { metadata: { annotations } }, 'application/merge-patch+json');
    await decide(world, 'approve', metadata.name, { approver: 'alice' });
    expect(await arrivedAbout('told-failed', 3)).toEqual([
      'update_request_created',
      'update_approved',
      'update_failed',
    ]);
    expect(receiver.taken('told-failed').at(-1)?.body['errorMessage']).toMatch(/no longer carries/);
  });

  it('of one that a newer version replaces only that it was made', async () => {
    await create('told-twice');
    await world.registry.pushImage({ repository: 'told-twice', tag: '1.1.0' });
    await requestsWhen(world, 'the first', (all) =>
      all.some(({ spec }) => spec.newImage.endsWith('told-twice:1.1.0')),
    );
    await world.registry.pushImage({ repository: 'told-twice', tag: '1.2.0' });
    await requestsWhen(world, 'the first is superseded', (all) =>
      all.some(({ spec, status }) => status.phase === 'Superseded' && spec.newImage.endsWith('1.1.0')),
    );
    await arrivedAbout('told-twice', 2);
    await settled('told-twice');
    expect(await arrivedAbout('told-twice', 2)).toEqual(['update_request_created', 'update_request_created']);
  });

  it('a rollback by a person: triggered, completed', async () => {
    const { metadata } = await proposed('told-back');
    await decide(world, 'approve', metadata.name, { approver: 'alice' });
    await arrivedAbout('told-back', 3);
    const { api } = world.headwind().urls;
    const answer = await post(`${api}/api/v1/rollback/${world.namespace}/told-back`, {
      container: 'app',
      user: 'carol',
      reason: 'it is slow',
    });
    expect(answer.status).toBe(200);
    expect(await arrivedAbout('told-back', 5)).toEqual([
      'update_request_created',
      'update_approved',
      'update_completed',
      'rollback_triggered',
      'rollback_completed',
    ]);
    expect(receiver.taken('told-back')[3]?.body).toMatchObject({
      deployment: {
        currentImage: `${world.registry.host}/told-back:1.1.0`,
        newImage: `${world.registry.host}/told-back:1.0.0`,
      },
      errorMessage: 'it is slow',
    });
  });

  it('decisions with kubectl, before what comes of them', async () => {
    const approved = await proposed('told-kubectl');
    await patchStatus(approved.metadata.name, { phase: 'Approved', approvedBy: 'kim' });
    expect(await arrivedAbout('told-kubectl', 3)).toEqual([
      'update_request_created',
      'update_approved',
      'update_completed',
    ]);
    expect(receiver.taken('told-kubectl')[1]?.body).toMatchObject({ approvedBy: 'kim' });
    const rejected = await proposed('told-kubectl-no');
    await arrivedAbout('told-kubectl-no', 1);
    await patchStatus(rejected.metadata.name, { phase: 'Rejected', rejectedBy: 'kim', message: 'no' });
    expect(await arrivedAbout('told-kubectl-no', 2)).toEqual(['update_request_created', 'update_rejected']);
  });

  it('is counted, shown without the address, and can be tried out', async () => {
    const { api } = world.headwind().urls;
    // What has arrived is counted a moment later, and then written down.
    const text = await eventually(
      async () => {
        const sent = await metricOf(world.headwind(), 'headwind_notifications_webhook_sent_total');
        expect(sent).toBe(receiver.taken().length);
        const shown = await (await fetch(`${api}/api/v1/notifications`)).text();
        expect(JSON.parse(shown)).toEqual({
          targets: [{ id: 'webhook', channel: 'webhook', waiting: 0, failures: 0 }],
          deadLetters: [],
        });
        return shown;
      },
      { what: 'all that has arrived is counted' },
    );
    expect(text).not.toContain('/notify');
    expect(await post(`${api}/api/v1/settings/test-notification`, { type: 'webhook' })).toMatchObject({
      status: 200,
      body: { message: 'Test webhook notification sent successfully' },
    });
    expect(receiver.taken('test-deployment')).toHaveLength(1);
    expect(await post(`${api}/api/v1/settings/test-notification`, { type: 'slack' })).toMatchObject({
      status: 400,
    });
  });
});

describe('nothing is lost and nothing comes twice', () => {
  const WHOLE = ['update_request_created', 'update_approved', 'update_completed'];

  async function live(workload: string): Promise<void> {
    const { metadata } = await proposed(workload);
    expect((await decide(world, 'approve', metadata.name)).status).toBe(200);
  }

  it('while the receiver refuses connections and then answers 500', async () => {
    await receiver.goAway();
    await live('away-1');
    await eventually(
      async () =>
        (await (await fetch(`${world.headwind().urls.api}/api/v1/notifications`)).text()).includes('trouble'),
      { what: 'Headwind has noticed' },
    );
    receiver.status = 500;
    await receiver.comeBack();
    await live('away-2');
    await eventually(() => receiver.tries.some(({ status }) => status === 500), {
      what: 'it has been refused',
      timeoutMs: 60_000,
    });
    receiver.status = 200;
    await settled('away-1', 'away-2');
    for (const workload of ['away-1', 'away-2'])
      expect(receiver.taken(workload).map(({ event }) => event)).toEqual(WHOLE);
  });

  it('when Headwind is killed while the receiver is away', async () => {
    await receiver.goAway();
    await Promise.all([live('killed-1'), live('killed-2')]);
    world.headwind().kill('SIGKILL');
    await world.headwind().exited;
    await receiver.comeBack();
    await world.restart();
    await settled('killed-1', 'killed-2');
    for (const workload of ['killed-1', 'killed-2'])
      expect(receiver.taken(workload).map(({ event }) => event)).toEqual(WHOLE);
  });

  it('when Headwind is killed while it waits for an answer: that one may come again, with its id', async () => {
    receiver.delayMs = 2000;
    const before = receiver.tries.length;
    await live('interrupted');
    await eventually(() => receiver.tries.length > before, { what: 'a delivery is under way' });
    world.headwind().kill('SIGKILL');
    await world.headwind().exited;
    receiver.delayMs = 0;
    await world.restart();
    await settled('interrupted');
    const ids = receiver.taken('interrupted').map(({ id }) => id);
    expect(ids).toHaveLength(WHOLE.length + 1);
    expect(ids[0]).toBe(ids[1]);
    expect([...new Set(ids)].map((id) => id.replace(/^.*\./, ''))).toEqual(WHOLE);
  });

  it('when it is asked to stop: nothing at all comes again', async () => {
    receiver.delayMs = 500;
    const before = receiver.tries.length;
    await live('stopped');
    await eventually(() => receiver.tries.length > before, { what: 'a delivery is under way' });
    await world.restart();
    receiver.delayMs = 0;
    await settled('stopped');
    expect(receiver.taken('stopped').map(({ event }) => event)).toEqual(WHOLE);
  });

  it('to a target that is no more: what it is owed is dropped, and others go on', async () => {
    await receiver.goAway();
    await live('dropped');
    await world.restart({ WEBHOOK_ENABLED: 'false' });
    const [request] = (await settled('dropped')).filter(({ spec }) => spec.targetRef.name === 'dropped');
    expect(request?.status.notifications?.every(({ dropped }) => dropped?.includes('webhook'))).toBe(true);
    await receiver.comeBack();
    await world.restart({ WEBHOOK_ENABLED: 'true' });
    await live('after');
    await settled('after');
    expect(receiver.taken('dropped')).toEqual([]);
  });

  it('in a burst of 500 updates, with Headwind killed in the middle', async () => {
    const names = Array.from({ length: 500 }, (_, n) => `burst-${n}`);
    const images = { app: `${world.registry.host}/burst:1.0.0` };
    for (let first = 0; first < names.length; first += 50)
      await Promise.all(
        names
          .slice(first, first + 50)
          .map((name) => world.create('deployments', workloadOf('Deployment', { name, images }))),
      );
    await knownTo(world, ...names);
    await world.registry.pushImage({ repository: 'burst', tag: '1.1.0' });
    await requestsWhen(
      world,
      'all are proposed',
      (all) => all.filter(({ spec }) => spec.newImage.endsWith('/burst:1.1.0')).length === names.length,
      60_000,
    );
    const told = (): readonly string[] =>
      receiver.taken().flatMap(({ id, body }) => (body.deployment.name.startsWith('burst-') ? id : []));
    await eventually(() => told().length >= 100, { what: 'a hundred have arrived', timeoutMs: 60_000 });
    world.headwind().kill('SIGKILL');
    await world.headwind().exited;
    await world.restart();
    await eventually(() => new Set(told()).size === names.length, {
      what: 'all of them have arrived',
      timeoutMs: 90_000,
      everyMs: 250,
    });
    await settled(...names);
    // Four at a time are sent to one target; each of these may have arrived without being written down.
    expect(told().length - names.length).toBeLessThanOrEqual(5);
  });

  it('and Headwind has found no bug in itself', () => {
    expect(bugsIn(world)).toEqual([]);
    expect(receiver.tries.filter(({ signed }) => !signed)).toEqual([]);
  });
});

describe('the file of targets', () => {
  it('is followed: a new target hears of what happens from then on, one that is gone of nothing more', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'headwind-targets-'));
    const file = join(directory, 'notifications.yaml');
    const write = (...names: readonly string[]): Promise<void> =>
      writeFile(
        file,
        JSON.stringify({
          targets: names.map((name) => ({
            name,
            type: 'webhook',
            url: `${receiver.url}/${name}`,
            secret: SECRET,
          })),
        }),
      );
    const targets = async (): Promise<readonly string[]> => {
      const answer = await fetch(`${world.headwind().urls.api}/api/v1/notifications`);
      return Targets.parse(await answer.json()).targets.map(({ id }) => id);
    };
    await write('first');
    await world.restart({ WEBHOOK_ENABLED: 'false', HEADWIND_NOTIFICATIONS_CONFIG: file });
    const { metadata } = await proposed('followed');
    await settled('followed');
    await write('second');
    await eventually(async () => (await targets()).join() === 'second', { what: 'the file is read anew' });
    await decide(world, 'approve', metadata.name);
    const [request] = (await settled('followed')).filter(({ spec }) => spec.targetRef.name === 'followed');
    expect(request?.status.notifications?.map(({ event, sent }) => [event, sent])).toEqual([
      ['update_request_created', ['first']],
      ['update_approved', ['second']],
      ['update_completed', ['second']],
    ]);
    await rm(directory, { recursive: true });
  });
});

describe('without targets', () => {
  it('nothing about notifications is written', async () => {
    const bare = await openWorld(inject('controlPlane'), { narrow: true });
    try {
      const images = { app: `${bare.registry.host}/bare:1.0.0` };
      await bare.create('deployments', workloadOf('Deployment', { name: 'bare', images }));
      await knownTo(bare, 'bare');
      await bare.registry.pushImage({ repository: 'bare', tag: '1.1.0' });
      const { metadata } = await theRequestFor(bare, 'bare');
      await decide(bare, 'approve', metadata.name);
      const done = await theRequestFor(bare, 'bare', { phase: 'Completed' });
      expect(done.status.notifications).toBeUndefined();
      expect(Object.keys(done.metadata.annotations ?? {})).not.toContain('headwind.sh/notify');
    } finally {
      await bare.close();
    }
  });
});
