import type { ProxySettings } from '../config/notification-settings.ts';
import {
  readNotifications,
  type NotificationConfig,
  type NotificationSource,
} from '../config/notifications.ts';
import { formatProblems } from '../config/problem.ts';
import type { SlackTrust } from '../config/slack-trust.ts';
import { watchConfiguration } from '../config/watched.ts';
import type { Clock } from '../core/clock.ts';
import type { NotificationChannel } from '../core/notification-event.ts';
import type { Notice, UpdateRequest } from '../core/update-request.ts';
import type { Notification } from '../notifications/notification.ts';
import { createNotifier, type DeadLetter, type TargetState } from '../notifications/notifier.ts';
import { NotificationRecalledError } from '../notifications/outbox.ts';
import { createSlackReplies, type SlackReplies } from '../notifications/slack-reply.ts';
import { testNotification } from '../notifications/test-notification.ts';
import { createNotificationTransport } from '../notifications/transport.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { notificationOf, type Links } from './notification-of.ts';
import { createNoticeSender, type NoticeSender } from './notify.ts';
import { createNoticeOutbox } from './outbox.ts';
import type { Outbox, RequestStore } from './request-store.ts';

export interface NoticesOptions {
  /** Who is notified, and who may answer. */
  readonly config: Pick<NotificationConfig, 'targets' | 'slack'>;
  readonly proxies: ProxySettings;
  readonly links: Links;
  /** Headwind's own version. */
  readonly version: string;
  /** Whether this replica is the one that sends, at this very moment. */
  readonly isLeading: () => boolean;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

/** Notifications as a whole: what is owed, who sends it, and what people can see of it. */
export interface Notices {
  readonly outbox: Outbox;
  /** Sends what these requests owe, once `start` is called. */
  follow(requests: RequestStore): void;
  start(): void;
  /** Sends nothing more, until `start` is called again. */
  pause(): void;
  /** From now on these are the targets, and those who may answer. */
  update(config: NoticesOptions['config']): void;
  /** How many UpdateRequests have still to be told to each target, and how it does. */
  targets(): readonly TargetState[];
  deadLetters(): readonly DeadLetter[];
  /** One try to send a test message; undefined if there is no such target. */
  test(target: string): ReturnType<ReturnType<typeof createNotifier>['test']>;
  /** What is needed where somebody presses a button in Slack. */
  readonly slack: {
    /** Who is believed now. */
    trust(): SlackTrust;
    /** What is told of an event of a request. */
    notificationOf(request: UpdateRequest, notice: Pick<Notice, 'event' | 'at'>): Notification | undefined;
    readonly replies: SlackReplies;
  };
  stop(): Promise<void>;
}

/** Builds the notifier and what feeds it. */
export function createNotices(options: NoticesOptions): Notices {
  const { links, version, isLeading, metrics, clock, random, log } = options;
  let { slack } = options.config;
  const transport = createNotificationTransport({
    clock,
    userAgent: `Headwind/${version}`,
    proxies: options.proxies,
  });
  const sent: Readonly<Record<NotificationChannel, { inc(): void }>> = {
    slack: metrics.notificationsSlackSentTotal,
    teams: metrics.notificationsTeamsSentTotal,
    webhook: metrics.notificationsWebhookSentTotal,
  };
  const notifier = createNotifier({
    targets: options.config.targets,
    transport,
    clock,
    random,
    log,
    maySend: isLeading,
    onSent(channel) {
      metrics.notificationsSentTotal.inc();
      sent[channel].inc();
      metrics.notificationsTotal.inc({ channel, outcome: 'sent' });
    },
    onFailed(channel) {
      metrics.notificationsFailedTotal.inc();
      metrics.notificationsTotal.inc({ channel, outcome: 'failed' });
    },
  });
  const outbox = createNoticeOutbox({
    targetsFor: (notification) => notifier.targetsFor(notification),
    links,
    clock,
  });
  let sender: NoticeSender | undefined;

  return {
    outbox,
    follow(requests) {
      sender = createNoticeSender({
        requests,
        outbox,
        notifier,
        isLeading,
        links,
        clock,
        random,
        log,
        onDepth: (depth) => metrics.queueDepth.set({ queue: 'notifications' }, depth),
        onFailure(failure) {
          if (failure.error instanceof NotificationRecalledError) return;
          log.warn({ ...failure }, 'will try again');
        },
      });
    },
    start: () => sender?.start(),
    pause: () => sender?.pause(),
    update(config) {
      ({ slack } = config);
      notifier.update(config.targets);
      sender?.targetsChanged();
    },
    targets: () =>
      notifier.targets().map((target) => ({ ...target, waiting: sender?.waitingFor(target.id) ?? 0 })),
    deadLetters: () => notifier.deadLetters(),
    test: (target) => notifier.test(testNotification(clock.now(), links.uiUrl), target),
    slack: {
      trust: () => slack,
      notificationOf: (request, notice) => notificationOf(request, notice, links),
      replies: createSlackReplies({ transport, clock, random, log }),
    },
    stop: () => sender?.stop() ?? notifier.stop(),
  };
}

export interface TargetFollower {
  /** Reads anew who is notified, since what it depends on has changed; what is there counts at once. */
  refresh(): Promise<void>;
  stop(): void;
}

/** Follows who is notified: the settings as they are, and the file with further receivers. */
export function followTargets(options: {
  readonly initial: NotificationConfig;
  readonly source: () => NotificationSource;
  readonly notices: Pick<Notices, 'update'>;
  readonly clock: Clock;
  readonly log: Log;
}): TargetFollower {
  const { source, notices, clock, log } = options;
  const { configFile, slack } = source().settings;
  const file = configFile ?? slack.signingSecretFile;
  let { version } = options.initial;
  const replace = (config: NotificationConfig): void => {
    if (config.version === version) return;
    version = config.version;
    notices.update(config);
    log.info({ file, targets: config.targets.map(({ id }) => id) }, 'targets of notifications were replaced');
  };
  const watched = watchConfiguration({
    initial: options.initial,
    read: () => readNotifications(source()),
    clock,
    onReplaced: replace,
    onBad: (problems) =>
      log.warn(
        { file, problems: formatProblems(problems) },
        'targets of notifications cannot be read; those before go on to hold',
      ),
  });
  return {
    async refresh() {
      const read = await readNotifications(source());
      if (read.ok) replace(read.value);
    },
    stop: () => watched.stop(),
  };
}
