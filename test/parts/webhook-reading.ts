import { repositoryKey } from '../../src/core/image-reference.ts';
import type { Signal } from '../../src/core/signal.ts';
import type { WebhookContext, WebhookMessage } from '../../src/triggers/webhook/sender.ts';
import { WEBHOOK_SENDERS } from '../../src/triggers/webhook/senders.ts';
import { SAMPLE_HOSTS } from './webhook-samples.ts';

/** What a sender made of a body, as text that a table can hold. */
export interface ReadText {
  readonly signals?: readonly string[];
  readonly ignored?: readonly string[];
  readonly reply?: Readonly<Record<string, string>> | undefined;
  /** Why the body is refused as a whole. */
  readonly refused?: string;
}

export interface Sent {
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** As configured; `SAMPLE_HOSTS` where nothing is said. */
  readonly hosts?: Readonly<Record<string, string>> | undefined;
}

/** The message as the sender's parser sees it, and what it is told beside it. */
export function asMessage({ body, headers, hosts }: Sent): {
  readonly message: WebhookMessage;
  readonly context: WebhookContext;
} {
  const known = hosts === undefined ? SAMPLE_HOSTS : new Map(Object.entries(hosts));
  const context: WebhookContext = { hostOf: (sender) => known.get(sender) };
  return { message: { headers: new Headers(headers), body }, context };
}

/** Reads a message as the sender called `name`. */
export function readAs(name: string, sent: Sent): ReadText {
  const sender = WEBHOOK_SENDERS.find((candidate) => candidate.name === name);
  if (sender === undefined) throw new Error(`there is no sender ${name}`);
  const { message, context } = asMessage(sent);
  const reading = sender.parse(message, context);
  if (!reading.ok) return { refused: reading.error };
  const { signals, ignored, reply } = reading.value;
  return { signals: signals.map((signal) => signalText(signal)), ignored, reply };
}

/** Everybody who recognises a message on `/webhook/registry`; the first one reads it. */
export function recognisedBy(sent: Sent): readonly string[] {
  const { message } = asMessage(sent);
  return WEBHOOK_SENDERS.filter((sender) => sender.recognises(message)).map(({ name }) => name);
}

/** `type host/path:tag[@digest]`. */
export function signalText({ type, repository, tag, digest }: Signal): string {
  return `${type} ${repositoryKey(repository)}:${tag}${digest === undefined ? '' : `@${digest}`}`;
}
