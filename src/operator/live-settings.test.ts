import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { eventually } from '../../test/parts/eventually.ts';
import type { LiveFilesSource } from '../config/live-files.ts';
import type { LiveSettings } from '../config/live-settings.ts';
import type { ApiCall } from '../kubernetes/api-call.ts';
import { createKubernetesClient, type KubernetesClient } from '../kubernetes/client.ts';
import { KubernetesError } from '../kubernetes/errors.ts';
import type { EventToRecord } from '../kubernetes/events.ts';
import {
  startEmbeddedKubernetes,
  type EmbeddedKubernetes,
} from '../sandbox/kubernetes/embedded-kubernetes.ts';
import { systemClock } from '../system.ts';
import { createRecordingLog, type RecordingLog } from '../telemetry/recording-log.ts';
import { createLiveSettings, type LiveSettingsStore } from './live-settings.ts';

const NAMESPACE = 'headwind-system';
const Stored = z.object({ data: z.record(z.string(), z.string()).default({}) });

let kubernetes: EmbeddedKubernetes;
let client: KubernetesClient;
let log: RecordingLog;
let events: EventToRecord[];
const started: LiveSettingsStore[] = [];

beforeEach(async () => {
  kubernetes = await startEmbeddedKubernetes({ crds: [], clock: systemClock });
  kubernetes.store.create('namespaces', { metadata: { name: NAMESPACE } });
  client = createKubernetesClient({
    connection: { server: new URL(kubernetes.url), token: () => Promise.resolve(undefined) },
  });
  log = createRecordingLog();
  events = [];
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((store) => store.stop()));
  client.close();
  await kubernetes.close();
});

interface Scene {
  readonly store: LiveSettingsStore;
  /** Every state that was told, with that before. */
  readonly told: (readonly [LiveSettings, LiveSettings])[];
}

function aScene(
  change: {
    readonly env?: Readonly<Record<string, string>>;
    readonly files?: LiveFilesSource;
    readonly client?: Pick<KubernetesClient, 'list' | 'stream' | 'request'>;
  } = {},
): Scene {
  const told: (readonly [LiveSettings, LiveSettings])[] = [];
  const store = createLiveSettings({
    env: change.env ?? {},
    files: change.files,
    client: change.client ?? client,
    namespace: NAMESPACE,
    forbidsHost: () => false,
    event: (event) => events.push(event),
    clock: systemClock,
    random: () => 0.5,
    log: log.target('settings'),
    onWatchEvent: () => undefined,
  });
  store.subscribe((now, before) => void told.push([now, before]));
  started.push(store);
  store.start();
  return { store, told };
}

const PATHS = { configmaps: 'ConfigMap', secrets: 'Secret' } as const;

async function put(
  plural: keyof typeof PATHS,
  name: string,
  data: Readonly<Record<string, string>>,
): Promise<void> {
  const path = `/api/v1/namespaces/${NAMESPACE}/${plural}`;
  const body = { apiVersion: 'v1', kind: PATHS[plural], metadata: { name, namespace: NAMESPACE }, data };
  await client.request({ method: 'POST', path, body }).catch(async () =>
    client.request({
      method: 'PATCH',
      path: `${path}/${name}`,
      contentType: 'application/merge-patch+json',
      body: { data },
    }),
  );
}
const configure = (data: Readonly<Record<string, string>>): Promise<void> =>
  put('configmaps', 'headwind-config', data);
async function stored(plural: keyof typeof PATHS, name: string): Promise<Readonly<Record<string, string>>> {
  const path = `/api/v1/namespaces/${NAMESPACE}/${plural}/${name}`;
  return Stored.parse(await client.request({ method: 'GET', path })).data;
}
const until = (what: string, check: () => boolean): Promise<boolean> => eventually(check, { what });

/** A client that answers some calls otherwise. */
function refusing(matches: (call: ApiCall) => boolean, status: number): typeof client {
  const refuse = (call: ApiCall): void => {
    if (matches(call)) throw new KubernetesError({ message: `refused ${call.method}`, status });
  };
  return {
    ...client,
    async request(call) {
      refuse(call);
      return client.request(call);
    },
    async list(call, onItem) {
      refuse(call);
      return client.list(call, onItem);
    },
  };
}

describe('live settings', () => {
  it('are those of the environment until all is known, and then those of the cluster', async () => {
    await configure({ 'polling.enabled': 'true', 'polling.interval': '60' });
    const { store, told } = aScene({ env: { HEADWIND_POLLING_INTERVAL: '90' } });
    expect(store.current().polling).toEqual({ enabled: false, intervalMs: 90_000 });
    await store.settled;
    expect(store.current().polling).toEqual({ enabled: true, intervalMs: 90_000 });
    expect(told.map(([now, before]) => [now.polling.enabled, before.polling.enabled])).toEqual([
      [true, false],
    ]);
  });

  it('follow objects that come, change and go', async () => {
    const { store } = aScene();
    await store.settled;
    await put('configmaps', 'headwind-ui-config', { 'config.yaml': 'max_items_per_page: 7' });
    await until('it counts', () => store.current().dashboard.maxItemsPerPage === 7);
    await configure({ max_items_per_page: '9' });
    await until('the other one wins', () => store.current().dashboard.maxItemsPerPage === 9);
    const path = `/api/v1/namespaces/${NAMESPACE}/configmaps/headwind-config`;
    await client.request({ method: 'DELETE', path });
    await until('and is gone', () => store.current().dashboard.maxItemsPerPage === 7);
    expect(events).toEqual([]);
  });

  it('tell of what cannot be read, once, and again when it comes again', async () => {
    await configure({ 'polling.interval': '60' });
    const { store } = aScene();
    await store.settled;
    const warnings = (): number =>
      log.entries.filter(({ level, message }) => level === 'warn' && message.includes('setting')).length;
    await configure({ 'polling.interval': 'often' });
    await until('it is told of', () => warnings() === 1);
    await configure({ refresh_interval: '60' });
    await until('something else counts', () => store.current().dashboard.refreshIntervalMs === 60_000);
    expect(store.current().polling.intervalMs).toBe(60_000);
    expect([warnings(), events.length]).toEqual([1, 1]);
    expect(events[0]).toMatchObject({
      regarding: { kind: 'ConfigMap', namespace: NAMESPACE, name: 'headwind-config' },
      type: 'Warning',
      reason: 'InvalidSetting',
    });
    expect(events[0]?.message).toContain('polling.interval in the ConfigMap headwind-config is "often"');
    await configure({ 'polling.interval': '70' });
    await until('it is mended', () => store.current().polling.intervalMs === 70_000);
    await configure({ 'polling.interval': 'often' });
    await until('it is told of again', () => warnings() === 2);
  });

  it('go on without what may not be read, and say so', async () => {
    const denied = refusing(({ path }) => path.endsWith('/secrets'), 403);
    const { store } = aScene({ client: denied });
    await store.settled;
    expect(store.view().problems).toMatchObject([
      { where: 'the Secret headwind-secrets', expected: expect.stringContaining('the right to read it') },
    ]);
  });

  it('have a listener that fails hinder no other', async () => {
    const { store, told } = aScene();
    store.subscribe(() => Promise.reject(new Error('broken')));
    await store.settled;
    await configure({ 'polling.enabled': 'true' });
    await until('the other one is told', () => told.length === 1);
    await until('it is logged', () => log.entries.some(({ level }) => level === 'error'));
    expect(store.current().polling.enabled).toBe(true);
  });

  it('are not settled by a stop', async () => {
    const { store } = aScene({ client: refusing(() => true, 500) });
    const settled = store.settled.then(
      () => 'settled',
      () => 'stopped',
    );
    await store.stop();
    expect(await settled).toBe('stopped');
  });
});

describe('a change from within', () => {
  it('is written and holds when it is answered', async () => {
    await configure({ HEADWIND_LOG: 'kept' });
    const { store } = aScene();
    await store.settled;
    const wish = {
      polling: { enabled: true },
      notifications: { slack: { enabled: true, webhookUrl: 'https://hooks.example/hunter2' } },
    };
    expect(await store.change(wish)).toEqual({
      kind: 'saved',
      changed: ['polling.enabled', 'notifications.slack.enabled', 'notifications.slack.webhookUrl'],
    });
    expect(store.current()).toMatchObject({
      polling: { enabled: true },
      notifications: { slack: { enabled: true, url: 'https://hooks.example/hunter2' } },
    });
    expect(await stored('configmaps', 'headwind-config')).toEqual({
      HEADWIND_LOG: 'kept',
      'polling.enabled': 'true',
      'slack.enabled': 'true',
    });
    expect(events).toEqual([]);
    expect(JSON.stringify(log.entries)).not.toContain('hunter2');
  });

  it('waits for what has to follow it', async () => {
    const { store } = aScene();
    await store.settled;
    let applied = false;
    store.subscribe(async () => {
      await new Promise((resolve) => void setTimeout(resolve, 20));
      applied = true;
    });
    await store.change({ polling: { enabled: true } });
    expect(applied).toBe(true);
  });

  it('makes the objects where they are missing and it may', async () => {
    const { store } = aScene();
    await store.settled;
    await store.change({ notifications: { teams: { webhookUrl: 'https://teams.example' } } });
    expect(Object.keys(await stored('secrets', 'headwind-secrets'))).toEqual(['teams-webhook-url']);
    await expect(stored('configmaps', 'headwind-config')).rejects.toThrow('not found');
  });

  it('is tried again where somebody else was first', async () => {
    await configure({});
    let conflicts = 0;
    const busy = refusing(({ method }) => method === 'PATCH' && (conflicts += 1) <= 2, 409);
    const { store } = aScene({ client: busy });
    await store.settled;
    expect(await store.change({ polling: { enabled: true } })).toMatchObject({ kind: 'saved' });
    expect(conflicts).toBe(3);
  });

  it.each([
    ['it may not be written', 403, 'Headwind may not change the ConfigMap headwind-config'],
    ['it keeps changing', 409, 'keeps changing'],
    ['it cannot be changed', 422, 'refuses to change'],
    ['there is no room for it', 500, 'refuses to change'],
  ])('is refused with a reason where %s', async (_, status, reason) => {
    await configure({});
    const { store } = aScene({ client: refusing(({ method }) => method === 'PATCH', status) });
    await store.settled;
    expect(await store.change({ polling: { enabled: true } })).toEqual({
      kind: 'unwritten',
      messages: [expect.stringContaining(reason)],
    });
    expect(store.current().polling.enabled).toBe(false);
  });

  it('rejects where the API server is away', async () => {
    await configure({});
    const { store } = aScene({ client: refusing(({ method }) => method === 'PATCH', 503) });
    await store.settled;
    await expect(store.change({ polling: { enabled: true } })).rejects.toThrow('refused PATCH');
  });
});

describe('files', () => {
  it('count when they change, and stay as they were when they break', async () => {
    let text = 'refresh_interval: 40';
    const source = (readFile: LiveFilesSource['readFile']): LiveFilesSource => ({
      configFile: '/c',
      notificationsFile: undefined,
      influxTokenFile: undefined,
      readFile,
    });
    const { store } = aScene({
      files: source((path) => Promise.resolve(path === '/c' ? text : '')),
    });
    await store.settled;
    expect(store.current().dashboard.refreshIntervalMs).toBe(40_000);
    text = 'refresh_interval: [';
    await until('it is told of', () => store.view().problems.length === 1);
    expect(store.current().dashboard.refreshIntervalMs).toBe(40_000);
    text = 'refresh_interval: 50';
    await until('it counts', () => store.current().dashboard.refreshIntervalMs === 50_000);
  });
});
