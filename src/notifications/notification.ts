import type { NotificationEvent } from '../core/notification-event.ts';

export type { NotificationEvent };

/** One event of one update, as all channels tell it. Texts come from others: each channel neutralises them itself. */
export interface Notification {
  /** `<uid of the request>.<event>`: the same whenever this is sent again, so that receivers can tell. */
  readonly id: string;
  readonly event: NotificationEvent;
  /** When it happened, in milliseconds since the Unix epoch. */
  readonly timestampMs: number;
  readonly workload: {
    readonly kind: string;
    readonly namespace: string;
    readonly name: string;
    readonly container?: string;
  };
  /** The image, or `<chart>:<version>`. */
  readonly currentImage: string;
  readonly newImage: string;
  /** As the annotation spells it: `minor`. */
  readonly policy?: string;
  readonly requiresApproval?: boolean;
  /** Where a program may POST the approval; opened by a person it answers 405. */
  readonly approvalUrl?: string;
  /** The request in the dashboard, for people. */
  readonly uiUrl?: string;
  /** Who approved; for `update_rejected`, who rejected. */
  readonly approvedBy?: string;
  readonly rejectionReason?: string;
  /** What went wrong; for rollbacks, why. */
  readonly errorMessage?: string;
  readonly updateRequestName?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** How an event is shown. Colours and emoji are those of the messages that were promised. */
export interface EventLook {
  readonly emoji: string;
  /** `#rrggbb`. */
  readonly colour: string;
  /** The beginning of the title. */
  readonly prefix: string;
}

export const EVENT_LOOKS: Readonly<Record<NotificationEvent, EventLook>> = {
  update_detected: { emoji: '🔔', colour: '#2196F3', prefix: 'New version detected' },
  update_request_created: { emoji: '📦', colour: '#9C27B0', prefix: 'Update request created' },
  update_approved: { emoji: '✅', colour: '#4CAF50', prefix: 'Update approved' },
  update_rejected: { emoji: '❌', colour: '#F44336', prefix: 'Update rejected' },
  update_completed: { emoji: '🎉', colour: '#4CAF50', prefix: 'Update completed' },
  update_failed: { emoji: '⚠️', colour: '#FF9800', prefix: 'Update failed' },
  rollback_triggered: { emoji: '🔄', colour: '#FF9800', prefix: 'Rollback triggered' },
  rollback_completed: { emoji: '✅', colour: '#4CAF50', prefix: 'Rollback completed' },
  rollback_failed: { emoji: '💥', colour: '#F44336', prefix: 'Rollback failed' },
};

/** The kind as people read it: `Helm Release`. */
export function kindLabel(kind: string): string {
  return kind === 'HelmRelease' ? 'Helm Release' : kind;
}

/** `Update approved: Deployment production/nginx`. */
export function titleOf({ event, workload }: Pick<Notification, 'event' | 'workload'>): string {
  const { kind, namespace, name } = workload;
  return `${EVENT_LOOKS[event].prefix}: ${kindLabel(kind)} ${namespace}/${name}`;
}

/** `update.request.created`. */
export function dottedName(event: NotificationEvent): string {
  return event.replaceAll('_', '.');
}

/** What must arrive in order: everything about one request. */
export function requestOf({ id }: Pick<Notification, 'id'>): string {
  const end = id.lastIndexOf('.');
  return end < 0 ? id : id.slice(0, end);
}
