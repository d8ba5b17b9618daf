import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { PreferencesView, SettingsAnswer, SettingsView } from '../../src/http/settings-shapes.ts';
import { eventually } from '../parts/eventually.ts';
import { fluxObject, fluxPath, installFluxCrds } from '../parts/flux-crds.ts';
import { startKubectl, type Kubectl } from '../parts/kubectl.ts';
import { startScriptedServer } from '../parts/scripted-server.ts';
import { openSettingsScene, type SettingsScene } from '../parts/settings-scene.ts';
import { bugsIn, decide, knownTo, theRequestFor } from '../parts/workload-views.ts';
import { metricOf, openWorld, workloadOf, type World } from '../parts/world.ts';

/** What every change of a setting may take. */
const SOON_MS = 10_000;

let scene: SettingsScene;
let world: World;
let kubectl: Kubectl;
let directory: string;
let file: string;
let pid: number;

beforeAll(async () => {
  scene = await openSettingsScene(inject('controlPlane'));
  await installFluxCrds(scene.api);
  kubectl = await startKubectl(scene.api.admin.kubeconfigPath);
  directory = await mkdtemp(join(tmpdir(), 'headwind-settings-'));
  file = join(directory, 'config.yaml');
  await writeFile(file, 'refresh_interval: 25\n');
  world = await openWorld(inject('controlPlane'), {
    narrow: true,
    notifies: false,
    env: {
      HEADWIND_NAMESPACE: scene.namespace,
      HEADWIND_UI_AUTH_MODE: 'token',
      HEADWIND_CONFIG_FILE: file,
    },
  });
  pid = world.headwind().pid;
});
afterAll(async () => {
  await world.close();
  await kubectl.close();
  await rm(directory, { recursive: true, force: true });
  await scene.close();
});

/** Edits an object as a person does. */
async function patch(kind: 'configmap' | 'secret', name: string, body: object): Promise<void> {
  const text = JSON.stringify(body);
  await kubectl.run('-n', scene.namespace, 'patch', kind, name, '--type=merge', '-p', text);
}
const configure = (data: Readonly<Record<string, string | null>>): Promise<void> =>
  patch('configmap', 'headwind-config', { data });

interface Asked {
  readonly status: number;
  readonly body: unknown;
}

async function ask(path: string, token: string, method = 'GET', body?: unknown): Promise<Asked> {
  const answer = await fetch(`${world.headwind().urls.ui}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000),
  });
  return { status: answer.status, body: await answer.json() };
}
const settings = async (): Promise<SettingsView> =>
  SettingsView.parse((await ask('/api/v1/settings', scene.people.admin)).body);
const put = (body: object, token = scene.people.admin): Promise<Asked> =>
  ask('/api/v1/settings', token, 'PUT', body);

/** Waits until a number no longer grows. */
async function standsStill(what: string, read: () => number | Promise<number>): Promise<number> {
  return eventually(
    async () => {
      const before = await read();
      await sleep(2500);
      return (await read()) === before ? before : undefined;
    },
    { what: `${what} stands still`, timeoutMs: SOON_MS },
  );
}

const grows = (what: string, read: () => number | Promise<number>, from: number): Promise<boolean> =>
  eventually(async () => (await read()) > from, { what: `${what} grows`, timeoutMs: SOON_MS });

const polls = (): Promise<number> => metricOf(world.headwind(), 'headwind_polling_cycles_total');

/** A workload that is polled, with a newer version that nobody tells of. */
async function aPolledWorkload(name: string): Promise<void> {
  await world.registry.pushImage({ repository: name, tag: '1.0.0' });
  await world.registry.pushImage({ repository: name, tag: '1.1.0' });
  const images = { app: `${world.registry.host}/${name}:1.0.0` };
  const annotations = { 'event-source': 'polling' };
  await world.create('deployments', workloadOf('Deployment', { name, images, annotations }));
  await knownTo(world, name);
}

describe('a ConfigMap edited in the cluster', () => {
  it('switches polling on, changes how often, and switches it off', async () => {
    await aPolledWorkload('polled');
    expect(await polls()).toBe(0);
    await configure({ 'polling.enabled': 'true', 'polling.interval': '1' });
    await theRequestFor(world, 'polled', { phase: 'Pending', timeoutMs: SOON_MS });
    await grows('the number of polls', polls, (await polls()) + 2);
    await configure({ 'polling.enabled': 'false' });
    const before = await standsStill('the number of polls', polls);
    await configure({ 'polling.enabled': 'true' });
    await grows('the number of polls', polls, before);
    await configure({ 'polling.enabled': null });
    await standsStill('the number of polls', polls);
  });

  it('switches the discovery of charts off and on', async () => {
    const charts = await startScriptedServer((_, response) => {
      const web = [{ name: 'web', version: '1.0.0', urls: ['x'] }];
      response.end(JSON.stringify({ apiVersion: 'v1', entries: { web } }));
    });
    const create = (kind: 'HelmRepository' | 'HelmRelease', name: string, spec: object): Promise<unknown> =>
      world.api.expectOk(
        'POST',
        fluxPath(kind, world.namespace),
        fluxObject(kind, { name, spec, annotations: kind === 'HelmRelease' ? { policy: 'minor' } : {} }),
      );
    const looks = (): number => charts.requests.length;
    const follow = async (name: string): Promise<void> => {
      await create('HelmRepository', name, { url: `${charts.url}/${name}`, interval: '1h' });
      const sourceRef = { kind: 'HelmRepository', name };
      const spec = { chart: 'web', version: '1.0.0', sourceRef };
      await create('HelmRelease', name, { interval: '1h', chart: { spec } });
    };
    await follow('first');
    await grows('the number of looks', looks, 0);
    await patch('configmap', 'headwind-config', {
      data: { 'config.yaml': 'helm:\n  autoDiscovery: false\n' },
    });
    await eventually(async () => !(await settings()).helm.autoDiscovery, {
      what: 'discovery is off',
      timeoutMs: SOON_MS,
    });
    await follow('second');
    const before = await standsStill('the number of looks', looks);
    expect(charts.requests.filter(({ url }) => url.startsWith('/second'))).toEqual([]);
    await configure({ 'config.yaml': null });
    await grows('the number of looks', looks, before + 1);
    for (const name of ['first', 'second'])
      await world.api.expectOk('DELETE', `${fluxPath('HelmRelease', world.namespace)}/${name}`);
    await charts.stop();
  });

  it('brings a receiver at Slack about, which is told, and takes it away', async () => {
    const slack = await startScriptedServer((_, response) => response.end('ok'));
    await patch('secret', 'headwind-secrets', {
      stringData: { 'slack-webhook-url': `${slack.url}/services/hunter2` },
    });
    await configure({ 'slack.enabled': 'true', 'slack.channel': '#updates', 'polling.enabled': 'true' });
    await aPolledWorkload('told');
    const told = await eventually(() => slack.requests.find(({ body }) => body.includes('told')), {
      what: 'Slack is told',
      timeoutMs: SOON_MS * 2,
    });
    expect(JSON.parse(told.body)).toMatchObject({ channel: '#updates' });
    await configure({ 'slack.enabled': 'false', 'polling.enabled': null });
    const Targets = z.object({ targets: z.array(z.object({ id: z.string() })) });
    await eventually(
      async () => {
        const { body } = await ask('/api/v1/notifications', scene.people.admin);
        return Targets.parse(body).targets.length === 0;
      },
      { what: 'the receiver is gone', timeoutMs: SOON_MS },
    );
    await slack.stop();
  });

  it('changes where metrics come from', async () => {
    const prometheus = await startScriptedServer((_, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ status: 'success', data: { resultType: 'vector', result: [] } }));
    });
    const asks = async (): Promise<number> => {
      expect((await ask('/api/v1/metrics', scene.people.admin)).status).toBe(200);
      return prometheus.requests.length;
    };
    await configure({
      'observability.metricsBackend': 'prometheus',
      'observability.prometheus.url': prometheus.url,
    });
    await grows('the number of questions to Prometheus', asks, 0);
    expect(prometheus.requests[0]?.url).toContain('/api/v1/query');
    await configure({ 'observability.metricsBackend': 'live' });
    await standsStill('the number of questions to Prometheus', asks);
    expect((await settings()).observability.metricsBackend).toBe('live');
    await configure({ 'observability.metricsBackend': null, 'observability.prometheus.url': null });
    await prometheus.stop();
  });

  it('stops everything that Headwind does, and lets it go on', async () => {
    await configure({ 'polling.enabled': 'true' });
    await aPolledWorkload('stopped');
    const { metadata } = await theRequestFor(world, 'stopped', { phase: 'Pending', timeoutMs: SOON_MS });
    await configure({ 'controllers.enabled': 'false' });
    await standsStill('the number of polls', polls);
    const waiting = await decide(world, 'approve', metadata.name, { approver: 'alice' });
    expect(waiting.status).toBe(202);
    expect(await world.images('deployments', 'stopped')).toEqual({
      app: `${world.registry.host}/stopped:1.0.0`,
    });
    await configure({ 'controllers.enabled': 'true', 'polling.enabled': null });
    await theRequestFor(world, 'stopped', { phase: 'Completed', timeoutMs: SOON_MS });
  });
});

describe('a value that cannot be read', () => {
  it('leaves the last good one, and is told of in the log, in an Event and to whoever asks', async () => {
    await configure({ max_items_per_page: '33', 'polling.interval': '77' });
    await eventually(async () => (await settings()).polling.interval === 77, {
      what: 'the good value holds',
      timeoutMs: SOON_MS,
    });
    await configure({ max_items_per_page: 'many', 'polling.interval': 'often', 'poling.enabled': 'true' });
    const view = await eventually(
      async () => {
        const now = await settings();
        return now.problems.length === 3 ? now : undefined;
      },
      { what: 'the bad ones are told of', timeoutMs: SOON_MS },
    );
    expect(view.polling.interval).toBe(77);
    expect(view.dashboard.max_items_per_page).toBe(33);
    expect(view.problems.map(({ key, value, effect }) => [key, value, effect])).toEqual([
      ['poling.enabled', '', 'ignored'],
      ['polling.interval', 'often', 'last-good'],
      ['max_items_per_page', 'many', 'last-good'],
    ]);
    const Events = z.object({
      items: z.array(
        z.object({
          reason: z.string(),
          message: z.string(),
          type: z.string(),
          involvedObject: z.looseObject({ name: z.string(), uid: z.string().optional() }),
        }),
      ),
    });
    const { items } = await eventually(
      async () => {
        const path = `/api/v1/namespaces/${scene.namespace}/events`;
        const events = Events.parse(await scene.api.expectOk('GET', path));
        return events.items.length >= 3 ? events : undefined;
      },
      { what: 'Events', timeoutMs: SOON_MS },
    );
    const interval = items.find(({ message }) => message.startsWith('polling.interval'));
    expect(interval).toMatchObject({ type: 'Warning', reason: 'InvalidSetting' });
    expect(interval?.message).toContain('"often": expected');
    expect(interval?.involvedObject).toMatchObject({ name: 'headwind-config' });
    expect(interval?.involvedObject.uid).not.toBe('');
    const warnings = world
      .headwind()
      .logs()
      .filter(({ fields }) => fields.message === 'a setting is not as it should be');
    expect(warnings.filter(({ fields }) => fields['key'] === 'polling.interval')).toHaveLength(1);

    await configure({ max_items_per_page: null, 'polling.interval': null, 'poling.enabled': null });
    await eventually(async () => (await settings()).problems.length === 0, {
      what: 'all is well again',
      timeoutMs: SOON_MS,
    });
  });
});

describe('a file that is changed', () => {
  const preferences = async (): Promise<PreferencesView> =>
    PreferencesView.parse((await ask('/api/v1/dashboard/preferences', scene.people.stranger)).body);
  /** Puts another file in its place, as Kubernetes does with mounted ones. */
  const replace = async (text: string): Promise<void> => {
    await writeFile(`${file}.new`, text);
    await rename(`${file}.new`, file);
  };

  it('counts within seconds, stands above the ConfigMap, and keeps its last good state', async () => {
    expect(await preferences()).toEqual({ refresh_interval: 25, max_items_per_page: 20 });
    await configure({ refresh_interval: '99' });
    await replace('refresh_interval: 40\nmax_items_per_page: 7\n');
    await eventually(async () => (await preferences()).max_items_per_page === 7, {
      what: 'the file counts',
      timeoutMs: SOON_MS,
    });
    expect(await preferences()).toEqual({ refresh_interval: 40, max_items_per_page: 7 });
    expect((await settings()).sources['dashboard.refresh_interval']).toEqual({
      from: 'file',
      name: file,
      changeable: false,
      reason: `Set by the file ${file}.`,
      fallback: 30,
    });
    expect(await put({ dashboard: { refresh_interval: 50 } })).toMatchObject({
      status: 409,
      body: { code: 'HW_SETTING_FIXED', detail: expect.stringContaining(file) },
    });

    await replace('refresh_interval: {{\n');
    await eventually(async () => (await settings()).problems.length === 1, {
      what: 'the broken file is told of',
      timeoutMs: SOON_MS,
    });
    expect(await preferences()).toEqual({ refresh_interval: 40, max_items_per_page: 7 });
    await replace('{}\n');
    await eventually(async () => (await preferences()).refresh_interval === 99, {
      what: 'what the file no longer says, the ConfigMap does',
      timeoutMs: SOON_MS,
    });
    await configure({ refresh_interval: null });
  });
});

describe('settings changed through the API', () => {
  it('are written beside what is there, and never answered where they are secret', async () => {
    await patch('configmap', 'headwind-config', { metadata: { annotations: { team: 'platform' } } });
    await configure({ 'somebody.else': 'keeps this' });
    await patch('secret', 'headwind-secrets', { stringData: { 'another-key': 'kept' } });
    const before = await scene.read('configmaps', 'headwind-config');

    const { status, body } = await put({
      polling: { interval: 120 },
      notifications: { webhook: { enabled: true, url: 'https://receiver.example/hunter2' } },
    });
    expect(status).toBe(200);
    const answer = SettingsAnswer.parse(body);
    expect(answer).toMatchObject({
      message: 'Configuration updated successfully',
      polling: { interval: 120 },
      notifications: { webhook: { enabled: true, url: 'set' } },
    });
    expect(JSON.stringify(body)).not.toContain('hunter2');

    const after = await scene.read('configmaps', 'headwind-config');
    expect(after.data).toEqual({ ...before.data, 'polling.interval': '120', 'webhook.enabled': 'true' });
    expect(after.metadata.labels).toEqual(before.metadata.labels);
    expect(after.metadata.annotations).toEqual(before.metadata.annotations);
    const secret = await scene.read('secrets', 'headwind-secrets');
    const decode = (key: string): string => Buffer.from(secret.data[key] ?? '', 'base64').toString();
    expect(decode('webhook-url')).toBe('https://receiver.example/hunter2');
    expect(decode('another-key')).toBe('kept');

    const cleared = await put({
      polling: { interval: null },
      notifications: { webhook: { enabled: false, url: null } },
    });
    expect(cleared.body).toMatchObject({
      polling: { interval: 300 },
      notifications: { webhook: { enabled: false, url: null } },
    });
    expect((await scene.read('secrets', 'headwind-secrets')).data).not.toHaveProperty('webhook-url');
    await configure({ 'somebody.else': null });
  });

  it('of two at once are both kept', async () => {
    const answers = await Promise.all([
      put({ observability: { influxdb: { org: 'one' } } }),
      put({ observability: { influxdb: { bucket: 'two' } } }),
      put({ notifications: { slack: { username: 'Three' } } }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await scene.read('configmaps', 'headwind-config')).data).toMatchObject({
      'observability.influxdb.org': 'one',
      'observability.influxdb.bucket': 'two',
      'slack.username': 'Three',
    });
  });

  it('are refused whole where something is wrong with them', async () => {
    expect(await put({ polling: { enabled: true, intervall: 3 } })).toMatchObject({
      status: 422,
      body: { detail: expect.stringContaining('polling.intervall') },
    });
    expect(await put({ notifications: { slack: { webhookUrl: 'http://169.254.169.254/x' } } })).toMatchObject(
      { status: 422, body: { detail: expect.stringContaining('not link-local') } },
    );
    expect((await scene.read('configmaps', 'headwind-config')).data).not.toHaveProperty('polling.enabled');
  });

  it('need a right of their own, and leave a record', async () => {
    const { reader, stranger } = scene.people;
    expect((await ask('/api/v1/settings', stranger)).status).toBe(403);
    expect((await ask('/api/v1/settings', reader)).status).toBe(200);
    expect((await put({ polling: { enabled: true } }, reader)).status).toBe(403);
    expect((await put({ polling: { enabled: true } }, stranger)).status).toBe(403);
    expect((await ask('/api/v1/dashboard/preferences', stranger)).status).toBe(200);
    const records = world
      .headwind()
      .logs()
      .filter(({ target, fields }) => target === 'headwind::audit' && fields['action'] === 'update_settings');
    const names = records.map(({ fields }) => [fields['username'], fields['result']]);
    expect(names).toContainEqual([`system:serviceaccount:${scene.namespace}:reader`, 'error']);
    expect(names).toContainEqual([`system:serviceaccount:${scene.namespace}:admin`, 'success']);
    expect(world.headwind().output().join('\n')).not.toContain('hunter2');
  });

  it('have needed no other process, and have met no mistake in the program', () => {
    expect(world.headwind().pid).toBe(pid);
    expect(bugsIn(world)).toEqual([]);
  });
});

describe('after a restart', () => {
  it('a receiver of the ConfigMap gets what it was owed', async () => {
    let status = 500;
    const slack = await startScriptedServer((_, response) => {
      response.statusCode = status;
      response.end('');
    });
    await patch('secret', 'headwind-secrets', { stringData: { 'slack-webhook-url': `${slack.url}/x` } });
    await configure({ 'slack.enabled': 'true', 'polling.enabled': 'true' });
    await aPolledWorkload('owed');
    await eventually(() => slack.requests.some(({ body }) => body.includes('owed')), {
      what: 'Slack is tried in vain',
      timeoutMs: SOON_MS * 2,
    });
    const before = slack.requests.length;
    await world.restart();
    status = 200;
    const told = await eventually(
      () => slack.requests.slice(before).find(({ body }) => body.includes('owed')),
      { what: 'Slack is told', timeoutMs: SOON_MS * 2 },
    );
    expect(told.url).toBe('/x');
    await slack.stop();
  });
});
