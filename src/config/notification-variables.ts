import {
  readEmoji,
  readProxyUrl,
  readReceiverUrl,
  readRetryTime,
  readShortText,
  readSigningKey,
  readSlackSecret,
  readTimeout,
} from './notification-values.ts';
import { readBoolean, readText, readWhole, type Reader } from './values.ts';

/** The part of the table of variables that is about notifications; `variables.ts` holds the whole. */
export const NOTIFICATION_VARIABLES = {
  SLACK_ENABLED: onOff('Whether Slack is notified'),
  SLACK_WEBHOOK_URL: secret(readReceiverUrl, 'Address of Slack’s incoming webhook'),
  SLACK_CHANNEL: optional(readShortText, 'Channel instead of the webhook’s own, e.g. `#deployments`'),
  SLACK_USERNAME: given(readShortText, 'Headwind', 'Headwind', 'Under which name Slack shows the messages'),
  SLACK_ICON_EMOJI: given(readEmoji, ':robot_face:', ':robot_face:', 'With which emoji Slack shows them'),
  HEADWIND_SLACK_SIGNING_SECRET: secret(
    readSlackSecret,
    'Signing secret of the Slack app; with it Approve and Reject work in the message itself',
  ),
  HEADWIND_SLACK_SIGNING_SECRET_FILE: optional(
    readText,
    'Path of a file with such secrets, one a line, read again when it changes',
  ),
  TEAMS_ENABLED: onOff('Whether Microsoft Teams is notified'),
  TEAMS_WEBHOOK_URL: secret(readReceiverUrl, 'Address of the Teams workflow that posts what it receives'),
  WEBHOOK_ENABLED: onOff('Whether a receiver of JSON is notified'),
  WEBHOOK_URL: secret(readReceiverUrl, 'Address of that receiver'),
  WEBHOOK_SECRET: secret(
    readSigningKey,
    'Key of the HMAC-SHA256 in `X-Headwind-Signature`; not signed if not set',
  ),
  WEBHOOK_TIMEOUT: given(readTimeout, 10_000, '10', 'How long one try may take'),
  WEBHOOK_MAX_RETRIES: given(
    readWhole(0, 20),
    3,
    '3',
    'How many tries follow a failed one after 1s, 2s, 4s…, before the receiver is left alone for up to a minute',
  ),
  HEADWIND_NOTIFICATIONS_CONFIG: optional(
    readText,
    'Path of a YAML file with further receivers of notifications and filters, read again when it changes; see docs/notifications.md',
  ),
  HEADWIND_NOTIFICATIONS_RETRY_FOR: given(
    readRetryTime,
    3_600_000,
    '1h',
    'For how long a notification is tried again while its receiver cannot be reached or answers 5xx or 429',
  ),
  HEADWIND_NOTIFICATIONS_ALLOW_LINK_LOCAL: onOff(
    'Whether notifications may go to link-local addresses and to those of cloud metadata services',
  ),
  HTTPS_PROXY: secret(readProxyUrl, 'Proxy through which notifications go to `https://` addresses'),
  HTTP_PROXY: secret(readProxyUrl, 'Proxy through which notifications go to `http://` addresses'),
  NO_PROXY: optional(
    readText,
    'Hosts that are reached without these proxies, separated by commas, e.g. `.svc,10.0.0.5`',
  ),
} as const;

function onOff(description: string) {
  return { read: readBoolean, fallback: false, shown: 'false', description };
}

function optional(read: Reader<string>, description: string) {
  const fallback: string | undefined = undefined;
  return { read, fallback, shown: '', description };
}

function secret(read: Reader<string>, description: string) {
  return { ...optional(read, description), isSecret: true };
}

function given<T>(read: Reader<T>, fallback: NoInfer<T>, shown: string, description: string) {
  return { read, fallback, shown, description };
}
