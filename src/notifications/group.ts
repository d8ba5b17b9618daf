import type { NotificationEvent } from '../core/notification-event.ts';
import { EVENT_LOOKS, type Notification } from './notification.ts';

/** How grave events are, the gravest first: the colour of a group is that of its gravest. */
const BY_GRAVITY: readonly NotificationEvent[] = [
  'rollback_failed',
  'rollback_triggered',
  'update_failed',
  'update_rejected',
  'rollback_completed',
  'update_request_created',
  'update_detected',
  'update_approved',
  'update_completed',
];

export function gravestOf(notifications: readonly Notification[]): NotificationEvent {
  const events = new Set(notifications.map(({ event }) => event));
  return BY_GRAVITY.find((event) => events.has(event)) ?? 'update_detected';
}

/** `12 notifications: 8 × Update completed, 4 × Update failed`, the most frequent first. */
export function groupTitle(notifications: readonly Notification[]): string {
  const counts = new Map<NotificationEvent, number>();
  for (const { event } of notifications) counts.set(event, (counts.get(event) ?? 0) + 1);
  const parts = [...counts]
    .toSorted(([, a], [, b]) => b - a)
    .map(([event, count]) => `${count} × ${EVENT_LOOKS[event].prefix}`);
  return `${notifications.length} notifications: ${parts.join(', ')}`;
}

/**
 * As many of the lines as fit, and what to say of the rest; `fits` is asked with all lines that would then stand there.
 */
export function linesThatFit(
  lines: readonly string[],
  fits: (lines: readonly string[]) => boolean,
): readonly string[] {
  for (let count = lines.length; count > 0; count -= 1) {
    const rest = lines.length - count;
    const shown = [...lines.slice(0, count), ...(rest === 0 ? [] : [`… and ${rest} more`])];
    if (fits(shown)) return shown;
  }
  return [`${lines.length} more`];
}
