import { z } from 'zod';
import { fail } from '../../core/result.ts';
import { authorization } from './proof.ts';
import {
  locate,
  locateUnder,
  malformed,
  nothing,
  pushedTag,
  readEach,
  splitHost,
  type WebhookSender,
} from './sender.ts';
import { isRecord, member, optionalText, textAt } from './shape.ts';

// https://docs.redhat.com/en/documentation/red_hat_quay, "Repository events": all events share the URL, and only a push
// has `updated_tags`; in old versions that was an object with the tags as keys.
const Push = z.object({
  docker_url: optionalText,
  repository: z.string(),
  updated_tags: z.array(z.unknown()),
});

/** Quay. One event may hold several tags. It says nothing of media types, so a chart looks like an image here. */
export const quay: WebhookSender = {
  name: 'quay',
  expects:
    '{"repository":"team/app","docker_url":"quay.io/team/app","updated_tags":["1.2.3"]} (Quay repository push)',
  proofs: [authorization],
  recognises: ({ body }) =>
    textAt(body, 'docker_url') !== undefined && textAt(body, 'repository') !== undefined,
  parse({ body }, { hostOf }) {
    const updated = member(body, 'updated_tags');
    if (textAt(body, 'docker_url') !== undefined && updated == null)
      return nothing('a Quay event without updated_tags, so not a push');
    const push = Push.safeParse({
      docker_url: member(body, 'docker_url'),
      repository: member(body, 'repository'),
      updated_tags: isRecord(updated) ? Object.keys(updated) : updated,
    });
    if (!push.success) return fail('repository must be a string and updated_tags a list');
    const { docker_url: url, repository: name, updated_tags: tags } = push.data;
    if (tags.length === 0) return nothing('a push without a tag');
    const full = splitHost(url ?? '');
    const repository = full ? locate(full.host, full.path) : locateUnder(hostOf('quay'), name);
    return readEach(tags, (tag, index) =>
      typeof tag === 'string'
        ? pushedTag({ sender: 'quay', type: 'image', repository, tag })
        : malformed(`updated_tags[${index}] must be a string`),
    );
  },
};
