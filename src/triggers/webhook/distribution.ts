import { z } from 'zod';
import { parseRepository, type Repository } from '../../core/image-reference.ts';
import { fail, type Result } from '../../core/result.ts';
import {
  ignored,
  isChart,
  locate,
  malformed,
  pushedTag,
  quote,
  readEach,
  type Entry,
  type WebhookSender,
} from './sender.ts';

// https://distribution.github.io/distribution/about/notifications/: one envelope mixes pulls, pushes of layers and
// pushes of manifests. What only helps is read leniently; a wrong type there counts as absent.
const text = z.string().nullish().catch(undefined);
const Envelope = z.object({ events: z.array(z.unknown()) });
const Action = z.object({ action: z.string() });
const Push = z.object({
  target: z.object({
    repository: z.string(),
    tag: z.string().nullish(),
    mediaType: text,
    artifactType: text,
    digest: text,
    url: text,
    // Sent with `includereferences: true`: the manifest's config and layers.
    references: z
      .array(z.object({ mediaType: text }))
      .nullish()
      .catch(undefined),
  }),
  request: z.object({ host: text }).nullish().catch(undefined),
});
type Push = z.infer<typeof Push>;

const MANIFEST = /manifest|image\.index|helm\.config/;
const URL_HOST = /^https?:\/\/(?:[^/?#@]*@)?([^/?#]+)/i;

/** The CNCF distribution registry, and every registry built on it. */
export const distribution = senderOfEnvelopes('distribution');

/** GitLab's container registry sends the same envelope; on `/webhook/registry` it is told as `distribution`. */
export const gitlab = senderOfEnvelopes('gitlab');

function senderOfEnvelopes(name: string): WebhookSender {
  return {
    name,
    expects:
      '{"events":[{"action":"push","target":{"repository":"team/app","tag":"1.2.3","url":"https://registry.example.com/v2/…"}}]} (registry notification)',
    recognises: ({ body }) => Envelope.safeParse(body).success,
    parse({ body }) {
      const envelope = Envelope.safeParse(body);
      if (!envelope.success) return fail('events must be an array');
      return readEach(envelope.data.events, (event, index) => readEvent(name, event, `events[${index}]`));
    },
  };
}

function readEvent(sender: string, event: unknown, where: string): Entry {
  const action = Action.safeParse(event);
  if (!action.success) return malformed(`${where}.action must be a string`);
  if (action.data.action !== 'push') return ignored(`${where} is a ${quote(action.data.action)}, not a push`);
  const push = Push.safeParse(event);
  if (!push.success)
    return malformed(`${where}.target.repository must be a string, and target.tag too where there is one`);
  const { target } = push.data;
  if (target.mediaType && !MANIFEST.test(target.mediaType)) return ignored(`${where} is a push of a layer`);
  const references = (target.references ?? []).map((reference) => reference.mediaType);
  return pushedTag({
    sender,
    type: isChart([target.mediaType, target.artifactType, ...references]) ? 'chart' : 'image',
    repository: repositoryOf(push.data),
    tag: target.tag,
    digest: target.digest,
  });
}

/**
 * The registry's host stands in `target.url` (as clients reach it), else in `request.host`. Only where the envelope
 * says neither does the name decide, by the rule for image references.
 */
function repositoryOf({ target, request }: Push): Result<Repository> {
  const host = URL_HOST.exec(target.url ?? '')?.[1] ?? request?.host;
  return host ? locate(host, target.repository) : parseRepository(target.repository);
}
