import type { Channel, Message, Sending } from './message.ts';
import type { Notification } from './notification.ts';
import { slackChannel } from './slack.ts';
import type { Target } from './target.ts';
import { teamsChannel } from './teams.ts';
import { webhookChannel } from './webhook.ts';

/** All channels. A new one is one file, one line here and its name in `core/notification-event.ts`. */
const CHANNELS: { readonly [Name in Target['channel']]: Channel<Extract<Target, { channel: Name }>> } = {
  slack: slackChannel,
  teams: teamsChannel,
  webhook: webhookChannel,
};

/** How the target's channel behaves, whichever it is. */
export function channelOf(target: Target): Omit<Channel<Target>, 'render'> {
  return CHANNELS[target.channel];
}

/** The message for one target, as its channel writes it. */
export function renderFor(
  target: Target,
  notifications: readonly [Notification, ...Notification[]],
  sending: Sending,
): Message {
  if (target.channel === 'slack') return CHANNELS.slack.render(notifications, target, sending);
  if (target.channel === 'teams') return CHANNELS.teams.render(notifications, target, sending);
  return CHANNELS.webhook.render(notifications, target, sending);
}
