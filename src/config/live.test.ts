import { describe, expect, it } from 'vitest';
import { planChange, type LiveWrites } from './live-change.ts';
import { NO_FILES, orderLayers, readLiveFiles, type LiveObjects } from './live-files.ts';
import { resolveLive, type LiveState } from './live-resolution.ts';
import { environmentLayer, memberOf } from './live-sources.ts';
import { LIVE_KEYS, LIVE_SETTINGS } from './live-table.ts';
import { viewLive } from './live-view.ts';
import type { Environment } from './problem.ts';

const NOTHING: LiveObjects = { configMap: {}, uiConfigMap: {}, secret: {} };
const SLACK = 'https://hooks.slack.com/services/hunter2';

interface Scene {
  readonly env?: Environment;
  readonly files?: Readonly<Record<string, string>>;
  readonly configFile?: string;
  readonly notificationsFile?: string;
  readonly influxTokenFile?: string;
  readonly objects?: Partial<LiveObjects>;
  readonly before?: LiveState;
}

async function resolved(scene: Scene): Promise<LiveState> {
  const files = await readLiveFiles({
    configFile: scene.configFile,
    notificationsFile: scene.notificationsFile,
    influxTokenFile: scene.influxTokenFile,
    readFile: (path) => {
      const text = scene.files?.[path];
      return text === undefined
        ? Promise.reject(Object.assign(new Error('no such file'), { code: 'ENOENT' }))
        : Promise.resolve(text);
    },
  });
  const layers = orderLayers(environmentLayer(scene.env ?? {}), files, { ...NOTHING, ...scene.objects });
  return resolveLive(layers, scene.before);
}

const inConfigMap = (configMap: Record<string, string>): Scene => ({ objects: { configMap } });

describe('the table', () => {
  it('has defaults that it would read', () => {
    for (const key of LIVE_KEYS) {
      const setting = LIVE_SETTINGS[key];
      const json = setting.toJson(undefined);
      if (json === null) continue;
      expect([key, setting.toJson(String(json))]).toEqual([key, json]);
    }
  });

  it('gives each setting one place in the answer', () => {
    expect(new Set(LIVE_KEYS.map(memberOf)).size).toBe(LIVE_KEYS.length);
  });
});

describe('what holds', () => {
  it('is the default where nobody says anything', () => {
    const { settings, problems } = resolveLive(
      orderLayers(environmentLayer({}), NO_FILES, NOTHING),
      undefined,
    );
    expect(settings).toMatchObject({
      polling: { enabled: false, intervalMs: 300_000 },
      helm: { autoDiscovery: true },
      controllers: { enabled: true },
      observability: { metricsBackend: 'auto', prometheus: { enabled: true }, influxdb: { enabled: false } },
      dashboard: { refreshIntervalMs: 30_000, maxItemsPerPage: 20 },
    });
    expect(problems).toEqual([]);
  });

  it('is read from flat keys of the ConfigMap, and from the Secret', async () => {
    const { settings } = await resolved({
      objects: {
        configMap: {
          'polling.enabled': 'true',
          'polling.interval': '60',
          'helm.autoDiscovery': 'false',
          'slack.enabled': 'true',
          'slack.channel': '',
          'slack.username': 'Bot',
          'observability.metricsBackend': 'prometheus',
          refresh_interval: '15',
        },
        secret: { 'slack-webhook-url': ` ${SLACK}\n`, other: 'x' },
      },
    });
    expect(settings).toMatchObject({
      polling: { enabled: true, intervalMs: 60_000 },
      helm: { autoDiscovery: false },
      notifications: { slack: { enabled: true, url: SLACK, channel: undefined, username: 'Bot' } },
      observability: { metricsBackend: 'prometheus' },
      dashboard: { refreshIntervalMs: 15_000 },
    });
  });

  it('is read from the documented config.yaml, in both ConfigMaps', async () => {
    const { settings, problems } = await resolved({
      objects: {
        configMap: {
          'config.yaml': `
polling: { enabled: yes, interval: 5m }
notifications: { slack: { iconEmoji: ':x:' } }
observability:
  metricsBackend: "influxdb"
  victoriametrics: { enabled: false, url: "http://vm:8428" }
  influxdb: { enabled: true, url: "http://influx:8086", org: o, database: b }
`,
        },
        uiConfigMap: { 'config.yaml': 'refresh_interval: 45\nmax_items_per_page: 50\n' },
        secret: { 'influxdb-token': 'hunter2' },
      },
    });
    expect(problems).toEqual([]);
    expect(settings).toMatchObject({
      polling: { enabled: true, intervalMs: 300_000 },
      notifications: { slack: { iconEmoji: ':x:' } },
      observability: {
        metricsBackend: 'influxdb',
        victoriametrics: { enabled: false, url: 'http://vm:8428' },
        influxdb: { enabled: true, org: 'o', bucket: 'b', token: 'hunter2' },
      },
      dashboard: { refreshIntervalMs: 45_000, maxItemsPerPage: 50 },
    });
  });

  it.each([
    ['the environment', { env: { HEADWIND_POLLING_INTERVAL: '10' } }, 10, 'environment'],
    ['then a named file', { configFile: '/c', files: { '/c': 'polling: { interval: 20 }' } }, 20, 'file'],
    [
      'then the usual file',
      { files: { '/etc/headwind/config.yaml': 'polling: { interval: 30 }' } },
      30,
      'file',
    ],
    [
      'then flat keys',
      inConfigMap({ 'polling.interval': '40', 'config.yaml': 'polling: { interval: 50 }' }),
      40,
      'configmap',
    ],
    ['then the document', inConfigMap({ 'config.yaml': 'polling: { interval: 50 }' }), 50, 'configmap'],
  ] satisfies readonly (readonly [string, Scene, number, string])[])(
    'is said by %s',
    async (_, scene, seconds, kind) => {
      const lower = { 'polling.interval': '40', 'config.yaml': 'polling: { interval: 50 }' };
      const { settings, origins } = await resolved({ objects: { configMap: lower }, ...scene });
      expect(settings.polling.intervalMs).toBe(seconds * 1000);
      expect(origins.get('polling.interval')?.source.kind).toBe(kind);
    },
  );

  it('is what the file with receivers says before all others', async () => {
    const { settings, origins } = await resolved({
      env: { SLACK_USERNAME: 'from the environment' },
      notificationsFile: '/n.yaml',
      files: { '/n.yaml': `slack: { enabled: true, webhook_url: ${SLACK}, username: B }\ntargets: []` },
    });
    expect(settings.notifications.slack).toMatchObject({ enabled: true, url: SLACK, username: 'B' });
    expect(origins.get('slack.username')?.fixedBy).toEqual({ kind: 'file', name: '/n.yaml' });
  });

  it('asks InfluxDB once there is a token, unless told', async () => {
    const env = { HEADWIND_INFLUXDB_TOKEN: 'hunter2' };
    expect((await resolved({ env })).settings.observability.influxdb.enabled).toBe(true);
    const off = inConfigMap({ 'observability.influxdb.enabled': 'false' });
    expect((await resolved({ ...off, env })).settings.observability.influxdb.enabled).toBe(false);
    const file = { influxTokenFile: '/token', files: { '/token': 'hunter2\n' } };
    expect((await resolved(file)).settings.observability.influxdb.token).toBe('hunter2');
  });
});

describe('what cannot be read', () => {
  it('leaves the last good value and tells what would be right', async () => {
    const before = await resolved(inConfigMap({ 'polling.enabled': 'true', 'polling.interval': '60' }));
    const after = await resolved({
      ...inConfigMap({ 'polling.enabled': 'treu', 'polling.interval': '-5' }),
      before,
    });
    expect(after.settings.polling).toEqual({ enabled: true, intervalMs: 60_000 });
    expect(after.problems).toMatchObject([
      {
        key: 'polling.enabled',
        value: 'treu',
        effect: 'last-good',
        expected: expect.stringContaining('true'),
      },
      { key: 'polling.interval', value: '-5', effect: 'last-good' },
    ]);
    // And again: what is remembered is the good one.
    const later = await resolved({ ...inConfigMap({ 'polling.enabled': 'treu' }), before: after });
    expect(later.settings.polling).toEqual({ enabled: true, intervalMs: 300_000 });
  });

  it('leaves what a document said that is no longer one', async () => {
    const before = await resolved(inConfigMap({ 'config.yaml': 'polling: { enabled: true }' }));
    const after = await resolved({ ...inConfigMap({ 'config.yaml': 'polling: {{' }), before });
    expect(after.settings.polling.enabled).toBe(true);
    expect(after.problems).toMatchObject([
      { key: '', effect: 'last-good', expected: expect.stringContaining('a YAML file') },
    ]);
  });

  it('leaves what a file said that is gone, if it is named', async () => {
    const configFile = '/c';
    const before = await resolved({ configFile, files: { '/c': 'polling: { enabled: true }' } });
    const after = await resolved({ configFile, before });
    expect(after.settings.polling.enabled).toBe(true);
    expect(after.problems).toHaveLength(1);
  });

  it.each([
    ['a switch', inConfigMap({ 'controllers.enabled': 'flase' })],
    ['a document that may have held it', inConfigMap({ 'config.yaml': '{{' })],
  ])('keeps a fresh process from acting where it is %s', async (_, scene) => {
    expect((await resolved(scene)).settings.controllers.enabled).toBe(false);
    const others = { objects: { uiConfigMap: { 'config.yaml': '{{' } } };
    expect((await resolved(others)).settings.controllers.enabled).toBe(true);
  });

  it('never shows a secret', async () => {
    const state = await resolved({
      objects: {
        configMap: { 'observability.influxdb.token': 'hun ter2', 'slack.webhookUrl': SLACK },
        secret: { 'teams-webhook-url': 'hunter2', 'webhook-url': 'https://x.example/hunter2' },
      },
    });
    expect(state.problems.map(({ key, effect }) => [key, effect])).toEqual([
      ['slack.webhookUrl', 'used'],
      ['teams-webhook-url', 'default'],
      ['observability.influxdb.token', 'default'],
    ]);
    const shown = JSON.stringify([viewLive(state), state.problems]);
    expect(shown).not.toContain('hunter2');
    expect(shown).not.toContain('ter2');
  });

  it.each([
    [{ 'poling.enabled': 'true' }, 'poling.enabled', 'polling.enabled, if that is meant'],
    [{ 'config.yaml': 'observability: auto' }, 'observability', 'a table of metricsBackend, prometheus'],
    [{ 'config.yaml': 'colour: red' }, 'colour', 'nothing: there is no such setting'],
    [{ 'config.yaml': '- a' }, '', 'a table of settings'],
  ])('is told of where it means nothing: %j', async (configMap, key, expected) => {
    expect((await resolved(inConfigMap(configMap))).problems).toMatchObject([
      { key, expected: expect.stringContaining(expected) },
    ]);
  });

  it('says nothing of variables and files that stand in the same ConfigMap', async () => {
    const configMap = { HEADWIND_LOG: 'info', 'registries.yaml': 'x', 'ca.crt': 'x', _X: '' };
    expect((await resolved(inConfigMap(configMap))).problems).toEqual([]);
  });

  it('does not let the dashboard’s ConfigMap switch on what is none of its business', async () => {
    const state = await resolved({ objects: { uiConfigMap: { 'polling.enabled': 'true' } } });
    expect(state.settings.polling.enabled).toBe(false);
    expect(state.problems).toHaveLength(1);
  });

  it('tells what is switched on and has no address', async () => {
    const { problems } = await resolved(inConfigMap({ 'teams.enabled': 'true' }));
    expect(problems).toMatchObject([
      { key: 'teams.enabled', expected: expect.stringContaining('teams-webhook-url') },
    ]);
  });
});

describe('a change', () => {
  const plan = async (body: object, scene: Scene = {}): Promise<LiveWrites | readonly string[]> => {
    const state = await resolved(scene);
    const planned = planChange(body, { state, forbidsHost: (host) => host === '169.254.169.254' });
    return planned.ok ? planned.value : [planned.error.kind, ...planned.error.messages];
  };

  it('writes what is sent and differs, and nothing else', async () => {
    expect(
      await plan({ polling: { enabled: true, interval: 300 }, dashboard: { refresh_interval: '1m' } }),
    ).toEqual({
      configMap: { 'polling.enabled': 'true', refresh_interval: '1m' },
      secret: {},
      changed: ['polling.enabled', 'refresh_interval'],
    });
  });

  it('takes back a whole answer as no change', async () => {
    const scene: Scene = {
      env: { HEADWIND_POLLING_INTERVAL: '90' },
      objects: { configMap: { 'slack.enabled': 'true' }, secret: { 'slack-webhook-url': SLACK } },
    };
    const { settings, ...rest } = viewLive(await resolved(scene));
    expect(await plan({ ...settings, ...rest }, scene)).toEqual({ configMap: {}, secret: {}, changed: [] });
  });

  it('puts secrets into the Secret, and takes them out of the ConfigMap', async () => {
    const token = 'observability.influxdb.token';
    const writes = await plan(
      { notifications: { slack: { webhookUrl: SLACK } }, observability: { influxdb: { token: null } } },
      inConfigMap({ [token]: 'hunter2' }),
    );
    expect(writes).toMatchObject({
      configMap: { 'slack.webhookUrl': null, [token]: null },
      secret: { 'slack-webhook-url': SLACK, 'influxdb-token': null },
    });
  });

  it('takes a value back with null, however it is spelled', async () => {
    expect(
      await plan(
        { notifications: { slack: { iconEmoji: null } } },
        inConfigMap({ 'slack.icon_emoji': ':x:' }),
      ),
    ).toMatchObject({ configMap: { 'slack.iconEmoji': null, 'slack.icon_emoji': null } });
  });

  it('mends what cannot be read, also with the value that holds', async () => {
    expect(
      await plan({ polling: { enabled: false } }, inConfigMap({ 'polling.enabled': 'x' })),
    ).toMatchObject({ configMap: { 'polling.enabled': 'false' } });
  });

  it.each([
    [{ polling: { intervall: 3 } }, 'polling.intervall: expected polling.interval, if that is meant'],
    [{ polling: { interval: 0.5 } }, 'polling.interval: expected'],
    [{ polling: true }, 'polling: expected a table of enabled, interval'],
    [{ polling: { enabled: [true] } }, 'polling.enabled: expected true or false'],
    [{ notifications: { slack: { enabled: true } } }, 'notifications.slack.webhookUrl: expected the address'],
    [
      { notifications: { teams: { webhookUrl: 'ftp://x' } } },
      'notifications.teams.webhookUrl: expected an http',
    ],
    [
      { notifications: { webhook: { url: 'http://169.254.169.254/' } } },
      'notifications.webhook.url: expected an address that is not link-local',
    ],
    [
      { observability: { prometheus: { url: 'http://169.254.169.254' } } },
      'observability.prometheus.url: expected an address',
    ],
    [{ dashboard: { max_items_per_page: 5000 } }, 'dashboard.max_items_per_page: expected'],
  ])('is refused whole: %j', async (body, message) => {
    expect(await plan(body)).toEqual(['invalid', expect.stringContaining(message)]);
  });

  it('is refused where the environment or a file says what holds', async () => {
    const scene = {
      env: { HEADWIND_POLLING_ENABLED: 'true' },
      configFile: '/c',
      files: { '/c': 'helm: { autoDiscovery: false }' },
    };
    const body = { polling: { enabled: false }, helm: { autoDiscovery: true } };
    expect(await plan(body, scene)).toEqual([
      'fixed',
      'polling.enabled is set by the environment variable HEADWIND_POLLING_ENABLED',
      'helm.autoDiscovery is set by the file /c',
    ]);
  });
});

describe('the view', () => {
  it('has exactly the documented shape, secrets as marks, and where each value comes from', async () => {
    const view = viewLive(
      await resolved({
        env: { HEADWIND_POLLING_ENABLED: 'true' },
        objects: { secret: { 'slack-webhook-url': SLACK } },
      }),
    );
    expect(view.settings).toMatchObject({
      polling: { enabled: true, interval: 300 },
      helm: { autoDiscovery: true },
      controllers: { enabled: true },
      notifications: {
        slack: { enabled: false, webhookUrl: 'set', channel: null, username: 'Headwind' },
        teams: { enabled: false, webhookUrl: null },
        webhook: { enabled: false, url: null },
      },
      observability: {
        metricsBackend: 'auto',
        influxdb: { org: 'headwind', bucket: 'metrics', token: null },
      },
      dashboard: { refresh_interval: 30, max_items_per_page: 20 },
    });
    expect(view.sources['polling.enabled']).toEqual({
      from: 'environment',
      name: 'HEADWIND_POLLING_ENABLED',
      changeable: false,
      reason: 'Set by the environment variable HEADWIND_POLLING_ENABLED.',
      fallback: false,
    });
    expect(view.sources['notifications.slack.webhookUrl']).toMatchObject({
      from: 'secret',
      changeable: true,
    });
  });
});
