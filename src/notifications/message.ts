import type { NotificationChannel } from '../core/notification-event.ts';
import type { Notification } from './notification.ts';
import type { Target } from './target.ts';

/** What is sent: the body's exact bytes and the headers that speak of it. */
export interface Message {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What came back. */
export interface Answer {
  readonly status: number;
  /** As it stands there; absent without one. */
  readonly retryAfter?: string | undefined;
  /** The beginning of the body. */
  readonly text: string;
}

/** What an answer means: it has arrived, it may work later, or it never will. */
export type Verdict =
  | { readonly outcome: 'delivered' }
  | { readonly outcome: 'later'; readonly reason: string; readonly retryAfterMs?: number | undefined }
  | {
      readonly outcome: 'refused';
      readonly reason: string;
      /** Whether it was this message that was refused, so that another might be taken. */
      readonly isAboutMessage: boolean;
    };

/** One way to tell people. A new one is one file and one line in `channels.ts`. */
export interface Channel<T extends Target> {
  readonly name: NotificationChannel;
  /** How many tries may run at once. */
  readonly parallel: number;
  /** How many notifications one message may hold; 1: each goes for itself. */
  readonly groupsUpTo: number;
  /** The message for one notification, or for several where `groupsUpTo` allows; never for none. */
  render(notifications: readonly [Notification, ...Notification[]], target: T, sending: Sending): Message;
  /** What the answer means; `undefined` leaves it to the status code. */
  judge?(answer: Answer): Verdict | undefined;
}

/** What a message may say of its own sending. */
export interface Sending {
  readonly nowMs: number;
}
