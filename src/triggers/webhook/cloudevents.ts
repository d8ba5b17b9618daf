import {
  namesHost,
  parseImageReference,
  parseRepository,
  type Repository,
} from '../../core/image-reference.ts';
import { fail, type Result } from '../../core/result.ts';
import { acr } from './acr.ts';
import { type CloudEvent, cloudEventIdsOf, cloudEventsOf } from './cloud-event.ts';
import { ecr } from './ecr.ts';
import { harbor } from './harbor.ts';
import { authorization, secretHeader, secretParameter } from './proof.ts';
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
import { textAt } from './shape.ts';
import { zot } from './zot.ts';

/** Senders of CloudEvents with a meaning of their own; on the path for CloudEvents they are understood as well. */
const SPECIAL: readonly WebhookSender[] = [acr, ecr, harbor, zot];

// CloudEvents say nothing about what `data` holds; these are the names that pipelines and their templates use.
const REPOSITORY = ['repository', 'repositoryName', 'repository_name', 'name'];
const TAG = ['tag', 'imageTag', 'image_tag', 'reference', 'version'];
const DIGEST = ['digest', 'imageDigest', 'image_digest'];
const REGISTRY = ['registryUrl', 'registry_url', 'registry', 'host'];
const MEDIA_TYPE = ['mediaType', 'media_type', 'artifactType', 'artifact_type'];
const NO_PUSH = /delet|remov|pull|scan|fail|lint|untag|expire/i;

/** CloudEvents from whatever sends them: pipelines, brokers, transformers. */
export const cloudevents: WebhookSender = {
  name: 'cloudevents',
  expects:
    '{"specversion":"1.0","type":"com.example.image.pushed","source":"https://registry.example.com","id":"1","data":{"registryUrl":"registry.example.com","repository":"team/app","tag":"1.2.3"}} (CloudEvent)',
  proofs: [authorization, secretHeader, secretParameter],
  deliveryIds: cloudEventIdsOf,
  recognises: (message) => cloudEventsOf(message) !== undefined,
  parse(message, context) {
    const special = SPECIAL.find((sender) => sender.recognises(message));
    if (special !== undefined) return special.parse(message, context);
    const events = cloudEventsOf(message);
    if (events === undefined)
      return fail('specversion and type must be strings, in the body or as ce- headers');
    const configured = context.hostOf('cloudevents');
    return readEach(events, (event, index) => readEvent(event, configured, `event ${index}`));
  },
};

function readEvent(event: CloudEvent, configured: string | undefined, where: string): Entry {
  const { type, data } = event;
  if (NO_PUSH.test(type)) return ignored(`an event ${quote(type)}, not a push`);
  const image = imageOf(event);
  const name = first(data, REPOSITORY) ?? image?.name;
  if (name === undefined) return malformed(`${where}: data.repository must be a string`);
  return pushedTag({
    sender: 'cloudevents',
    type: isChart(MEDIA_TYPE.map((key) => textAt(data, key))) ? 'chart' : 'image',
    repository: repositoryOf(event, name, configured),
    tag: first(data, TAG) ?? image?.tag,
    digest: first(data, DIGEST) ?? image?.digest,
  });
}

function first(data: unknown, keys: readonly string[]): string | undefined {
  return keys.map((key) => textAt(data, key)).find((value) => value !== undefined);
}

/** Some give one reference, as `data.image` or as the event's subject, e.g. `team/app:1.2.3`. */
function imageOf({ data, subject }: CloudEvent) {
  const reference = parseImageReference(textAt(data, 'image') ?? subject);
  return reference.ok ? reference.value : undefined;
}

/** Never Docker Hub by default: an event that names no registry says nothing about that one either. */
function repositoryOf(
  { source, data }: CloudEvent,
  name: string,
  configured: string | undefined,
): Result<Repository> | undefined {
  const stated = locateUnder(first(data, REGISTRY), name);
  if (stated !== undefined) return stated;
  if (namesHost(name)) return parseRepository(name);
  return locateUnder(configured ?? hostOfUrl(source), name);
}
