import { NOTIFICATION_EVENTS, type NotificationEvent } from '../core/notification-event.ts';
import { FAILURE_PREFIX, REJECTED_WITHOUT_REASON } from '../core/request-machine.ts';
import { APPROVED_BY_POLICY, type Notice, type UpdateRequest } from '../core/update-request.ts';
import type { Notification } from '../notifications/notification.ts';

/** Where people reach Headwind; without a slash at the end. */
export interface Links {
  readonly apiUrl: string;
  readonly uiUrl: string | undefined;
}

/** As much of a request as is told. */
export interface Told extends Pick<UpdateRequest, 'spec' | 'status'> {
  readonly metadata: Pick<UpdateRequest['metadata'], 'namespace' | 'name' | 'uid'>;
}

/**
 * What a target is told of one event of a request; undefined for an event that this version does not know. It depends on
 * the request and the event alone, so that what is sent again after a restart is the same.
 */
export function notificationOf(
  request: Told,
  notice: Pick<Notice, 'event' | 'at'>,
  links: Links,
): Notification | undefined {
  const event = NOTIFICATION_EVENTS.find((known) => known === notice.event);
  if (event === undefined) return undefined;
  const { metadata, spec } = request;
  const { kind, name } = spec.targetRef;
  const container = spec.updateType === 'image' ? spec.containerName : undefined;
  const path = `${encodeURIComponent(metadata.namespace)}/${encodeURIComponent(metadata.name)}`;
  return {
    id: `${metadata.uid}.${event}`,
    event,
    timestampMs: Date.parse(notice.at),
    workload: {
      kind,
      namespace: metadata.namespace,
      name,
      ...(container === undefined ? {} : { container }),
    },
    currentImage: spec.currentImage,
    newImage: spec.newImage,
    policy: spec.policy,
    // A rollback is approved by whoever begins it: nobody is asked.
    ...(spec.rollback === true ? {} : { requiresApproval: spec.requireApproval }),
    updateRequestName: metadata.name,
    ...(links.uiUrl === undefined ? {} : { uiUrl: `${links.uiUrl}/updates/${path}` }),
    ...(event === 'update_request_created'
      ? { approvalUrl: `${links.apiUrl}/api/v1/updates/${path}/approve` }
      : {}),
    ...PARTICULARS[event]?.(request),
  };
}

type Particulars = Partial<Pick<Notification, 'approvedBy' | 'rejectionReason' | 'errorMessage'>>;

/** What is said of some events only. */
const PARTICULARS: Readonly<Partial<Record<NotificationEvent, (request: Told) => Particulars>>> = {
  update_approved: ({ status }) => ({ approvedBy: status.approvedBy ?? 'unknown' }),
  update_rejected: ({ status }) => ({
    approvedBy: status.rejectedBy ?? 'unknown',
    rejectionReason: rejectionReason(status.message),
  }),
  update_completed: approver,
  update_failed: failure,
  rollback_triggered: ({ spec }) => (spec.reason === undefined ? {} : { errorMessage: spec.reason }),
  rollback_completed: approver,
  rollback_failed: failure,
};

function approver({ status }: Told): Particulars {
  const { approvedBy } = status;
  return approvedBy === undefined || approvedBy === APPROVED_BY_POLICY ? {} : { approvedBy };
}

/** The status of a failed request is a sentence; the reason is what follows its beginning. */
function failure(request: Told): Particulars {
  const { message = 'it does not say why' } = request.status;
  const reason = message.startsWith(FAILURE_PREFIX) ? message.slice(FAILURE_PREFIX.length) : message;
  return { ...approver(request), errorMessage: reason };
}

function rejectionReason(message: string | undefined): string {
  return message === undefined || message === REJECTED_WITHOUT_REASON ? 'No reason provided' : message;
}
