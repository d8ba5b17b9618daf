/** What people are told of, as it stands in the `event` of a generic webhook. */
export const NOTIFICATION_EVENTS = [
  'update_detected',
  'update_request_created',
  'update_approved',
  'update_rejected',
  'update_completed',
  'update_failed',
  'rollback_triggered',
  'rollback_completed',
  'rollback_failed',
] as const;
export type NotificationEvent = (typeof NOTIFICATION_EVENTS)[number];

/** The ways by which they are told. */
export const NOTIFICATION_CHANNELS = ['slack', 'teams', 'webhook'] as const;
export type NotificationChannel = (typeof NOTIFICATION_CHANNELS)[number];
