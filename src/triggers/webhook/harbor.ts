import { z } from 'zod';
import type { Repository } from '../../core/image-reference.ts';
import { fail, type Result } from '../../core/result.ts';
import { cloudEventIdsOf, cloudEventsOf } from './cloud-event.ts';
import { authorization } from './proof.ts';
import {
  locate,
  locateUnder,
  malformed,
  nothing,
  pushedTag,
  quote,
  readEach,
  splitHost,
  type WebhookMessage,
  type WebhookSender,
} from './sender.ts';
import { isRecord, member, optionalText as text, textAt } from './shape.ts';

// https://goharbor.io/docs/main/working-with-projects/project-configuration/configure-webhooks/: one event may hold several
// tags of one repository. No media type is sent, so an OCI chart looks like an image here.
const Event = z.object({
  resources: z.array(z.unknown()),
  repository: z.object({ repo_full_name: text, namespace: text, name: text }).nullish().catch(undefined),
});
const Resource = z.object({ tag: z.string().nullish(), digest: text, resource_url: text });
type Resource = z.infer<typeof Resource>;

// Default format of 2.x, of 1.x (also Tencent's registry, which kept it), and CloudEvents.
const PUSHES = new Set(['PUSH_ARTIFACT', 'pushImage', 'harbor.artifact.pushed']);

/** Harbor, in its default format (2.x and 1.x) and as CloudEvents. */
export const harbor: WebhookSender = {
  name: 'harbor',
  expects:
    '{"type":"PUSH_ARTIFACT","event_data":{"resources":[{"tag":"1.2.3","resource_url":"harbor.example.com/team/app:1.2.3"}],"repository":{"repo_full_name":"team/app"}}} (Harbor)',
  proofs: [authorization],
  deliveryIds: cloudEventIdsOf,
  recognises: (message) =>
    (isRecord(member(message.body, 'event_data')) && textAt(message.body, 'type') !== undefined) ||
    cloudEventOf(message)?.type.startsWith('harbor.') === true,
  parse(message, { hostOf }) {
    const event = cloudEventOf(message);
    const type = event?.type ?? textAt(message.body, 'type');
    if (type === undefined) return fail('type must be a string');
    if (!PUSHES.has(type)) return nothing(`a Harbor event ${quote(type)}, not a push`);
    const read = Event.safeParse(event === undefined ? member(message.body, 'event_data') : event.data);
    if (!read.success) return fail('event_data.resources must be an array');
    const { repository } = read.data;
    const name = repository?.repo_full_name || joined(repository?.namespace, repository?.name);
    return readEach(read.data.resources, (item, index) => {
      const resource = Resource.safeParse(item);
      if (!resource.success) return malformed(`resources[${index}].tag must be a string`);
      const { tag, digest } = resource.data;
      const located = repositoryOf(resource.data, name, hostOf('harbor'));
      return pushedTag({ sender: 'harbor', type: 'image', repository: located, tag, digest });
    });
  },
};

function cloudEventOf(message: WebhookMessage) {
  const events = cloudEventsOf(message);
  return events?.length === 1 ? events[0] : undefined;
}

/** The host comes from `resource_url`, e.g. `harbor.example.com/team/app:1.2.3`: the only place where it stands. */
function repositoryOf(
  { resource_url }: Resource,
  name: string | undefined,
  configured: string | undefined,
): Result<Repository> | undefined {
  const full = splitHost(resource_url ?? '');
  if (full !== undefined) return locate(full.host, name ?? withoutVersion(full.path));
  return name === undefined ? undefined : locateUnder(configured, name);
}

function withoutVersion(path: string): string {
  return path.replace(/@.*$/s, '').replace(/:[^/:]*$/, '');
}

function joined(namespace: string | null | undefined, name: string | null | undefined): string | undefined {
  return namespace && name ? `${namespace}/${name}` : undefined;
}
