import { createHmac } from 'node:crypto';
import { toTimestamp } from '../core/clock.ts';
import type { Channel, Message } from './message.ts';
import type { Notification } from './notification.ts';
import type { WebhookTarget } from './target.ts';

/**
 * JSON for programs, one notification each, so that a receiver need not know of groups. `X-Headwind-Signature` is
 * `sha256=` and the HMAC-SHA256 of the body's bytes in lower-case hexadecimals.
 */
export const webhookChannel: Channel<WebhookTarget> = {
  name: 'webhook',
  parallel: 4,
  groupsUpTo: 1,
  render([notification], { secret }, { nowMs }): Message {
    const body = JSON.stringify(bodyOf(notification));
    return {
      body,
      headers: {
        'content-type': 'application/json',
        'x-headwind-event': notification.event,
        'x-headwind-delivery': notification.id,
        'x-headwind-timestamp': String(Math.floor(nowMs / 1000)),
        ...(secret === undefined ? {} : { 'x-headwind-signature': signatureOf(secret, body) }),
      },
    };
  },
};

/** The value of `X-Headwind-Signature`. */
export function signatureOf(secret: string, body: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

/** The documented shape; what is not known is left out. */
function bodyOf(notification: Notification): object {
  const { event, timestampMs, workload, currentImage, newImage, policy, labels } = notification;
  return {
    event,
    timestamp: toTimestamp(timestampMs),
    deployment: {
      name: workload.name,
      namespace: workload.namespace,
      currentImage,
      newImage,
      container: workload.container,
      resourceKind: workload.kind,
    },
    policy,
    requiresApproval: notification.requiresApproval,
    approvalUrl: notification.approvalUrl,
    uiUrl: notification.uiUrl,
    approvedBy: notification.approvedBy,
    rejectionReason: notification.rejectionReason,
    errorMessage: notification.errorMessage,
    updateRequestName: notification.updateRequestName,
    metadata: labels,
  };
}
