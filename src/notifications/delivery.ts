import { redactText } from '../core/redact.ts';
import { channelOf, renderFor } from './channels.ts';
import type { Answer, Message, Verdict } from './message.ts';
import type { Notification } from './notification.ts';
import { SendError, toSendError } from './send-error.ts';
import type { Target } from './target.ts';
import { oneLine } from './text.ts';
import type { Transport } from './transport.ts';

export interface TryOptions {
  readonly target: Target;
  readonly notifications: readonly [Notification, ...Notification[]];
  readonly transport: Transport;
  readonly nowMs: number;
  readonly signal?: AbortSignal | undefined;
}

const MAX_PAUSE_MS = 15 * 60_000;
const MAX_QUOTED = 200;
/** Refusals that may be the fault of this one message. */
const ABOUT_MESSAGE = new Set([400, 413, 422]);
const WORTH_ANOTHER_TRY = new Set([408, 425, 429]);

/** One try: renders, sends, judges. Never throws; what went wrong is in the verdict, without secrets. */
export async function tryOnce(options: TryOptions): Promise<Verdict> {
  const { target, notifications, transport, nowMs, signal } = options;
  const { url, timeoutMs, ca, allowLinkLocal } = target;
  const message = render(target, notifications, nowMs);
  if (message === undefined)
    return { outcome: 'refused', reason: 'no message could be made of it', isAboutMessage: true };
  try {
    const outgoing = { url, ...message, timeoutMs, ca, allowLinkLocal, signal };
    return judge(target, await transport.post(outgoing), nowMs);
  } catch (error) {
    const { kind, message } = error instanceof SendError ? error : toSendError(error);
    const reason = `${hostOf(target)} ${message}`;
    return kind === 'later'
      ? { outcome: 'later', reason }
      : { outcome: 'refused', reason, isAboutMessage: false };
  }
}

/** Undefined for what no message can be made of, such as a time that is none: it must not stop what waits behind it. */
function render(
  target: Target,
  notifications: TryOptions['notifications'],
  nowMs: number,
): Message | undefined {
  try {
    return renderFor(target, notifications, { nowMs });
  } catch {
    return undefined;
  }
}

/** The host alone: the rest of a target's address is a secret. */
export function hostOf({ url }: Target): string {
  return URL.parse(url)?.host ?? 'the target';
}

function judge(target: Target, answer: Answer, nowMs: number): Verdict {
  const verdict = channelOf(target).judge?.(answer);
  if (verdict !== undefined)
    return verdict.outcome === 'delivered'
      ? verdict
      : { ...verdict, reason: `${hostOf(target)} ${verdict.reason}` };
  const { status } = answer;
  if (status >= 200 && status < 300) return { outcome: 'delivered' };
  const reason = reasonOf(target, answer);
  if (status >= 500 || WORTH_ANOTHER_TRY.has(status))
    return { outcome: 'later', reason, retryAfterMs: readRetryAfter(answer.retryAfter, nowMs) };
  return { outcome: 'refused', reason, isAboutMessage: ABOUT_MESSAGE.has(status) };
}

function reasonOf(target: Target, { status, text }: Answer): string {
  if (status >= 300 && status < 400)
    return `${hostOf(target)} answered ${status}, a redirect, which is not followed`;
  const said = quote(target, text);
  return `${hostOf(target)} answered ${status}${said === '' ? '' : `: ${said}`}`;
}

/** The beginning of what the other side said; it may repeat the address that it was asked at. */
function quote(target: Target, text: string): string {
  const { pathname = '', search = '' } = URL.parse(target.url) ?? {};
  const secrets = [target.url, `${pathname}${search}`, pathname, search.slice(1)];
  let clean = oneLine(text);
  // A path that is only "/" is no secret.
  for (const secret of secrets.filter(({ length }) => length > 3))
    clean = clean.replaceAll(secret, '[redacted]');
  clean = redactText(clean);
  return clean.length <= MAX_QUOTED ? clean : `${clean.slice(0, MAX_QUOTED)}…`.toWellFormed();
}

/** `Retry-After` (RFC 9110 §10.2.3), seconds or a date, as milliseconds from now on, at most 15 minutes. */
export function readRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d{1,12}(?:\.\d{1,6})?$/.test(text)) return Math.min(Number(text) * 1000, MAX_PAUSE_MS);
  const date = /^[A-Za-z]{3,9},? /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.min(Math.max(date - nowMs, 0), MAX_PAUSE_MS);
}
