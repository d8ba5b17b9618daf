import { parseDuration } from '../core/duration.ts';
import { fail } from '../core/result.ts';
import type { LiveSettings, MetricsBackend } from './live-settings.ts';
import { METRICS_VARIABLES as metrics } from './metrics-variables.ts';
import { NOTIFICATION_VARIABLES as receivers } from './notification-variables.ts';
import { readBoolean, readWhole, type Reader } from './values.ts';
import { VARIABLES as own, type Variable } from './variables.ts';

/** What a value looks like in JSON. */
export type JsonScalar = string | number | boolean | null;

/** One thing that can be changed while Headwind runs: how it is written in ConfigMaps, files and JSON. */
export interface LiveSetting<T> {
  readonly read: Reader<T>;
  /** What counts where nobody says anything. */
  readonly fallback: T;
  /** The value that a text stands for, as JSON; durations in seconds. That of the default where there is no text. */
  readonly toJson: (text: string | undefined) => JsonScalar;
  readonly description: string;
  /** The environment variable that says the same, and wins. */
  readonly variable?: string;
  /** Under which key of the Secret it is kept; it is shown to nobody then. */
  readonly secretKey?: string;
  /** Other spellings of the key, as they have been documented. */
  readonly aliases?: readonly string[];
  /** What counts where it cannot be read and nothing was known before: what does less. */
  readonly careful?: string;
}

/** The most rows on a page of the dashboard. */
const MAX_ITEMS = 500;
const REFRESH_FROM_MS = 5000;
const REFRESH_TO_MS = 3_600_000;

/** How often a page looks for news, in milliseconds. */
const readRefresh: Reader<number> = (text) => {
  const parsed = parseDuration(text);
  return parsed.ok && parsed.value >= REFRESH_FROM_MS && parsed.value <= REFRESH_TO_MS
    ? parsed
    : fail('seconds (30) or a duration, from 5s to 1h');
};

const isTrue = (value: boolean): JsonScalar => value;
const asText = (value: string | undefined): JsonScalar => value ?? null;
const inSeconds = (value: number): JsonScalar => value / 1000;

/** What each of them is, by the key that stands in the ConfigMap; durations are in milliseconds. */
export interface LiveValues {
  readonly 'polling.enabled': boolean;
  readonly 'polling.interval': number;
  readonly 'helm.autoDiscovery': boolean;
  readonly 'controllers.enabled': boolean;
  readonly 'slack.enabled': boolean;
  readonly 'slack.webhookUrl': string | undefined;
  readonly 'slack.channel': string | undefined;
  readonly 'slack.username': string;
  readonly 'slack.iconEmoji': string;
  readonly 'teams.enabled': boolean;
  readonly 'teams.webhookUrl': string | undefined;
  readonly 'webhook.enabled': boolean;
  readonly 'webhook.url': string | undefined;
  readonly 'webhook.secret': string | undefined;
  readonly 'observability.metricsBackend': MetricsBackend;
  readonly 'observability.prometheus.enabled': boolean;
  readonly 'observability.prometheus.url': string;
  readonly 'observability.victoriametrics.enabled': boolean;
  readonly 'observability.victoriametrics.url': string;
  readonly 'observability.influxdb.enabled': boolean;
  readonly 'observability.influxdb.url': string;
  readonly 'observability.influxdb.org': string;
  readonly 'observability.influxdb.bucket': string;
  readonly 'observability.influxdb.token': string | undefined;
  readonly refresh_interval: number;
  readonly max_items_per_page: number;
}
export type LiveKey = keyof LiveValues;

/** The one table of what can be set while Headwind runs: read from everywhere by it, written and shown by it. */
export const LIVE_SETTINGS: { readonly [Key in LiveKey]: LiveSetting<LiveValues[Key]> } = {
  'polling.enabled': of('HEADWIND_POLLING_ENABLED', own.HEADWIND_POLLING_ENABLED, isTrue),
  'polling.interval': of('HEADWIND_POLLING_INTERVAL', own.HEADWIND_POLLING_INTERVAL, inSeconds),
  'helm.autoDiscovery': of('HEADWIND_HELM_AUTO_DISCOVERY', own.HEADWIND_HELM_AUTO_DISCOVERY, isTrue),
  'controllers.enabled': {
    ...of('HEADWIND_CONTROLLERS_ENABLED', own.HEADWIND_CONTROLLERS_ENABLED, isTrue),
    careful: 'false',
  },
  'slack.enabled': of('SLACK_ENABLED', receivers.SLACK_ENABLED, isTrue),
  'slack.webhookUrl': {
    ...of('SLACK_WEBHOOK_URL', receivers.SLACK_WEBHOOK_URL, asText),
    secretKey: 'slack-webhook-url',
    aliases: ['slack.webhook_url'],
  },
  'slack.channel': of('SLACK_CHANNEL', receivers.SLACK_CHANNEL, asText),
  'slack.username': of('SLACK_USERNAME', receivers.SLACK_USERNAME, asText),
  'slack.iconEmoji': {
    ...of('SLACK_ICON_EMOJI', receivers.SLACK_ICON_EMOJI, asText),
    aliases: ['slack.icon_emoji'],
  },
  'teams.enabled': of('TEAMS_ENABLED', receivers.TEAMS_ENABLED, isTrue),
  'teams.webhookUrl': {
    ...of('TEAMS_WEBHOOK_URL', receivers.TEAMS_WEBHOOK_URL, asText),
    secretKey: 'teams-webhook-url',
    aliases: ['teams.webhook_url'],
  },
  'webhook.enabled': of('WEBHOOK_ENABLED', receivers.WEBHOOK_ENABLED, isTrue),
  'webhook.url': { ...of('WEBHOOK_URL', receivers.WEBHOOK_URL, asText), secretKey: 'webhook-url' },
  'webhook.secret': {
    ...of('WEBHOOK_SECRET', receivers.WEBHOOK_SECRET, asText),
    secretKey: 'webhook-secret',
  },
  'observability.metricsBackend': of('HEADWIND_METRICS_BACKEND', metrics.HEADWIND_METRICS_BACKEND, asText),
  'observability.prometheus.enabled': plain(readBoolean, true, isTrue, 'Whether `auto` asks Prometheus'),
  'observability.prometheus.url': of('HEADWIND_PROMETHEUS_URL', metrics.HEADWIND_PROMETHEUS_URL, asText),
  'observability.victoriametrics.enabled': plain(
    readBoolean,
    true,
    isTrue,
    'Whether `auto` asks VictoriaMetrics',
  ),
  'observability.victoriametrics.url': of(
    'HEADWIND_VICTORIAMETRICS_URL',
    metrics.HEADWIND_VICTORIAMETRICS_URL,
    asText,
  ),
  'observability.influxdb.enabled': plain(readBoolean, false, isTrue, 'Whether `auto` asks InfluxDB v2'),
  'observability.influxdb.url': of('HEADWIND_INFLUXDB_URL', metrics.HEADWIND_INFLUXDB_URL, asText),
  'observability.influxdb.org': of('HEADWIND_INFLUXDB_ORG', metrics.HEADWIND_INFLUXDB_ORG, asText),
  'observability.influxdb.bucket': {
    ...of('HEADWIND_INFLUXDB_BUCKET', metrics.HEADWIND_INFLUXDB_BUCKET, asText),
    aliases: ['observability.influxdb.database'],
  },
  'observability.influxdb.token': {
    ...of('HEADWIND_INFLUXDB_TOKEN', metrics.HEADWIND_INFLUXDB_TOKEN, asText),
    secretKey: 'influxdb-token',
  },
  refresh_interval: plain(
    readRefresh,
    30_000,
    inSeconds,
    'How often the dashboard looks for news where none can be sent to it',
  ),
  max_items_per_page: plain(
    readWhole(1, MAX_ITEMS),
    20,
    (value) => value,
    'How many rows the dashboard shows on a page',
  ),
};

/** The keys in the table's order. */
export const LIVE_KEYS: readonly LiveKey[] = Object.keys(LIVE_SETTINGS).filter(isLiveKey);

/** Whether the table has this key. */
export function isLiveKey(key: string): key is LiveKey {
  return Object.hasOwn(LIVE_SETTINGS, key);
}

/** Builds the settings by a function that tells one value. */
export function collectLive(get: <Key extends LiveKey>(key: Key) => LiveValues[Key]): LiveSettings {
  return {
    polling: { enabled: get('polling.enabled'), intervalMs: get('polling.interval') },
    helm: { autoDiscovery: get('helm.autoDiscovery') },
    controllers: { enabled: get('controllers.enabled') },
    notifications: {
      slack: {
        enabled: get('slack.enabled'),
        url: get('slack.webhookUrl'),
        channel: get('slack.channel'),
        username: get('slack.username'),
        iconEmoji: get('slack.iconEmoji'),
      },
      teams: { enabled: get('teams.enabled'), url: get('teams.webhookUrl') },
      webhook: {
        enabled: get('webhook.enabled'),
        url: get('webhook.url'),
        secret: get('webhook.secret'),
      },
    },
    observability: {
      metricsBackend: get('observability.metricsBackend'),
      prometheus: {
        enabled: get('observability.prometheus.enabled'),
        url: get('observability.prometheus.url'),
      },
      victoriametrics: {
        enabled: get('observability.victoriametrics.enabled'),
        url: get('observability.victoriametrics.url'),
      },
      influxdb: {
        enabled: get('observability.influxdb.enabled'),
        url: get('observability.influxdb.url'),
        org: get('observability.influxdb.org'),
        bucket: get('observability.influxdb.bucket'),
        token: get('observability.influxdb.token'),
      },
    },
    dashboard: {
      refreshIntervalMs: get('refresh_interval'),
      maxItemsPerPage: get('max_items_per_page'),
    },
  };
}

function of<T>(
  variable: string,
  { read, fallback, description }: Pick<Variable<T>, 'read' | 'fallback' | 'description'>,
  asJson: (value: NoInfer<T>) => JsonScalar,
): LiveSetting<T> {
  return { ...plain(read, fallback, asJson, description), variable };
}

function plain<T>(
  read: Reader<T>,
  fallback: NoInfer<T>,
  asJson: (value: NoInfer<T>) => JsonScalar,
  description: string,
): LiveSetting<T> {
  const toJson = (text: string | undefined): JsonScalar => asJson(valueOf({ read, fallback }, text));
  return { read, fallback, toJson, description };
}

/** What a text stands for; the default where there is none, or it cannot be read. */
export function valueOf<T>(
  { read, fallback }: Pick<LiveSetting<T>, 'read' | 'fallback'>,
  text: string | undefined,
): T {
  const parsed = text === undefined ? undefined : read(text);
  return parsed?.ok === true ? parsed.value : fallback;
}
