/**
 * Everybody whose webhooks are understood, by the name that stands in paths, settings and metrics. A test holds it
 * against the list of parsers.
 */
export const WEBHOOK_SENDER_NAMES = [
  'acr',
  'aliyun',
  'cloudevents',
  'distribution',
  'dockerhub',
  'ecr',
  'gar',
  'generic',
  'ghcr',
  'gitea',
  'gitlab',
  'harbor',
  'jfrog',
  'nexus',
  'quay',
  'zot',
] as const;

/** Whether there is a sender of this name. */
export function isWebhookSenderName(name: string): boolean {
  return WEBHOOK_SENDER_NAMES.some((known) => known === name);
}
