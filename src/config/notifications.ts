import { createHash } from 'node:crypto';
import { fail, ok, type Result } from '../core/result.ts';
import { place, problemsOf } from './document-problems.ts';
import { missingAddress, type NotificationSettings } from './notification-settings.ts';
import { RATES, TARGET_DEFAULTS, type NotificationTarget } from './notification-target.ts';
import {
  checkNotifications,
  type NotificationsDocument,
  type NotificationsFile,
  type TargetEntry,
} from './notifications-schema.ts';
import type { ConfigProblem, Environment } from './problem.ts';
import { readYamlDocument } from './yaml-document.ts';

/** Who is notified. */
export interface NotificationConfig {
  readonly targets: readonly NotificationTarget[];
  /** The same for the same content; nothing that could be turned back into it. */
  readonly version: string;
}

export interface NotificationSource {
  readonly settings: NotificationSettings;
  /** Where secrets are found that the file refers to. */
  readonly env: Environment;
  readonly readFile: (path: string) => Promise<string>;
}

const VARIABLE = 'HEADWIND_NOTIFICATIONS_CONFIG';
/** What may be a secret, by its key. */
const SECRETS = new Set<PropertyKey | undefined>(['url', 'webhook_url', 'secret']);

/**
 * Reads who is notified: what the environment says, and the file that `HEADWIND_NOTIFICATIONS_CONFIG` names, with the
 * files that it names (relative paths from where it stands). The failure lists all that is wrong, each with its place and
 * without secrets:
 *
 *     targets:
 *       - name: shop
 *         type: slack
 *         urlFrom: { file: /var/run/secrets/headwind/shop-slack }
 *         namespaces: [shop, shop-*]
 *         events: [update_failed, rollback_*]
 */
export async function readNotifications(
  source: NotificationSource,
): Promise<Result<NotificationConfig, readonly ConfigProblem[]>> {
  const { settings, readFile, env } = source;
  const { configFile: file } = settings;
  if (file === undefined) return ok(notificationsWithoutFile(settings));
  const document = await readYamlDocument(VARIABLE, { file, readFile });
  if (!document.ok) return fail([document.error]);
  return fromDocument(document.value ?? {}, { file, readFile, env, settings });
}

/** Who is notified where no file is named. */
export function notificationsWithoutFile(settings: NotificationSettings): NotificationConfig {
  return toConfig(targetsOf(settings));
}

async function fromDocument(
  raw: unknown,
  source: NotificationsFile,
): Promise<Result<NotificationConfig, readonly ConfigProblem[]>> {
  const parsed = await checkNotifications(raw, source);
  const problems = (parsed.error?.issues ?? []).flatMap((issue) => {
    const isSecret = SECRETS.has(issue.path.at(-1));
    return problemsOf(issue, raw, source.file).map((problem) =>
      isSecret ? { ...problem, value: '…' } : problem,
    );
  });
  if (!parsed.success) return fail(problems);
  const merged = merge(source.settings, parsed.data);
  const missing = (['slack', 'teams', 'webhook'] as const).flatMap((channel) =>
    merged[channel].enabled && merged[channel].url === undefined
      ? [
          missingAddress(
            place(source.file, [channel, channel === 'webhook' ? 'url' : 'webhook_url']),
            `${channel}.enabled`,
          ),
        ]
      : [],
  );
  const targets = [...targetsOf(merged), ...parsed.data.targets.map(toTarget)];
  const twice = sameNameTwice(targets, source.file);
  return missing.length + twice.length === 0 ? ok(toConfig(targets)) : fail([...missing, ...twice]);
}

/** What the file says about the three receivers of the environment, in which its own settings have been filled in. */
function merge(
  settings: NotificationSettings,
  { slack, teams, webhook }: NotificationsDocument,
): NotificationSettings {
  return {
    ...settings,
    slack: {
      enabled: slack.enabled,
      url: slack.webhook_url,
      channel: slack.channel,
      username: slack.username,
      iconEmoji: slack.icon_emoji,
    },
    teams: { enabled: teams.enabled, url: teams.webhook_url },
    webhook: {
      enabled: webhook.enabled,
      url: webhook.url,
      secret: webhook.secret,
      timeoutMs: webhook.timeout_seconds,
      maxRetries: webhook.max_retries,
    },
  };
}

/** The receivers that the environment switches on. */
function targetsOf(settings: NotificationSettings): readonly NotificationTarget[] {
  const { slack, teams, webhook, retryForMs, allowLinkLocal } = settings;
  const filter = { namespaces: [], kinds: [], events: [] };
  const basics = { ...TARGET_DEFAULTS, filter, retryForMs, allowLinkLocal };
  const targets: NotificationTarget[] = [];
  if (slack.enabled && slack.url !== undefined) {
    const { url, channel: slackChannel, username, iconEmoji } = slack;
    const own = { url, slackChannel, username, iconEmoji, interactive: false };
    targets.push({ ...basics, ...own, id: 'slack', channel: 'slack', perSecond: RATES.slack });
  }
  if (teams.enabled && teams.url !== undefined)
    targets.push({ ...basics, url: teams.url, id: 'teams', channel: 'teams', perSecond: RATES.teams });
  if (webhook.enabled && webhook.url !== undefined) {
    const { url, secret, timeoutMs, maxRetries } = webhook;
    const own = { url, secret, timeoutMs, maxRetries };
    targets.push({ ...basics, ...own, id: 'webhook', channel: 'webhook', perSecond: RATES.webhook });
  }
  return targets;
}

function toTarget(entry: TargetEntry): NotificationTarget {
  const { maxRetries, perSecond, ca, allowLinkLocal, namespaces, kinds, events } = entry;
  const basics = {
    id: entry.name,
    url: entry.url ?? entry.urlFrom ?? '',
    filter: { namespaces, kinds, events: [...new Set(events.flat())] },
    timeoutMs: entry.timeout,
    maxRetries,
    retryForMs: entry.retryFor,
    perSecond,
    ca,
    allowLinkLocal,
  };
  if (entry.type === 'teams') return { ...basics, channel: 'teams' };
  if (entry.type === 'webhook')
    return { ...basics, channel: 'webhook', secret: entry.secret ?? entry.secretFrom };
  const { channel: slackChannel, username, iconEmoji, interactive } = entry;
  return { ...basics, channel: 'slack', slackChannel, username, iconEmoji, interactive };
}

/** What is owed is written down by name: two of one name would get each other's. */
function sameNameTwice(targets: readonly NotificationTarget[], file: string): readonly ConfigProblem[] {
  const names = targets.map(({ id }) => id);
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))].map((name) => ({
    variable: place(file, ['targets']),
    value: name,
    expected: 'another name for each receiver (slack, teams and webhook are those of the environment)',
  }));
}

function toConfig(targets: readonly NotificationTarget[]): NotificationConfig {
  return { targets, version: createHash('sha256').update(JSON.stringify(targets)).digest('hex') };
}
