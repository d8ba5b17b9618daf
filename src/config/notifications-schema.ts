import { X509Certificate } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { NOTIFICATION_EVENTS, type NotificationEvent } from '../core/notification-event.ts';
import { compileGlob, type Pattern } from '../core/pattern.ts';
import type { WorkloadKind } from '../core/workload.ts';
import {
  readEmoji,
  readReceiverUrl,
  readRetryTime,
  readShortText,
  readSigningKey,
  readSlackSecret,
  readSlackUser,
  readTimeout,
} from './notification-values.ts';
import type { NotificationSettings } from './notification-settings.ts';
import { RATES, TARGET_DEFAULTS } from './notification-target.ts';
import type { SlackIdentity } from './slack-trust.ts';
import type { Environment } from './problem.ts';
import type { Reader } from './values.ts';
import { codeOf, type ConfigFile } from './yaml-document.ts';

/** Where the file stands, where secrets are found that it does not hold itself, and what counts where it says nothing. */
export interface NotificationsFile extends ConfigFile {
  readonly env: Environment;
  readonly settings: NotificationSettings;
  /** Whether a Slack app is believed that all targets may share. */
  readonly hasSigningSecret: boolean;
}

const KINDS = [
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'HelmRelease',
] as const satisfies readonly WorkloadKind[];
const MAX_TARGETS = 50;
const MAX_FILTER = 100;
const MAX_SLACK_USERS = 1000;
const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]{1,65536}-----END CERTIFICATE-----/g;
const NAME_EXPECTED = 'a name of at most 63 lower-case letters, digits and -';

/** Checks what stands in the file; secrets and certificates are read on the way, so that one pass finds all problems. */
export function checkNotifications(
  raw: unknown,
  source: NotificationsFile,
): Promise<z.ZodSafeParseResult<NotificationsDocument>> {
  return documentSchema(source).safeParseAsync(raw);
}

/** The file's content; what it leaves out has been filled in. */
export type NotificationsDocument = z.infer<ReturnType<typeof documentSchema>>;
export type TargetEntry = NotificationsDocument['targets'][number];

function documentSchema(source: NotificationsFile) {
  const { slack, teams, webhook } = source.settings;
  // `slack`, `teams` and `webhook` have the shape that was documented for a ConfigMap.
  return table({
    slack: table({
      enabled: or(flag(), slack.enabled),
      webhook_url: or(text(readReceiverUrl), slack.url),
      channel: or(text(readShortText), slack.channel),
      username: or(text(readShortText), slack.username),
      icon_emoji: or(text(readEmoji), slack.iconEmoji),
      interactive: flag().optional(),
      users: or(slackUsers(), new Map<string, SlackIdentity>()),
      allowedUsers: listOf(text(readSlackUser), MAX_SLACK_USERS).optional(),
    })
      .refine(({ interactive }) => interactive !== true || source.hasSigningSecret, {
        path: ['interactive'],
        error: `false, or ${SIGNING_VARIABLE}: ${WHY_SIGNED}`,
      })
      .prefault({}),
    teams: table({
      enabled: or(flag(), teams.enabled),
      webhook_url: or(text(readReceiverUrl), teams.url),
    }).prefault({}),
    webhook: table({
      enabled: or(flag(), webhook.enabled),
      url: or(text(readReceiverUrl), webhook.url),
      secret: or(text(readSigningKey), webhook.secret),
      timeout_seconds: or(duration(readTimeout), webhook.timeoutMs),
      max_retries: or(retries(), webhook.maxRetries),
    }).prefault({}),
    targets: or(
      z
        .array(targetSchema(source), 'a list of receivers')
        .max(MAX_TARGETS, `at most ${MAX_TARGETS} receivers`),
      [],
    ),
  });
}

function targetSchema(source: NotificationsFile) {
  const { slack, retryForMs, allowLinkLocal } = source.settings;
  const common = {
    name: z.string(NAME_EXPECTED).regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, NAME_EXPECTED),
    url: text(readReceiverUrl).optional(),
    urlFrom: reference(source, readReceiverUrl).optional(),
    namespaces: or(listOf(z.string('the name of a namespace, or a glob').transform(readGlob)), []),
    kinds: or(listOf(z.enum(KINDS, `one of ${KINDS.join(', ')}`)), []),
    events: or(listOf(z.string(EVENTS_EXPECTED).transform(readEvents)), []),
    timeout: or(duration(readTimeout), TARGET_DEFAULTS.timeoutMs),
    maxRetries: or(retries(), TARGET_DEFAULTS.maxRetries),
    retryFor: or(duration(readRetryTime), retryForMs),
    ca: z
      .string('the path of a PEM file')
      .transform(async (path, context) => readCertificates(path, context, source))
      .optional(),
    allowLinkLocal: or(flag(), allowLinkLocal),
  };
  const slackTarget = z.strictObject({
    ...common,
    type: z.literal('slack'),
    perSecond: or(rate(), RATES.slack),
    channel: text(readShortText).optional(),
    username: or(text(readShortText), slack.username),
    iconEmoji: or(text(readEmoji), slack.iconEmoji),
    interactive: or(flag(), false),
    signingSecret: text(readSlackSecret).optional(),
    signingSecretFrom: reference(source, readSlackSecret).optional(),
  });
  const teamsTarget = z.strictObject({
    ...common,
    type: z.literal('teams'),
    perSecond: or(rate(), RATES.teams),
  });
  const webhookTarget = z.strictObject({
    ...common,
    type: z.literal('webhook'),
    perSecond: or(rate(), RATES.webhook),
    secret: text(readSigningKey).optional(),
    secretFrom: reference(source, readSigningKey).optional(),
  });
  return z
    .discriminatedUnion('type', [slackTarget, teamsTarget, webhookTarget], {
      error: ({ input }) =>
        typeof input === 'object' && input !== null && !Array.isArray(input)
          ? 'one of slack, teams, webhook'
          : 'a table of name, type, url and more',
    })
    .refine(({ url, urlFrom }) => (url === undefined) !== (urlFrom === undefined), {
      path: ['url'],
      error: 'either url or urlFrom',
    })
    .refine(
      (entry) => entry.type !== 'webhook' || entry.secret === undefined || entry.secretFrom === undefined,
      { path: ['secret'], error: 'either secret or secretFrom' },
    )
    .refine(
      (entry) =>
        entry.type !== 'slack' || entry.signingSecret === undefined || entry.signingSecretFrom === undefined,
      { path: ['signingSecret'], error: 'either signingSecret or signingSecretFrom' },
    )
    .refine(
      (entry) =>
        entry.type !== 'slack' ||
        !entry.interactive ||
        source.hasSigningSecret ||
        (entry.signingSecret ?? entry.signingSecretFrom) !== undefined,
      {
        path: ['interactive'],
        error: `false, or signingSecretFrom beside it, or ${SIGNING_VARIABLE}: ${WHY_SIGNED}`,
      },
    );
}

const SIGNING_VARIABLE = 'HEADWIND_SLACK_SIGNING_SECRET';
const WHY_SIGNED = 'by the signing secret of the Slack app its answers are believed';
const PERSON_EXPECTED = 'a table of username and groups, as Kubernetes knows the person';
const NAME_IN_KUBERNETES = 'a name of 1 to 256 visible characters';

/** Who the people in Slack are in Kubernetes, by their ids. */
function slackUsers() {
  const name = z.string(NAME_IN_KUBERNETES).regex(/^\P{C}{1,256}$/u, NAME_IN_KUBERNETES);
  const person = z.strictObject(
    { username: name, groups: or(listOf(name), []) },
    { error: (issue) => (issue.code === 'invalid_type' ? PERSON_EXPECTED : undefined) },
  );
  const expected = 'a table of Slack user ids, each with username and groups';
  return z
    .record(z.string(), person, expected)
    .refine((people) => Object.keys(people).length <= MAX_SLACK_USERS, `at most ${MAX_SLACK_USERS} people`)
    .transform((people, context): ReadonlyMap<string, SlackIdentity> => {
      for (const id of Object.keys(people)) {
        const read = readSlackUser(id);
        if (!read.ok) context.addIssue({ code: 'custom', path: [id], message: read.error });
      }
      return new Map(Object.entries(people));
    });
}

/** What counts where the file says nothing. */
function or<T extends z.ZodType, F>(schema: T, fallback: F) {
  return schema.optional().transform((value) => value ?? fallback);
}

function table<const T extends z.ZodRawShape>(shape: T) {
  return z.strictObject(shape, {
    // What the issue says about unknown keys is made of the keys themselves.
    error: (issue) =>
      issue.code === 'invalid_type' ? `a table of ${Object.keys(shape).join(', ')}` : undefined,
  });
}

function flag() {
  return z.boolean('true or false');
}

function rate() {
  return z.custom<number>(
    (value) => typeof value === 'number' && value >= 0.01 && value <= 100,
    'a number from 0.01 to 100',
  );
}

function retries() {
  const expected = 'a whole number from 0 to 20';
  return z.number(expected).int(expected).min(0, expected).max(20, expected);
}

function text(read: Reader<string>) {
  return z
    .unknown()
    .transform((value, context) => readAs(typeof value === 'string' ? value : '', read, context));
}

function duration(read: Reader<number>) {
  return z
    .unknown()
    .transform((value, context) =>
      readAs(typeof value === 'number' || typeof value === 'string' ? String(value) : '', read, context),
    );
}

function readAs<T>(value: string, read: Reader<T>, context: z.RefinementCtx): T {
  const parsed = read(value.trim());
  if (parsed.ok && value.trim() !== '') return parsed.value;
  context.addIssue(parsed.ok ? 'a text' : parsed.error);
  return z.NEVER;
}

function listOf<T extends z.ZodType>(item: T, most = MAX_FILTER) {
  return z.array(item, 'a list').min(1, 'at least one').max(most, `at most ${most}`);
}

function readGlob(glob: string, context: z.RefinementCtx): Pattern {
  const compiled = compileGlob(glob);
  if (compiled.ok) return compiled.value;
  context.addIssue(`the name of a namespace, or a glob: ${compiled.error}`);
  return z.NEVER;
}

const EVENTS_EXPECTED = `an event, or a glob of them: ${NOTIFICATION_EVENTS.join(', ')}`;

function readEvents(glob: string, context: z.RefinementCtx): readonly NotificationEvent[] {
  const compiled = compileGlob(glob);
  const events = compiled.ok ? NOTIFICATION_EVENTS.filter((event) => compiled.value.matches(event)) : [];
  if (events.length > 0) return events;
  context.addIssue(EVENTS_EXPECTED);
  return z.NEVER;
}

const REFERENCE_EXPECTED = 'env with the name of a variable, or file with a path';

/** A secret that stands elsewhere: `{ env: NAME }` or `{ file: path }`. */
function reference({ file, readFile, env }: NotificationsFile, read: Reader<string>) {
  return z
    .strictObject(
      { env: z.string(REFERENCE_EXPECTED).optional(), file: z.string(REFERENCE_EXPECTED).optional() },
      { error: (issue) => (issue.code === 'invalid_type' ? REFERENCE_EXPECTED : undefined) },
    )
    .transform(async (from, context): Promise<string> => {
      const bad = (expected: string): string => {
        context.addIssue(expected);
        return z.NEVER;
      };
      if ((from.env === undefined) === (from.file === undefined)) return bad(REFERENCE_EXPECTED);
      let found;
      try {
        found =
          from.file === undefined ? env[from.env ?? ''] : await readFile(resolve(dirname(file), from.file));
      } catch (error) {
        return bad(`the path of a file that can be read${codeOf(error)}`);
      }
      const value = found?.trim() ?? '';
      const parsed = read(value);
      const where = from.file === undefined ? 'a variable that holds' : 'a file that holds';
      if (value === '') return bad(`${where} something`);
      return parsed.ok ? parsed.value : bad(`${where} ${parsed.error}`);
    });
}

async function readCertificates(
  path: string,
  context: z.RefinementCtx,
  { file, readFile }: ConfigFile,
): Promise<string> {
  const bad = (expected: string): string => {
    context.addIssue(expected);
    return z.NEVER;
  };
  let content;
  try {
    content = await readFile(resolve(dirname(file), path));
  } catch (error) {
    return bad(`the path of a PEM file that can be read${codeOf(error)}`);
  }
  const certificates = content.match(PEM_CERTIFICATE) ?? [];
  if (certificates.length === 0 || !certificates.every(isCertificate))
    return bad('the path of a PEM file with certificates');
  return certificates.join('\n');
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== '';
  } catch {
    return false;
  }
}
