import { z } from 'zod';
import { namesHost, parseImageReference } from '../../core/image-reference.ts';
import { fail } from '../../core/result.ts';
import {
  ignored,
  namedDeliveries,
  nothing,
  pushedTag,
  quote,
  readEach,
  type Entry,
  type WebhookSender,
} from './sender.ts';
import { isRecord, member, optionalText, parseBase64, textAt } from './shape.ts';

// https://cloud.google.com/artifact-registry/docs/configure-notifications, for Container Registry alike:
// `{"action":"INSERT","digest":"HOST/PATH@sha256:…","tag":"HOST/PATH:TAG"}`.
const Notification = z.object({ action: z.string(), digest: optionalText, tag: optionalText });
type Notification = z.infer<typeof Notification>;

const ACTIONS = /^(?:INSERT|DELETE)$/;

/**
 * Google Artifact Registry and Container Registry through a Pub/Sub push subscription, wrapped in its envelope or
 * unwrapped. Whatever is in an envelope is answered with 2xx: Pub/Sub would only send it again.
 */
export const gar: WebhookSender = {
  name: 'gar',
  expects:
    '{"message":{"data":"<base64>"},"subscription":"projects/…"} (Pub/Sub push), or unwrapped {"action":"INSERT","tag":"europe-docker.pkg.dev/project/repository/app:1.2.3"}',
  // Pub/Sub has a token of its own (see authenticity.ts).
  proofs: [],
  deliveryIds: ({ headers, body }) =>
    namedDeliveries([textAt(body, 'message', 'messageId') ?? headers.get('x-goog-pubsub-message-id')]),
  // Unwrapped, Pub/Sub declares the content type only where the publisher gave one.
  untyped: true,
  recognises: ({ headers, body }) =>
    headers.has('x-goog-pubsub-message-id') || isEnvelope(body) || isNotification(body),
  parse({ body }) {
    const wrapped = isEnvelope(body);
    const content = wrapped ? parseBase64(textAt(body, 'message', 'data') ?? '') : body;
    const notification = Notification.safeParse(content);
    if (notification.success) return readEach([notification.data], readNotification);
    if (wrapped) return nothing('the message is not a notification of a registry');
    return fail('message must be an object, or action a string');
  },
};

function isEnvelope(body: unknown): boolean {
  const message = member(body, 'message');
  if (!isRecord(message)) return false;
  return textAt(body, 'subscription') !== undefined || textAt(message, 'messageId') !== undefined;
}

function isNotification(body: unknown): boolean {
  if (!ACTIONS.test(textAt(body, 'action') ?? '')) return false;
  return textAt(body, 'tag') !== undefined || textAt(body, 'digest') !== undefined;
}

function readNotification({ action, digest, tag }: Notification): Entry {
  if (action !== 'INSERT') return ignored(`a ${quote(action)}, not a push`);
  if (!tag) return ignored('a push by digest, without a tag of its own');
  const reference = parseImageReference(tag);
  if (!reference.ok) return ignored(reference.error);
  const { name, repository, tag: version } = reference.value;
  if (!namesHost(name)) return ignored(`${quote(tag)} does not name its registry`);
  return pushedTag({
    sender: 'gar',
    type: 'image',
    repository: { ok: true, value: repository },
    tag: version,
    digest: digest?.slice(digest.indexOf('@') + 1),
  });
}
