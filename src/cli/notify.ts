import { Command, Option } from 'commander';
import { readNotifications } from '../config/notifications.ts';
import { formatProblems, type Environment } from '../config/problem.ts';
import { readSettings } from '../config/settings.ts';
import type { Clock } from '../core/clock.ts';
import { NOTIFICATION_CHANNELS, type NotificationChannel } from '../core/notification-event.ts';
import { visible } from '../core/visible.ts';
import { tryOnce } from '../notifications/delivery.ts';
import type { Target } from '../notifications/target.ts';
import { testNotification } from '../notifications/test-notification.ts';
import { createNotificationTransport } from '../notifications/transport.ts';
import { formatConfigError } from './check-config.ts';
import { FailedError, UsageError } from './exit.ts';
import type { Terminal } from './terminal.ts';

export interface NotifyOptions {
  readonly env: Environment;
  readonly terminal: Terminal;
  readonly readFile: (path: string) => Promise<string>;
  readonly clock: Clock;
  /** Headwind's own. */
  readonly version: string;
}

interface Flags {
  readonly channel?: NotificationChannel;
  readonly target?: string;
}

/** `headwind notify test`: sends one message to the targets that the operator would notify with the same settings. */
export function notifyCommand(options: NotifyOptions): Command {
  const test = new Command('test')
    .description('send a test message; exits with 1 if a target does not take it, with 2 if there is none')
    .addOption(
      new Option('--channel <channel>', 'all targets of this channel').choices(NOTIFICATION_CHANNELS),
    )
    .option('--target <id>', 'only this target: slack, teams, webhook, or its name in the file')
    .addHelpText(
      'after',
      '\nReads the settings and the file that the operator reads: SLACK_ENABLED, SLACK_WEBHOOK_URL and so on,\nHEADWIND_NOTIFICATIONS_CONFIG. Needs no cluster. The operator itself sends one at POST /api/v1/notifications/test.',
    )
    .action((flags: Flags) => sendTest(flags, options));
  return new Command('notify').description('try out notifications').addCommand(test);
}

async function sendTest(
  flags: Flags,
  { env, terminal, readFile, clock, version }: NotifyOptions,
): Promise<void> {
  if (flags.channel === undefined && flags.target === undefined)
    throw new UsageError('say whom to send it to: --channel slack|teams|webhook or --target ID');
  const settings = readSettings(env);
  if (!settings.ok) throw new UsageError(formatConfigError(formatProblems(settings.error)));
  const { notifications, uiUrl } = settings.value;
  const read = await readNotifications({ settings: notifications, env, readFile });
  if (!read.ok) throw new UsageError(formatConfigError(formatProblems(read.error)));
  const chosen = choose(read.value.targets, flags);
  const transport = createNotificationTransport({
    clock,
    userAgent: `Headwind/${version}`,
    proxies: notifications.proxies,
  });
  const notification = testNotification(clock.now(), uiUrl);
  let failed = 0;
  for (const target of chosen) {
    const verdict = await tryOnce({
      target,
      notifications: [notification],
      transport,
      nowMs: clock.now(),
    });
    const name = `${target.id} (${target.channel})`;
    if (verdict.outcome === 'delivered') {
      terminal.out(`${name}: delivered`);
      continue;
    }
    failed += 1;
    const what = verdict.outcome === 'refused' ? 'refused' : 'not delivered';
    terminal.out(`${name}: ${what}: ${visible(verdict.reason)}`);
  }
  if (failed > 0) throw new FailedError(`${failed} of ${chosen.length} did not take the message`);
}

/** The targets that are meant. Throws UsageError if there are none. */
function choose(targets: readonly Target[], { channel, target }: Flags): readonly Target[] {
  const ofChannel = targets.filter((known) => channel === undefined || known.channel === channel);
  const chosen = ofChannel.filter(({ id }) => target === undefined || id === target);
  if (chosen.length > 0) return chosen;
  const known = targets.map((one) => `${one.id} (${one.channel})`).join(', ');
  const wanted = target === undefined ? `no target of channel ${channel ?? ''}` : `no target "${target}"`;
  throw new UsageError(
    known === ''
      ? 'no target of notifications is configured; see SLACK_ENABLED, TEAMS_ENABLED, WEBHOOK_ENABLED and HEADWIND_NOTIFICATIONS_CONFIG in headwind check-config'
      : `there is ${wanted}; there are: ${known}`,
  );
}
