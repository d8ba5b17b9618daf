import { acr } from './acr.ts';
import { aliyun } from './aliyun.ts';
import { cloudevents } from './cloudevents.ts';
import { distribution, gitlab } from './distribution.ts';
import { dockerhub } from './dockerhub.ts';
import { ecr } from './ecr.ts';
import { generic } from './flat.ts';
import { gar } from './gar.ts';
import { ghcr } from './ghcr.ts';
import { gitea } from './gitea.ts';
import { harbor } from './harbor.ts';
import { jfrog } from './jfrog.ts';
import { nexus } from './nexus.ts';
import { quay } from './quay.ts';
import type { WebhookSender } from './sender.ts';
import { zot } from './zot.ts';

/**
 * Everybody whose webhooks are understood. Each is served on `/webhook/<name>`; on `/webhook/registry` the first that
 * recognises the message reads it, so the more special shape stands first.
 */
export const WEBHOOK_SENDERS: readonly WebhookSender[] = [
  // Told by headers of their own. Gitea sends GitHub's header too.
  gitea,
  ghcr,
  nexus,
  // CloudEvents with a type of their own, and shapes that nobody else has.
  acr,
  ecr,
  harbor,
  zot,
  gar,
  jfrog,
  quay,
  // Alibaba's has all members of Docker Hub's, and more.
  aliyun,
  dockerhub,
  distribution,
  gitlab,
  // Forms for everybody else.
  cloudevents,
  generic,
];
