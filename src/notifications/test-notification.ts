import type { Notification } from './notification.ts';

/** What is sent when somebody tries out a target: about a workload that there is not. */
export function testNotification(nowMs: number, uiUrl: string | undefined): Notification {
  return {
    id: `test-${nowMs}.update_request_created`,
    event: 'update_request_created',
    timestampMs: nowMs,
    workload: { kind: 'Deployment', namespace: 'default', name: 'test-deployment', container: 'nginx' },
    currentImage: 'nginx:1.25.0',
    newImage: 'nginx:1.26.0',
    policy: 'minor',
    requiresApproval: true,
    ...(uiUrl === undefined ? {} : { uiUrl }),
  };
}
