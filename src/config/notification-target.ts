import type { NotificationEvent } from '../core/notification-event.ts';
import type { Pattern } from '../core/pattern.ts';

/** What all receivers of notifications have. */
export interface TargetBasics {
  /** `slack`, `teams` and `webhook` for those of the environment, else the name in the file. */
  readonly id: string;
  /** A secret. */
  readonly url: string;
  /** An empty list takes all. */
  readonly filter: {
    readonly namespaces: readonly Pattern[];
    readonly kinds: readonly string[];
    readonly events: readonly NotificationEvent[];
  };
  readonly timeoutMs: number;
  readonly maxRetries: number;
  readonly retryForMs: number;
  readonly perSecond: number;
  /** PEM. */
  readonly ca?: string | undefined;
  readonly allowLinkLocal: boolean;
}

/** A receiver of notifications, as configured. */
export type NotificationTarget =
  | (TargetBasics & {
      readonly channel: 'slack';
      readonly slackChannel?: string | undefined;
      readonly username: string;
      readonly iconEmoji: string;
      readonly interactive: boolean;
    })
  | (TargetBasics & { readonly channel: 'teams' })
  | (TargetBasics & { readonly channel: 'webhook'; readonly secret?: string | undefined });

/** What counts where nothing else is said. */
export const TARGET_DEFAULTS = { timeoutMs: 10_000, maxRetries: 3 } as const;

/** Messages a second: Slack takes one, Teams four; a receiver of JSON is spared a flood. */
export const RATES = { slack: 1, teams: 4, webhook: 20 } as const;
