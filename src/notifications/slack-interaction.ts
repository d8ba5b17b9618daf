import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { fail, ok, type Result } from '../core/result.ts';
import type { Notification } from './notification.ts';
import { dashboardButton, SLACK_ACTIONS, slackMessage, slackTime } from './slack.ts';
import { mrkdwnWords } from './slack-text.ts';

/** What Slack posts when somebody presses a button, as far as its authenticity goes. */
export interface SlackDelivery {
  /** `X-Slack-Request-Timestamp`. */
  readonly timestamp: string | undefined;
  /** `X-Slack-Signature`. */
  readonly signature: string | undefined;
  /** The body's bytes as they came. */
  readonly body: Uint8Array;
}

/** How old a delivery may be, and how far ahead its clock. */
const WINDOW_MS = 5 * 60_000;

/**
 * Whether Slack itself has sent this, by any of the signing secrets; the failure says what is wrong, for the log.
 * (https://docs.slack.dev/authentication/verifying-requests-from-slack)
 */
export function verifySlackDelivery(
  { timestamp = '', signature = '', body }: SlackDelivery,
  secrets: readonly string[],
  nowMs: number,
): Result<void> {
  if (!/^\d{1,12}$/.test(timestamp)) return fail('X-Slack-Request-Timestamp is missing or no number');
  const given = /^v0=([0-9a-f]{64})$/i.exec(signature)?.[1];
  if (given === undefined) return fail('X-Slack-Signature is missing or not v0=<hex>');
  // A delivery that somebody has overheard proves nothing later.
  if (Math.abs(nowMs - Number(timestamp) * 1000) > WINDOW_MS)
    return fail('X-Slack-Request-Timestamp is more than 5 minutes away');
  const right = secrets
    .map((secret) => createHmac('sha256', secret).update(`v0:${timestamp}:`).update(body).digest())
    .map((mac) => timingSafeEqual(mac, Buffer.from(given, 'hex')))
    .includes(true);
  return right ? ok(undefined) : fail('X-Slack-Signature does not fit');
}

/** What somebody wants by a button. */
export interface SlackInteraction {
  readonly action: 'approve' | 'reject';
  readonly namespace: string;
  /** Of the UpdateRequest. */
  readonly name: string;
  /** Of the UpdateRequest that the message was about: another one may have its name by now. */
  readonly uid: string;
  readonly user: {
    /** `U012AB3CD`: stays the same. */
    readonly id: string;
    readonly name: string;
    /** The workspace, since ids are its own. */
    readonly teamId: string | undefined;
    /** Whether they are of another workspace than the one that the app is in (channels may be shared). */
    readonly isForeign: boolean;
  };
  /** Where the answer goes, within 30 minutes. A secret. */
  readonly responseUrl: string;
}

const MAX_PAYLOAD_CHARACTERS = 1024 * 1024;

const Payload = z.object({
  type: z.string(),
  user: z.object({
    id: z.string().regex(/^[A-Z0-9]{2,40}$/),
    username: z.string().max(200).optional(),
    name: z.string().max(200).optional(),
    team_id: z.string().max(40).optional(),
  }),
  // Absent where the app belongs to an organisation as a whole.
  team: z.object({ id: z.string() }).nullish(),
  response_url: z.string().refine(isSlackUrl),
  actions: z.array(z.object({ action_id: z.string(), value: z.string().optional() })).min(1),
});
const AnyPayload = z.object({ type: z.string() });

// As Kubernetes has them: namespaces are labels, names of custom resources subdomains.
const REQUEST =
  /^([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)\/([a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)\/([\w.-]{1,64})$/;

/**
 * Reads what somebody wants out of a form's `payload`; `undefined` where nothing is asked of Headwind (a link was opened,
 * another kind of interaction). Only for what `verifySlackDelivery` lets through.
 */
export function readSlackInteraction(body: Uint8Array): Result<SlackInteraction | undefined> {
  const payload = new URLSearchParams(Buffer.from(body).toString('utf8')).get('payload');
  if (payload === null) return fail('a form with a field payload');
  const json = parseJson(payload);
  if (!AnyPayload.safeParse(json).success) return fail('a payload that is JSON with a type');
  if (AnyPayload.parse(json).type !== 'block_actions') return ok(undefined);
  const parsed = Payload.safeParse(json);
  if (!parsed.success) return fail('a payload of block_actions with user, response_url and actions');
  const { user, team, response_url: responseUrl, actions } = parsed.data;
  const wish = actions.map(readWish).find((read) => read !== undefined);
  if (wish === undefined || !wish.ok) return wish ?? ok(undefined);
  return ok({ ...wish.value, user: whoIs(user, team?.id), responseUrl });
}

function whoIs(
  user: z.infer<typeof Payload>['user'],
  workspace: string | undefined,
): SlackInteraction['user'] {
  const { id, username, name = id, team_id: teamId } = user;
  const isForeign = teamId !== undefined && workspace !== undefined && teamId !== workspace;
  return { id, name: username ?? name, teamId, isForeign };
}

type Wish = Pick<SlackInteraction, 'action' | 'namespace' | 'name' | 'uid'>;

const WISHES: ReadonlyMap<string, Wish['action']> = new Map([
  [SLACK_ACTIONS.approve, 'approve'],
  [SLACK_ACTIONS.reject, 'reject'],
]);

/** A button without a value is a link to the dashboard: whoever follows it has decided nothing yet. */
function readWish({
  action_id: id,
  value,
}: z.infer<typeof Payload>['actions'][number]): Result<Wish> | undefined {
  const action = WISHES.get(id);
  if (action === undefined || value === undefined) return undefined;
  const [, namespace, name, uid] = REQUEST.exec(value) ?? [];
  if (namespace === undefined || name === undefined || uid === undefined)
    return fail('a button whose value is namespace/name/uid');
  return ok({ action, namespace, name, uid });
}

/** Who has decided about a request, and what has come of it. */
export interface SlackAnswered {
  /** Absent where nobody has: it expired, say. */
  readonly decision?: {
    readonly action: 'approve' | 'reject';
    /** As the message shall name them. */
    readonly by: string;
    readonly atMs: number;
  };
  /** A sentence. */
  readonly outcome?: string | undefined;
}

/** The body for the response URL that puts in place of the original a message that nobody can decide by any more. */
export function renderSlackDecision(
  notification: Notification,
  { decision, outcome }: SlackAnswered,
): string {
  const notes = [
    ...(decision === undefined ? [] : [noteOf(decision)]),
    ...(outcome === undefined ? [] : [mrkdwnWords(outcome, 1000)]),
  ];
  const buttons = dashboardButton(notification);
  return JSON.stringify({ replace_original: true, ...slackMessage(notification, { notes, buttons }) });
}

function noteOf({ action, by, atMs }: NonNullable<SlackAnswered['decision']>): string {
  const done = action === 'approve' ? '✅ Approved' : '❌ Rejected';
  return `${done} by ${mrkdwnWords(by, 200)}, ${slackTime(atMs)}`;
}

/** The body for the response URL that tells the person alone why nothing came of it; the message stays. */
export function renderSlackRefusal(reason: string): string {
  return JSON.stringify({
    response_type: 'ephemeral',
    replace_original: false,
    text: mrkdwnWords(reason, 1000),
  });
}

function parseJson(text: string): unknown {
  if (text.length > MAX_PAYLOAD_CHARACTERS) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Answers go to Slack and nowhere else, whatever a payload says. */
function isSlackUrl(text: string): boolean {
  const url = URL.parse(text);
  const hosts = ['hooks.slack.com', 'hooks.slack-gov.com'];
  return url !== null && url.protocol === 'https:' && url.port === '' && hosts.includes(url.hostname);
}
