import { redactText } from '../core/redact.ts';
import type { Signal } from '../core/signal.ts';
import type { WebhookDeliveryView, WebhookOutcomeView } from './api-shapes.ts';

/** One delivery as it is remembered, before it is cut to size. */
export interface WebhookDelivery {
  /** Milliseconds since the Unix epoch. */
  readonly receivedAtMs: number;
  readonly sender: string;
  readonly path: string;
  readonly status: number;
  readonly signals: readonly Signal[];
  readonly outcome: readonly WebhookOutcomeView[];
}

/** The last webhooks and what came of them, for a person who asks why a push did nothing. */
export interface RecentWebhooks {
  record(delivery: WebhookDelivery): void;
  /** Newest first. */
  list(): readonly WebhookDeliveryView[];
}

const KEPT = 200;
const MAX_ENTRIES = 20;
const MAX_MESSAGE = 300;
const MAX_PATH = 200;

/** Keeps the last 200 deliveries, each of bounded size and without secrets. */
export function createRecentWebhooks(): RecentWebhooks {
  // Invariant: at most KEPT, newest last.
  const kept: WebhookDeliveryView[] = [];
  return {
    record(delivery) {
      if (kept.length >= KEPT) kept.shift();
      kept.push(toView(delivery));
    },
    list: () => kept.toReversed(),
  };
}

/** The path as it may be shown: without the secret that may stand at its end. */
export function shownPath(path: string): string {
  return cut(redactText(path), MAX_PATH);
}

function toView({
  receivedAtMs,
  sender,
  path,
  status,
  signals,
  outcome,
}: WebhookDelivery): WebhookDeliveryView {
  return {
    receivedAt: new Date(receivedAtMs).toISOString(),
    sender,
    path: shownPath(path),
    status,
    signals: signals.slice(0, MAX_ENTRIES).map(({ type, repository, tag, digest }) => ({
      kind: type,
      registry: repository.host,
      repository: repository.path,
      tag,
      ...(digest !== undefined && { digest }),
    })),
    outcome: outcome
      .slice(0, MAX_ENTRIES)
      .map((entry) => ({ ...entry, message: cut(redactText(entry.message), MAX_MESSAGE) })),
  };
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}
