import { distribution, gitlab } from './distribution.ts';
import { dockerhub } from './dockerhub.ts';
import { generic } from './flat.ts';
import type { WebhookSender } from './sender.ts';

/**
 * Everybody whose webhooks are understood. Each is served on `/webhook/<name>`; on `/webhook/registry` the first that
 * recognises the body reads it, so the more special shape stands first.
 */
export const WEBHOOK_SENDERS: readonly WebhookSender[] = [dockerhub, distribution, gitlab, generic];
