import { z } from 'zod';
import { parseRepository, type Repository } from '../../core/image-reference.ts';
import { fail, type Result } from '../../core/result.ts';
import { authorization } from './proof.ts';
import {
  hostOfUrl,
  ignored,
  isChart,
  locate,
  locateUnder,
  malformed,
  namedDeliveries,
  pushedTag,
  quote,
  readEach,
  type Entry,
  type WebhookSender,
} from './sender.ts';
import { member, optionalText as text, textAt } from './shape.ts';

// https://distribution.github.io/distribution/about/notifications/: one envelope mixes pulls, pushes of layers and
// pushes of manifests. What only helps is read leniently; a wrong type there counts as absent.
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
    references: z.array(z.unknown()).nullish().catch(undefined),
  }),
  request: z.object({ host: text }).nullish().catch(undefined),
});
type Push = z.infer<typeof Push>;

const MANIFEST = /manifest|image\.index|helm\.config/;

/** The CNCF distribution registry, and every registry built on it. */
export const distribution = senderOfEnvelopes('distribution');

/** GitLab's container registry sends the same envelope; on `/webhook/registry` it is told as `distribution`. */
export const gitlab = senderOfEnvelopes('gitlab');

function senderOfEnvelopes(name: string): WebhookSender {
  return {
    name,
    expects:
      '{"events":[{"action":"push","target":{"repository":"team/app","tag":"1.2.3","url":"https://registry.example.com/v2/…"}}]} (registry notification)',
    proofs: [authorization],
    deliveryIds: ({ body }) => eventIdsOf(member(body, 'events')),
    recognises: ({ body }) => Array.isArray(member(body, 'events')),
    parse({ body }, { hostOf }) {
      const envelope = Envelope.safeParse(body);
      if (!envelope.success) return fail('events must be an array');
      return readEach(envelope.data.events, (event, index) =>
        readEvent({ sender: name, host: hostOf(name), where: `events[${index}]` }, event),
      );
    },
  };
}

function eventIdsOf(events: unknown): readonly string[] {
  return Array.isArray(events) ? namedDeliveries(events.map((event) => textAt(event, 'id'))) : [];
}

interface Source {
  readonly sender: string;
  /** As configured, for envelopes that name none. */
  readonly host: string | undefined;
  /** Names the event in a reason. */
  readonly where: string;
}

function readEvent({ sender, host, where }: Source, event: unknown): Entry {
  const action = Action.safeParse(event);
  if (!action.success) return malformed(`${where}.action must be a string`);
  if (action.data.action !== 'push') return ignored(`${where} is a ${quote(action.data.action)}, not a push`);
  const push = Push.safeParse(event);
  if (!push.success)
    return malformed(`${where}.target.repository must be a string, and target.tag too where there is one`);
  const { target } = push.data;
  if (target.mediaType && !MANIFEST.test(target.mediaType)) return ignored(`${where} is a push of a layer`);
  const references = (target.references ?? []).map((reference) => textAt(reference, 'mediaType'));
  return pushedTag({
    sender,
    type: isChart([target.mediaType, target.artifactType, ...references]) ? 'chart' : 'image',
    repository: repositoryOf(push.data, host),
    tag: target.tag,
    digest: target.digest,
  });
}

/**
 * The registry's host stands in `target.url` (as clients reach it), else in `request.host`. Only where neither the
 * envelope nor the configuration says it does the name decide, by the rule for image references.
 */
function repositoryOf({ target, request }: Push, configured: string | undefined): Result<Repository> {
  const host = hostOfUrl(target.url) ?? request?.host;
  if (host) return locate(host, target.repository);
  return locateUnder(configured, target.repository) ?? parseRepository(target.repository);
}
