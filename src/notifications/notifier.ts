import type { Clock } from '../core/clock.ts';
import type { NotificationChannel, NotificationEvent } from '../core/notification-event.ts';
import { tryOnce } from './delivery.ts';
import type { Verdict } from './message.ts';
import type { Notification } from './notification.ts';
import { Outbox, type DeliveryOutcome, type Given, type OutboxState } from './outbox.ts';
import { takes, type Target } from './target.ts';
import type { Transport } from './transport.ts';

/** What is needed of a log. */
export interface NotifierLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface NotifierOptions {
  readonly targets: readonly Target[];
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: NotifierLog;
  /** Whether notifications are this process's to send, at this very moment; without it they always are. */
  readonly maySend?: () => boolean;
  /** A notification has arrived; those of a group count each. */
  readonly onSent?: (channel: NotificationChannel) => void;
  /** A notification was given up. */
  readonly onFailed?: (channel: NotificationChannel) => void;
}

/** A notification that did not arrive and is not tried again. */
export interface DeadLetter {
  readonly id: string;
  readonly target: string;
  readonly channel: NotificationChannel;
  readonly event: NotificationEvent;
  readonly workload: Notification['workload'];
  readonly updateRequestName?: string | undefined;
  /** Without secrets. */
  readonly reason: string;
  readonly attempts: number;
  readonly atMs: number;
}

export interface TargetState extends OutboxState {
  readonly id: string;
  readonly channel: NotificationChannel;
}

export interface Notifier {
  /** The ids of the targets whose filters take it, in their order. */
  targetsFor(notification: Notification): readonly string[];
  /**
   * Resolves when it has arrived or was given up: retried, within the target's rate, in the order of these calls for one
   * request. The same id is not sent twice while it waits or has just arrived. A target that does not exist is `dead`.
   * Rejects with OutboxFullError (bring it again later, before what follows it), NotifierStoppedError and
   * NotificationRecalledError (still owed).
   */
  deliver(notification: Notification, targetId: string): Promise<DeliveryOutcome>;
  /** Gives back what waits: it rejects, since somebody else is to send it. What is on its way may still arrive. */
  recall(): void;
  /** One try at once, past the outbox, for people who test their settings; undefined if there is no such target. */
  test(notification: Notification, targetId: string): Promise<Verdict | undefined>;
  /** The newest first; the last 200. */
  deadLetters(): readonly DeadLetter[];
  targets(): readonly TargetState[];
  /** From now on these are the targets. What waits for one that is no more is given up. */
  update(targets: readonly Target[]): void;
  /** Waits at most 3 s for tries that run. */
  stop(): Promise<void>;
}

const MAX_DEAD_LETTERS = 200;

/** Sends notifications, one outbox for each target, so that a slow or dead one delays nobody else. */
export function createNotifier(options: NotifierOptions): Notifier {
  const { transport, clock, random, log, onSent, onFailed } = options;
  const dead: DeadLetter[] = [];
  const targets = new Map<string, Target>();
  const outboxes = new Map<string, Outbox>();
  let stopped = false;

  const onDead = (target: Target, notification: Notification, { reason, attempts }: Given): void => {
    const { id, event, workload, updateRequestName } = notification;
    const { channel } = target;
    const letter = { id, target: target.id, channel, event, workload, updateRequestName, reason, attempts };
    dead.unshift({ ...letter, atMs: clock.now() });
    dead.length = Math.min(dead.length, MAX_DEAD_LETTERS);
    log.warn(letter, 'Notification given up');
    onFailed?.(channel);
  };

  const open = (target: Target): Outbox =>
    new Outbox({
      target,
      clock,
      random,
      maySend: options.maySend ?? (() => true),
      send: (current, notifications, signal) =>
        tryOnce({ target: current, notifications, transport, nowMs: clock.now(), signal }),
      onDelivered: ({ id, channel }, { event, updateRequestName }) => {
        log.debug({ target: id, channel, event, updateRequestName }, 'Notification delivered');
        onSent?.(channel);
      },
      onDead,
      onTrouble: ({ id, channel }, reason) =>
        log.warn({ target: id, channel, reason }, 'Notifications do not arrive; they are tried again'),
      onRecovered: ({ id, channel }) => log.info({ target: id, channel }, 'Notifications arrive again'),
    });

  const update = (next: readonly Target[]): void => {
    targets.clear();
    for (const target of next) {
      targets.set(target.id, target);
      const outbox = outboxes.get(target.id);
      if (outbox === undefined) outboxes.set(target.id, open(target));
      else outbox.update(target);
    }
    for (const [id, outbox] of outboxes) {
      if (targets.has(id)) continue;
      outboxes.delete(id);
      outbox.remove();
    }
  };
  update(options.targets);

  return {
    targetsFor: (notification) =>
      [...targets.values()].filter((target) => takes(target, notification)).map(({ id }) => id),
    deliver: async (notification, targetId) => {
      const outbox = outboxes.get(targetId);
      return outbox === undefined ? 'dead' : outbox.add(notification);
    },
    recall: () => {
      for (const outbox of outboxes.values()) outbox.recall();
    },
    test: async (notification, targetId) => {
      const target = targets.get(targetId);
      if (target === undefined) return undefined;
      return tryOnce({ target, notifications: [notification], transport, nowMs: clock.now() });
    },
    deadLetters: () => [...dead],
    targets: () =>
      [...targets.values()].map(({ id, channel }) => ({
        id,
        channel,
        ...(outboxes.get(id)?.state ?? { waiting: 0, failures: 0 }),
      })),
    update: (next) => {
      if (!stopped) update(next);
    },
    stop: async () => {
      stopped = true;
      await Promise.all([...outboxes.values()].map((outbox) => outbox.stop()));
    },
  };
}
