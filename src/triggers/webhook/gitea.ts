import { z } from 'zod';
import { fail } from '../../core/result.ts';
import { giteaSignature, forgejoSignature, hubSignature } from './proof.ts';
import {
  deliveryHeaders,
  hostOfUrl,
  ignored,
  locateUnder,
  nothing,
  pushedTag,
  quote,
  readEach,
  type WebhookSender,
} from './sender.ts';
import { isRecord, member, optionalText as text, textAt } from './shape.ts';

// https://github.com/go-gitea/gitea/blob/main/modules/structs/package.go. Forgejo sends the same. The version of an
// untagged manifest is its digest; nothing tells a chart in the container registry from an image.
const Package = z.object({
  type: z.string(),
  name: z.string(),
  version: z.string(),
  html_url: text,
  owner: z.object({ login: text, username: text }),
});

const EVENT_HEADERS = ['x-gitea-event', 'x-forgejo-event', 'x-gogs-event'];

/** Gitea and Forgejo. They send `X-GitHub-Event` too, so this stands before GitHub in the list. */
export const gitea: WebhookSender = {
  name: 'gitea',
  expects:
    '{"action":"created","package":{"type":"container","name":"app","version":"1.2.3","owner":{"login":"team"},"html_url":"https://gitea.example.com/…"}} (Gitea package event)',
  proofs: [giteaSignature, forgejoSignature, hubSignature],
  deliveryIds: ({ headers }) =>
    deliveryHeaders(headers, ['x-gitea-delivery', 'x-forgejo-delivery', 'x-gogs-delivery']),
  recognises: ({ headers, body }) =>
    EVENT_HEADERS.some((name) => headers.has(name)) ||
    (textAt(body, 'package', 'type') !== undefined &&
      textAt(body, 'package', 'version') !== undefined &&
      isRecord(member(body, 'package', 'owner'))),
  parse({ headers, body }, { hostOf }) {
    const event = EVENT_HEADERS.map((name) => headers.get(name)).find((value) => value !== null) ?? 'package';
    if (event !== 'package') return nothing(`an event ${quote(event)}, not a package`);
    const action = textAt(body, 'action');
    if (action === undefined) return fail('action must be a string');
    if (action !== 'created' && action !== 'updated')
      return nothing(`the package was ${quote(action)}, not pushed`);
    const read = Package.safeParse(member(body, 'package'));
    if (!read.success)
      return fail('package.type, package.name and package.version must be strings, package.owner an object');
    const { type, name, version, owner, html_url: url } = read.data;
    if (type !== 'container') return nothing(`a package of type ${quote(type)}, not a container`);
    const host = hostOf('gitea') ?? hostOfUrl(url) ?? hostOfUrl(textAt(body, 'repository', 'html_url'));
    return readEach([owner.login || owner.username], (login) => {
      if (!login) return ignored('the package has no owner');
      // Names in the container registry are lower-case, however the owner writes theirs.
      const repository = locateUnder(host, `${login}/${name}`.toLowerCase());
      return pushedTag({ sender: 'gitea', type: 'image', repository, tag: version });
    });
  },
};
