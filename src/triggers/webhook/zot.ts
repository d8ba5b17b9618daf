import { z } from 'zod';
import { fail } from '../../core/result.ts';
import { type CloudEvent, cloudEventIdsOf, cloudEventsOf } from './cloud-event.ts';
import { authorization } from './proof.ts';
import {
  hostOfUrl,
  ignored,
  isChart,
  locateUnder,
  malformed,
  pushedTag,
  quote,
  readEach,
  type Entry,
  type WebhookSender,
} from './sender.ts';
import { optionalText as text, parseInner, textAt } from './shape.ts';

// https://zotregistry.dev/latest/articles/events/: CloudEvents in binary mode. `reference` is a tag or a digest, and
// `manifest` the manifest as text.
const Update = z.object({
  name: z.string(),
  reference: z.string(),
  digest: text,
  mediaType: text,
  manifest: z.unknown().optional(),
});
const Manifest = z.object({
  artifactType: text,
  config: z.object({ mediaType: text }).nullish().catch(undefined),
});

// The prefix can be configured, `zotregistry` is the default.
const TYPE = /(?:^|\.)(?:image\.(?:updated|deleted|lint_failed)|repository\.created)$/;
const UPDATED = /(?:^|\.)image\.updated$/;

/** zot. The host is known where zot's own configuration gives a URL as source, or Headwind is told. */
export const zot: WebhookSender = {
  name: 'zot',
  expects:
    '{"name":"team/app","reference":"1.2.3","mediaType":"application/vnd.oci.image.manifest.v1+json"} with the header ce-type: zotregistry.image.updated (zot)',
  proofs: [authorization],
  deliveryIds: cloudEventIdsOf,
  recognises: (message) => {
    const [event] = cloudEventsOf(message) ?? [];
    return event !== undefined && TYPE.test(event.type) && textAt(event.data, 'name') !== undefined;
  },
  parse(message, { hostOf }) {
    const events = cloudEventsOf(message);
    if (events === undefined) return fail('the header ce-type is missing');
    return readEach(events, (event) => readEvent(event, hostOf('zot') ?? hostOfUrl(event.source)));
  },
};

function readEvent({ type, data }: CloudEvent, host: string | undefined): Entry {
  if (!UPDATED.test(type)) return ignored(`an event ${quote(type)}, not a push`);
  const update = Update.safeParse(data);
  if (!update.success) return malformed('name and reference must be strings');
  const { name, reference: tag, digest, mediaType } = update.data;
  const repository = locateUnder(host, name);
  const chart = isChart([mediaType, ...configTypesOf(update.data.manifest)]);
  return pushedTag({ sender: 'zot', type: chart ? 'chart' : 'image', repository, tag, digest });
}

function configTypesOf(manifest: unknown): readonly (string | null | undefined)[] {
  const read = Manifest.safeParse(typeof manifest === 'string' ? parseInner(manifest) : manifest);
  return read.success ? [read.data.artifactType, read.data.config?.mediaType] : [];
}
