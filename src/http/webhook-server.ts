import type { Authenticity } from '../triggers/webhook/authenticity.ts';
import type { WebhookContext, WebhookSender } from '../triggers/webhook/sender.ts';
import { createAdmission } from './admission.ts';
import type { WebhookOutcomeView } from './api-shapes.ts';
import type { Health, LabelledCounter } from './dependencies.ts';
import { createEdge, refuse, sealRoutes, type EdgeApp, type EdgeContext } from './edge.ts';
import { mountHealth } from './health.ts';
import { problem, PROBLEMS, retryAfter, toLabel, type Problem } from './problem.ts';
import { createRecentWebhooks, type RecentWebhooks } from './recent-webhooks.ts';
import { createWebhookBook, type SettledDelivery } from './webhook-book.ts';
import { BY_SHAPE, createIntake, type Refused, type Taken } from './webhook-intake.ts';
import {
  createSettlement,
  type Settled,
  type SettlementDependencies,
  type SettlementLimits,
} from './webhook-settlement.ts';

export interface WebhookLimits extends SettlementLimits {
  readonly maxBodyBytes: number;
  /** Bodies in work at once, and their bytes together. */
  readonly maxRequests: number;
  readonly maxBytes: number;
}

export const DEFAULT_WEBHOOK_LIMITS: WebhookLimits = {
  maxBodyBytes: 1024 * 1024,
  maxRequests: 2048,
  maxBytes: 32 * 1024 * 1024,
  acceptTimeoutMs: 30_000,
  pushesPerSecond: 500,
};

export interface WebhookDependencies extends Omit<SettlementDependencies, 'limits'> {
  readonly senders: readonly WebhookSender[];
  /** The registry host that is configured for a sender; without it, none is. */
  readonly hostOf?: WebhookContext['hostOf'];
  /** Who is believed; without it, everybody. */
  readonly authenticity?: Pick<Authenticity, 'disbelief'>;
  /** Where deliveries are kept for people to look at. */
  readonly recentWebhooks?: Pick<RecentWebhooks, 'record'>;
  readonly health: Health;
  readonly metrics: SettlementDependencies['metrics'] & {
    readonly webhookRequestsTotal: LabelledCounter<'sender' | 'outcome'>;
    readonly httpRejectedTotal: LabelledCounter<'server' | 'reason'>;
  };
  readonly limits?: Partial<WebhookLimits>;
}

const BUSY_RETRY_SECONDS = 1;
const MAX_REASONS = 20;
const ORIGIN = /^[A-Za-z0-9.-]{1,253}$/;
/** How a webhook on a path that nobody has is called in metrics. */
const NOBODY = 'unknown';

/** The webhook server (8080): `POST /webhook/<sender>`, `POST /webhook/registry`, both also with a secret at the end. */
export function createWebhookApp(dependencies: WebhookDependencies): EdgeApp {
  const { senders, health, metrics, log, clock } = dependencies;
  const limits = { ...DEFAULT_WEBHOOK_LIMITS, ...dependencies.limits };
  const admission = createAdmission(limits);
  const book = createWebhookBook({
    metrics,
    log,
    clock,
    senders: [BY_SHAPE, ...senders.map(({ name }) => name)],
    recent: dependencies.recentWebhooks ?? createRecentWebhooks(),
  });
  const settle = createSettlement({ ...dependencies, limits });
  const take = createIntake({
    senders,
    context: { hostOf: dependencies.hostOf ?? (() => undefined) },
    authenticity: dependencies.authenticity ?? { disbelief: () => Promise.resolve(undefined) },
    maxBodyBytes: limits.maxBodyBytes,
  });
  const app = createEdge({ server: 'webhook', log, metrics });

  const serve = (sender: WebhookSender | undefined): void => {
    const route = sender?.name ?? BY_SHAPE;
    app.on('POST', [`/webhook/${route}`, `/webhook/${route}/:token`], async (c) => {
      const receivedAtMs = clock.now();
      const ticket = admission.enter();
      if (ticket === undefined) return reject(c, { sender: route, problem: tooBusy() }, { receivedAtMs });
      const taken = await take(c.req.raw, { sender, pathToken: c.req.param('token'), ticket });
      if (!taken.ok) {
        ticket.leave();
        return reject(c, taken.error, { receivedAtMs });
      }
      const settled = await settle(taken.value, () => ticket.leave());
      const { signals } = taken.value.reading;
      if (settled.ok) return acknowledge(c, { receivedAtMs, taken: taken.value, settled: settled.value });
      return reject(c, { sender: taken.value.sender, problem: settled.error }, { receivedAtMs, signals });
    });
  };

  const acknowledge = (
    c: EdgeContext,
    { receivedAtMs, taken, settled }: { receivedAtMs: number; taken: Taken; settled: Settled },
  ): Response => {
    const { sender, reading } = taken;
    const { signals, ignored, reply } = reading;
    const { matched, created, outcome } = settled;
    const reasons = ignored.slice(0, MAX_REASONS);
    const results = [...(settled.results ?? []), ...toResults(outcome, reasons)];
    book.write({
      receivedAtMs,
      sender,
      path: c.req.path,
      status: 200,
      outcome,
      signals,
      matched,
      created,
      results,
    });
    if (reply !== undefined) return c.json(reply);
    return c.json({
      status: 'accepted',
      message: outcome === 'duplicate' ? 'Webhook processed before' : 'Webhook processed',
      signals: signals.length,
      matched,
      created,
      ignored: ignored.length,
      ...(reasons.length > 0 && { reasons }),
    });
  };

  const reject = (
    c: EdgeContext,
    { sender, problem: refusal, error }: Refused,
    known: Pick<SettledDelivery, 'receivedAtMs'> & Partial<Pick<SettledDelivery, 'signals'>>,
  ): Response => {
    book.write({
      signals: [],
      ...known,
      sender,
      path: c.req.path,
      status: PROBLEMS[refusal.code].status,
      outcome: toLabel(refusal.code),
      matched: 0,
      created: 0,
      results: [{ result: 'refused', message: refusal.detail }],
      error,
    });
    return refuse(c, refusal);
  };

  app.use('/webhook/*', grantOrigin);
  serve(undefined);
  for (const sender of senders) serve(sender);
  mountHealth(app, health);
  sealRoutes(app);
  // A registry that was given a wrong address is why many a push does nothing.
  app.post('/webhook/*', (c) => {
    const names = senders.map(({ name }) => name).join(', ');
    const detail = `There is no sender of this name; expected /webhook/ and ${BY_SHAPE} or one of ${names}.`;
    const refusal = problem('HW_NOT_FOUND', detail);
    return reject(c, { sender: NOBODY, problem: refusal }, { receivedAtMs: clock.now() });
  });
  return app;
}

/** What the results of the pipeline do not tell: entries that are no news, and deliveries that came before. */
function toResults(outcome: Settled['outcome'], reasons: readonly string[]): readonly WebhookOutcomeView[] {
  const ignored = reasons.map((message) => ({ result: 'ignored' as const, message }));
  if (outcome !== 'duplicate') return ignored;
  return [{ result: 'duplicate', message: 'this delivery has been processed before' }, ...ignored];
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

function tooBusy(): Problem {
  return retryAfter(BUSY_RETRY_SECONDS, problem('HW_BUSY', 'Too many webhooks are in work; try again.'));
}
