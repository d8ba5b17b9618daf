import type { ReceiverSettings } from './live-settings.ts';
import { NOTIFICATION_VARIABLES as own } from './notification-variables.ts';
import type { ConfigProblem, Environment } from './problem.ts';
import type { Variable } from './variables.ts';

/** What the environment says about notifications. */
export interface NotificationSettings {
  readonly slack: {
    readonly enabled: boolean;
    readonly url: string | undefined;
    readonly channel: string | undefined;
    readonly username: string;
    readonly iconEmoji: string;
    readonly signingSecret: string | undefined;
    /** The path of a file with signing secrets. */
    readonly signingSecretFile: string | undefined;
  };
  readonly teams: { readonly enabled: boolean; readonly url: string | undefined };
  readonly webhook: {
    readonly enabled: boolean;
    readonly url: string | undefined;
    readonly secret: string | undefined;
    readonly timeoutMs: number;
    readonly maxRetries: number;
  };
  /** The path of the file with further receivers. */
  readonly configFile: string | undefined;
  readonly retryForMs: number;
  readonly allowLinkLocal: boolean;
  readonly proxies: ProxySettings;
}

/** Through which proxies notifications go; one that is not set: straight. */
export interface ProxySettings {
  readonly http: string | undefined;
  readonly https: string | undefined;
  /** As written: hosts that are reached without. */
  readonly except: string | undefined;
}

/** The settings, by a function that reads one variable. */
export function collectNotifications(
  get: <T>(name: string, variable: Variable<T>) => T,
): NotificationSettings {
  const text = (name: string, variable: Variable<string | undefined>): string | undefined =>
    get<string | undefined>(name, variable);
  return {
    slack: {
      enabled: get('SLACK_ENABLED', own.SLACK_ENABLED),
      url: text('SLACK_WEBHOOK_URL', own.SLACK_WEBHOOK_URL),
      channel: text('SLACK_CHANNEL', own.SLACK_CHANNEL),
      username: get('SLACK_USERNAME', own.SLACK_USERNAME),
      iconEmoji: get('SLACK_ICON_EMOJI', own.SLACK_ICON_EMOJI),
      signingSecret: text('HEADWIND_SLACK_SIGNING_SECRET', own.HEADWIND_SLACK_SIGNING_SECRET),
      signingSecretFile: text('HEADWIND_SLACK_SIGNING_SECRET_FILE', own.HEADWIND_SLACK_SIGNING_SECRET_FILE),
    },
    teams: {
      enabled: get('TEAMS_ENABLED', own.TEAMS_ENABLED),
      url: text('TEAMS_WEBHOOK_URL', own.TEAMS_WEBHOOK_URL),
    },
    webhook: {
      enabled: get('WEBHOOK_ENABLED', own.WEBHOOK_ENABLED),
      url: text('WEBHOOK_URL', own.WEBHOOK_URL),
      secret: text('WEBHOOK_SECRET', own.WEBHOOK_SECRET),
      timeoutMs: get('WEBHOOK_TIMEOUT', own.WEBHOOK_TIMEOUT),
      maxRetries: get('WEBHOOK_MAX_RETRIES', own.WEBHOOK_MAX_RETRIES),
    },
    configFile: text('HEADWIND_NOTIFICATIONS_CONFIG', own.HEADWIND_NOTIFICATIONS_CONFIG),
    retryForMs: get('HEADWIND_NOTIFICATIONS_RETRY_FOR', own.HEADWIND_NOTIFICATIONS_RETRY_FOR),
    allowLinkLocal: get(
      'HEADWIND_NOTIFICATIONS_ALLOW_LINK_LOCAL',
      own.HEADWIND_NOTIFICATIONS_ALLOW_LINK_LOCAL,
    ),
    proxies: {
      http: text('HTTP_PROXY', own.HTTP_PROXY),
      https: text('HTTPS_PROXY', own.HTTPS_PROXY),
      except: text('NO_PROXY', own.NO_PROXY),
    },
  };
}

/** The same, with receivers that may come from elsewhere; one that has no address is none. */
export function withReceivers(
  settings: NotificationSettings,
  { slack, teams, webhook }: ReceiverSettings,
): NotificationSettings {
  return {
    ...settings,
    slack: { ...settings.slack, ...slack, enabled: slack.enabled && slack.url !== undefined },
    teams: { ...teams, enabled: teams.enabled && teams.url !== undefined },
    webhook: { ...settings.webhook, ...webhook, enabled: webhook.enabled && webhook.url !== undefined },
  };
}

/** The switches and the addresses that they need. */
const PAIRS = [
  { channel: 'slack', enabled: 'SLACK_ENABLED', url: 'SLACK_WEBHOOK_URL' },
  { channel: 'teams', enabled: 'TEAMS_ENABLED', url: 'TEAMS_WEBHOOK_URL' },
  { channel: 'webhook', enabled: 'WEBHOOK_ENABLED', url: 'WEBHOOK_URL' },
] as const;

/** What is switched on and has no address. Where there is a file, it may hold the address: then its reader decides. */
export function findMissingAddresses(
  settings: NotificationSettings,
  env: Environment,
): readonly ConfigProblem[] {
  if (settings.configFile !== undefined) return [];
  return PAIRS.filter(
    // An address that cannot be read has its problem already.
    ({ channel, url }) =>
      settings[channel].enabled && settings[channel].url === undefined && isEmpty(env[url]),
  ).map(({ enabled, url }) => missingAddress(url, enabled));
}

/** `url` and `enabled`: where each is set. */
export function missingAddress(url: string, enabled: string): ConfigProblem {
  return { variable: url, value: '', expected: `the address to notify, since ${enabled} is true` };
}

/** Addresses that nothing is sent to, since nobody has said whether anything shall be. */
export function findIdleAddresses(env: Environment): readonly ConfigProblem[] {
  return PAIRS.filter(({ enabled, url }) => !isEmpty(env[url]) && isEmpty(env[enabled])).map(
    ({ enabled, url }) => ({
      variable: url,
      value: '…',
      expected: `${enabled}=true beside it: without it nothing is sent there`,
    }),
  );
}

/** What the Rust program's chart told people to set, and what they meant. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ['HEADWIND_SLACK_WEBHOOK_URL', 'SLACK_WEBHOOK_URL and SLACK_ENABLED=true'],
  ['HEADWIND_TEAMS_WEBHOOK_URL', 'TEAMS_WEBHOOK_URL and TEAMS_ENABLED=true'],
  ['HEADWIND_GENERIC_WEBHOOK_URL', 'WEBHOOK_URL and WEBHOOK_ENABLED=true'],
]);

/** Addresses under names that were never read: to ignore them would be silence where somebody waits for messages. */
export function findOtherNames(env: Environment): readonly ConfigProblem[] {
  return [...OTHER_NAMES]
    .filter(([variable]) => !isEmpty(env[variable]))
    .map(([variable, meant]) => ({ variable, value: '…', expected: `${meant} in its place` }));
}

/** Whether `findOtherNames` speaks of it. */
export function isOtherName(variable: string): boolean {
  return OTHER_NAMES.has(variable);
}

function isEmpty(text: string | undefined): boolean {
  return text === undefined || text.trim() === '';
}
