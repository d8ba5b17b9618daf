import type { NotificationEvent } from '../core/notification-event.ts';
import type { Pattern } from '../core/pattern.ts';
import type { Notification } from './notification.ts';

/** Which notifications a target takes; an empty list takes all. */
export interface TargetFilter {
  readonly namespaces: readonly Pattern[];
  readonly kinds: readonly string[];
  readonly events: readonly NotificationEvent[];
}

interface TargetBase {
  /** Stays the same while the program runs and after it: what is owed is written down with it. */
  readonly id: string;
  /** A secret: whoever knows it can write there. */
  readonly url: string;
  readonly filter: TargetFilter;
  /** For one try, from the connection to the last byte of the answer. */
  readonly timeoutMs: number;
  /** How many tries follow a failed one in quick succession, before the target is left alone for a while. */
  readonly maxRetries: number;
  /** For how long what may still succeed is tried again. */
  readonly retryForMs: number;
  readonly perSecond: number;
  /** Certificates (PEM) that are trusted beside the usual ones. */
  readonly ca?: string | undefined;
  /** Whether it may be at a link-local or metadata address. */
  readonly allowLinkLocal: boolean;
}

/** An incoming webhook of Slack. */
export interface SlackTarget extends TargetBase {
  readonly channel: 'slack';
  /** Where the message goes instead of the webhook's own channel. */
  readonly slackChannel?: string | undefined;
  readonly username: string;
  readonly iconEmoji: string;
  /** Whether the webhook belongs to an app whose interactivity leads to Headwind, so that buttons can act. */
  readonly interactive: boolean;
}

/** A Workflows webhook of Microsoft Teams. */
export interface TeamsTarget extends TargetBase {
  readonly channel: 'teams';
}

/** Anything that takes JSON. */
export interface WebhookTarget extends TargetBase {
  readonly channel: 'webhook';
  /** The key of the signature; none: not signed. */
  readonly secret?: string | undefined;
}

export type Target = SlackTarget | TeamsTarget | WebhookTarget;

/** Whether the target's filter lets the notification through. */
export function takes({ filter }: Target, { event, workload }: Notification): boolean {
  return (
    (filter.events.length === 0 || filter.events.includes(event)) &&
    (filter.kinds.length === 0 || filter.kinds.includes(workload.kind)) &&
    (filter.namespaces.length === 0 ||
      filter.namespaces.some((namespace) => namespace.matches(workload.namespace)))
  );
}
