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
import {
  readSigningSecrets,
  signersOf,
  signingSecretsWithoutFile,
  type SlackSigner,
  type SlackTrust,
} from './slack-trust.ts';
import { readYamlDocument } from './yaml-document.ts';

/** Who is notified. */
export interface NotificationConfig {
  readonly targets: readonly NotificationTarget[];
  /** Who may answer in Slack. */
  readonly slack: SlackTrust;
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
const SECRETS = new Set<PropertyKey | undefined>(['url', 'webhook_url', 'secret', 'signingSecret']);

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
  const secrets = await readSigningSecrets(source);
  if (file === undefined) return secrets.ok ? ok(toConfigWithoutFile(settings, secrets.value)) : secrets;
  const document = await readYamlDocument(VARIABLE, { file, readFile });
  const problems = secrets.ok ? [] : secrets.error;
  if (!document.ok) return fail([...problems, document.error]);
  const read = await fromDocument(
    document.value ?? {},
    // That there are some is known even where they cannot be read.
    { file, readFile, env, settings, hasSigningSecret: !secrets.ok || secrets.value.length > 0 },
    signersOf(secrets.ok ? secrets.value : []),
  );
  if (secrets.ok) return read;
  return fail(read.ok ? problems : [...problems, ...read.error]);
}

/** Who is notified where no file is named. */
export function notificationsWithoutFile(settings: NotificationSettings): NotificationConfig {
  return toConfigWithoutFile(settings, signingSecretsWithoutFile(settings));
}

function toConfigWithoutFile(settings: NotificationSettings, secrets: readonly string[]): NotificationConfig {
  const signers = signersOf(secrets);
  const targets = targetsOf(settings, signers.length > 0);
  return toConfig(targets, { signers, users: new Map(), allowedUsers: undefined });
}

async function fromDocument(
  raw: unknown,
  source: NotificationsFile,
  signers: readonly SlackSigner[],
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
  const { slack, targets: entries } = parsed.data;
  const isInteractive = slack.interactive ?? signers.length > 0;
  const targets = [...targetsOf(merged, isInteractive), ...entries.map(toTarget)];
  const twice = sameNameTwice(targets, source.file);
  if (missing.length + twice.length > 0) return fail([...missing, ...twice]);
  const { users, allowedUsers } = slack;
  return ok(toConfig(targets, { signers: [...signers, ...entries.flatMap(ownSigner)], users, allowedUsers }));
}

/** What an app signs that has a secret of its own is believed about what its target is told. */
function ownSigner(entry: TargetEntry): readonly SlackSigner[] {
  if (entry.type !== 'slack') return [];
  const secret = entry.signingSecret ?? entry.signingSecretFrom;
  return secret === undefined ? [] : [{ secret, namespaces: entry.namespaces }];
}

/** What the file says about the three receivers of the environment, in which its own settings have been filled in. */
function merge(
  settings: NotificationSettings,
  { slack, teams, webhook }: NotificationsDocument,
): NotificationSettings {
  return {
    ...settings,
    slack: {
      ...settings.slack,
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
function targetsOf(settings: NotificationSettings, isInteractive: boolean): readonly NotificationTarget[] {
  const { slack, teams, webhook, retryForMs, allowLinkLocal } = settings;
  const filter = { namespaces: [], kinds: [], events: [] };
  const basics = { ...TARGET_DEFAULTS, filter, retryForMs, allowLinkLocal };
  const targets: NotificationTarget[] = [];
  if (slack.enabled && slack.url !== undefined) {
    const { url, channel: slackChannel, username, iconEmoji } = slack;
    const own = { url, slackChannel, username, iconEmoji, interactive: isInteractive };
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

function toConfig(targets: readonly NotificationTarget[], slack: SlackTrust): NotificationConfig {
  const content = JSON.stringify({ targets, slack: { ...slack, users: [...slack.users] } });
  return { targets, slack, version: createHash('sha256').update(content).digest('hex') };
}
