import type { Clock } from '../core/clock.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { Signal } from '../core/signal.ts';
import type {
  WebhookContext,
  WebhookMessage,
  WebhookReading,
  WebhookSender,
} from '../triggers/webhook/sender.ts';
import { createAdmission } from './admission.ts';
import { readJson } from './body.ts';
import type { Counter, Health, LabelledCounter, Log } from './dependencies.ts';
import { createEdge, refuse, sealRoutes, type EdgeApp, type EdgeContext } from './edge.ts';
import { mountHealth } from './health.ts';
import { problem, retryAfter, toLabel, type Problem } from './problem.ts';

/** What the pipeline made of the signals, once that is durable. */
export interface AcceptOutcome {
  /** Artifacts that the signals concern. */
  readonly matched: number;
  /** UpdateRequests created. */
  readonly created: number;
  /** Signals whose consequences could not be made durable. */
  readonly unresolved: number;
}

export interface WebhookLimits {
  readonly maxBodyBytes: number;
  /** Bodies in work at once, and their bytes together. */
  readonly maxRequests: number;
  readonly maxBytes: number;
  /** How long a sender waits for its event to be durable, in milliseconds. */
  readonly acceptTimeoutMs: number;
}

export const DEFAULT_WEBHOOK_LIMITS: WebhookLimits = {
  maxBodyBytes: 1024 * 1024,
  maxRequests: 2048,
  maxBytes: 32 * 1024 * 1024,
  acceptTimeoutMs: 30_000,
};

export interface WebhookDependencies {
  readonly senders: readonly WebhookSender[];
  /** The registry host that is configured for a sender; without it, none is. */
  readonly hostOf?: WebhookContext['hostOf'];
  /** Resolves only when everything that the signals cause is durable. */
  readonly accept: (signals: readonly Signal[]) => Promise<AcceptOutcome>;
  readonly health: Health;
  readonly metrics: {
    readonly webhookEventsTotal: Counter;
    readonly webhookRequestsTotal: LabelledCounter<'sender' | 'outcome'>;
    readonly httpRejectedTotal: LabelledCounter<'server' | 'reason'>;
  };
  readonly log: Log;
  readonly clock: Pick<Clock, 'after'>;
  readonly limits?: Partial<WebhookLimits>;
}

const BUSY_RETRY_SECONDS = 1;
const NOT_DURABLE_RETRY_SECONDS = 5;
const MAX_REASONS = 20;
const ORIGIN = /^[A-Za-z0-9.-]{1,253}$/;

/** What a body turned out to be: who sent it, and what it says. */
interface Read {
  readonly sender: string;
  readonly reading: WebhookReading;
}

type Reader = (message: WebhookMessage) => Result<Read, Problem>;

/** The webhook server (8080): `POST /webhook/<sender>` and `POST /webhook/registry`. */
export function createWebhookApp(dependencies: WebhookDependencies): EdgeApp {
  const { senders, health, metrics, log } = dependencies;
  const limits = { ...DEFAULT_WEBHOOK_LIMITS, ...dependencies.limits };
  const admission = createAdmission(limits);
  const app = createEdge({ server: 'webhook', log, metrics });

  const context: WebhookContext = { hostOf: dependencies.hostOf ?? (() => undefined) };

  const serve = (route: string, read: Reader, untyped = false): void => {
    app.post(`/webhook/${route}`, async (c) => {
      const ticket = admission.enter();
      if (ticket === undefined) return reject(c, route, tooBusy());
      const body = await readJson(c.req.raw, {
        maxBytes: limits.maxBodyBytes,
        ticket,
        formField: 'payload',
        untyped,
      });
      const message = body.ok ? read({ headers: c.req.raw.headers, body: body.value }) : body;
      if (!message.ok) {
        ticket.leave();
        return reject(c, route, message.error);
      }
      const { sender, reading } = message.value;
      metrics.webhookEventsTotal.inc(reading.signals.length);
      const outcome = await settle(reading, () => ticket.leave());
      return outcome.ok ? acknowledge(c, sender, reading, outcome.value) : reject(c, sender, outcome.error);
    });
  };

  // The place is given back when the pipeline is done, not when the sender stops waiting: what is in work stays bounded.
  const settle = async (
    reading: WebhookReading,
    leave: () => void,
  ): Promise<Result<AcceptOutcome, Problem>> => {
    const { promise: timeout, resolve: expire } = Promise.withResolvers<'timeout'>();
    const cancel = dependencies.clock.after(limits.acceptTimeoutMs, () => expire('timeout'));
    try {
      const outcome = await Promise.race([hand(reading, leave), timeout]);
      if (outcome === 'timeout') log.warn({}, 'webhook took too long to be recorded');
      else if (outcome.unresolved === 0) return ok(outcome);
      else log.warn({ ...outcome }, 'webhook was recorded only in part');
    } catch (error) {
      log.warn({ error }, 'webhook could not be recorded');
    } finally {
      cancel();
    }
    return fail(notDurable());
  };

  const hand = async ({ signals }: WebhookReading, leave: () => void): Promise<AcceptOutcome> => {
    try {
      if (signals.length === 0) return { matched: 0, created: 0, unresolved: 0 };
      return await dependencies.accept(signals);
    } finally {
      leave();
    }
  };

  const acknowledge = (
    c: EdgeContext,
    sender: string,
    { signals, ignored, reply }: WebhookReading,
    { matched, created }: AcceptOutcome,
  ): Response => {
    const reasons = ignored.slice(0, MAX_REASONS);
    metrics.webhookRequestsTotal.inc({ sender, outcome: signals.length === 0 ? 'ignored' : 'accepted' });
    const fields = { sender, signals: signals.length, ignored: ignored.length, reasons, matched, created };
    if (matched > 0) log.info(fields, 'webhook accepted');
    else log.debug(fields, 'webhook accepted');
    if (reply !== undefined) return c.json(reply);
    return c.json({
      status: 'accepted',
      message: 'Webhook processed',
      signals: signals.length,
      matched,
      created,
      ignored: ignored.length,
      ...(reasons.length > 0 && { reasons }),
    });
  };

  const reject = (c: EdgeContext, sender: string, refused: Problem): Response => {
    metrics.webhookRequestsTotal.inc({ sender, outcome: toLabel(refused.code) });
    log.debug({ sender, code: refused.code, detail: refused.detail }, 'webhook refused');
    return refuse(c, refused);
  };

  app.use('/webhook/*', grantOrigin);
  serve('registry', (message) => readByShape(senders, message, context));
  for (const sender of senders)
    serve(sender.name, (message) => readAs(sender, message, context), sender.untyped);
  mountHealth(app, health);
  return sealRoutes(app);
}

/**
 * The handshake of the CloudEvents webhook specification, which Event Grid does before it sends CloudEvents: whoever asks
 * may send, since who is believed is decided by secrets.
 *
 * https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md#4-abuse-protection
 */
async function grantOrigin(c: EdgeContext, next: () => Promise<void>): Promise<Response | undefined> {
  const origin = c.req.header('webhook-request-origin');
  if (c.req.method !== 'OPTIONS' || origin === undefined || !ORIGIN.test(origin)) {
    await next();
    return undefined;
  }
  c.header('allow', 'POST, OPTIONS');
  c.header('webhook-allowed-origin', origin);
  c.header('webhook-allowed-rate', '*');
  return c.body(null, 200);
}

function readByShape(
  senders: readonly WebhookSender[],
  message: WebhookMessage,
  context: WebhookContext,
): Result<Read, Problem> {
  const sender = senders.find((sender) => sender.recognises(message));
  if (sender !== undefined) return readAs(sender, message, context);
  const names = senders.map(({ name }) => name).join(', ');
  const detail = `The body has the shape of no known sender (${names}); expected ${senders.at(-1)?.expects}, or a known sender's own. /webhook/<sender> says what that one expects.`;
  return fail(problem('HW_UNEXPECTED_SHAPE', detail));
}

function readAs(
  sender: WebhookSender,
  message: WebhookMessage,
  context: WebhookContext,
): Result<Read, Problem> {
  const reading = sender.parse(message, context);
  if (reading.ok) return ok({ sender: sender.name, reading: reading.value });
  return fail(
    problem('HW_UNEXPECTED_SHAPE', `The body cannot be used: ${reading.error}; expected ${sender.expects}.`),
  );
}

function tooBusy(): Problem {
  return retryAfter(BUSY_RETRY_SECONDS, problem('HW_BUSY', 'Too many webhooks are in work; try again.'));
}

function notDurable(): Problem {
  const detail = 'The event could not be recorded in Kubernetes; send it again.';
  return retryAfter(NOT_DURABLE_RETRY_SECONDS, problem('HW_NOT_DURABLE', detail));
}
