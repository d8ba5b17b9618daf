import type { Clock } from '../core/clock.ts';
import { repositoryKey } from '../core/image-reference.ts';
import type { Signal } from '../core/signal.ts';
import type { WebhookOutcomeView } from './api-shapes.ts';
import type { LabelledCounter, Log } from './dependencies.ts';
import { shownPath, type RecentWebhooks } from './recent-webhooks.ts';
import { createTokenBuckets } from './token-buckets.ts';

/** A delivery that has been dealt with. */
export interface SettledDelivery {
  readonly receivedAtMs: number;
  readonly sender: string;
  readonly path: string;
  readonly status: number;
  /** `accepted`, `ignored`, `duplicate`, or why it was refused: a metric label. */
  readonly outcome: string;
  readonly signals: readonly Signal[];
  /** Artifacts that it concerned, and requests that came of it. */
  readonly matched: number;
  readonly created: number;
  readonly results: readonly WebhookOutcomeView[];
  /** What went wrong, where somebody has to look after it. */
  readonly error?: unknown;
}

/** Where all deliveries are written down: as a metric, as a line in the log, and for `GET /api/v1/webhooks/recent`. */
export interface WebhookBook {
  write(delivery: SettledDelivery): void;
}

export interface WebhookBookOptions {
  /** The senders that there are, as they are called in metrics. */
  readonly senders: readonly string[];
  readonly recent: Pick<RecentWebhooks, 'record'>;
  readonly metrics: { readonly webhookRequestsTotal: LabelledCounter<'sender' | 'outcome'> };
  readonly log: Log;
  readonly clock: Pick<Clock, 'elapsed' | 'now'>;
}

/** What is counted from zero on for every sender: what begins with its first event hides that event from alerts. */
const EXPECTED_OUTCOMES = ['accepted', 'ignored', 'not-proven', 'not-durable'];
/** Lines a second about deliveries that concern nobody; whoever can reach the port could otherwise fill the disk. */
const LINES_PER_SECOND = 50;
const LINES_AT_ONCE = 1000;
const MAX_TAGS = 5;
const MAX_REASONS = 5;

/** Makes the book. */
export function createWebhookBook(options: WebhookBookOptions): WebhookBook {
  const { senders, recent, metrics, log, clock } = options;
  const lines = createTokenBuckets({ perSecond: LINES_PER_SECOND, burst: LINES_AT_ONCE, clock });
  for (const sender of senders)
    for (const outcome of EXPECTED_OUTCOMES) metrics.webhookRequestsTotal.inc({ sender, outcome }, 0);
  // Deliveries since the last line that have none of their own.
  let unlogged = 0;

  const writeLine = (delivery: SettledDelivery): void => {
    const isOfInterest = delivery.matched > 0 || delivery.error !== undefined;
    if (!isOfInterest && lines.take('line', 1) > 0) {
      unlogged += 1;
      return;
    }
    const fields = { ...toFields(delivery), ...(unlogged > 0 && { unlogged }) };
    unlogged = 0;
    if (delivery.error === undefined) log.info(fields, messageOf(delivery));
    else log.warn(fields, messageOf(delivery));
  };

  return {
    write(delivery) {
      const { sender, outcome } = delivery;
      metrics.webhookRequestsTotal.inc({ sender, outcome });
      recent.record({ ...delivery, outcome: delivery.results });
      writeLine(delivery);
    },
  };
}

function messageOf({ outcome }: SettledDelivery): string {
  return ['accepted', 'ignored', 'duplicate'].includes(outcome) ? 'webhook taken' : 'webhook refused';
}

function toFields({ sender, path, status, outcome, ...delivery }: SettledDelivery): object {
  const { signals, matched, created, results, error } = delivery;
  const tags = signals.slice(0, MAX_TAGS).map(({ repository, tag }) => `${repositoryKey(repository)}:${tag}`);
  const reasons = results.slice(0, MAX_REASONS).map(({ message }) => message);
  return {
    sender,
    path: shownPath(path),
    status,
    outcome,
    signals: signals.length,
    tags,
    matched,
    created,
    reasons,
    ...(error !== undefined && { error }),
  };
}
