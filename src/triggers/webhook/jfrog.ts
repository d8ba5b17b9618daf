import { z } from 'zod';
import { fail } from '../../core/result.ts';
import { jfrogEventAuth } from './proof.ts';
import {
  hostOfUrl,
  ignored,
  locateUnder,
  malformed,
  nothing,
  pushedTag,
  quote,
  readEach,
  type Entry,
  type WebhookSender,
} from './sender.ts';
import { isRecord, member, optionalText as text, textAt } from './shape.ts';

// https://jfrog.com/help/r/jfrog-platform-administration-documentation/domain-docker
const Push = z.object({
  repo_key: z.string(),
  image_name: text,
  tag: text,
  path: text,
  sha256: text,
});

const MANIFEST_PATH = /^(.+)\/([^/]+)\/(?:list\.)?manifest\.json$/s;
// A manifest pushed by digest lies in a folder of that name.
const DIGEST_FOLDER = /^sha256(?:__|:)[0-9a-f]{64}$/;

/**
 * JFrog Artifactory. A repository is found under `<host>/<repo_key>/<image>` (the "repository path" method), and the
 * host is known only where the platform has a base URL or Headwind is told.
 */
export const jfrog: WebhookSender = {
  name: 'jfrog',
  expects:
    '{"domain":"docker","event_type":"pushed","data":{"repo_key":"docker-local","image_name":"team/app","tag":"1.2.3"},"jpd_origin":"https://example.jfrog.io"} (Artifactory)',
  proofs: [jfrogEventAuth],
  recognises: ({ headers, body }) =>
    textAt(body, 'event_type') !== undefined &&
    (textAt(body, 'domain') !== undefined ||
      headers.has('x-jfrog-event-auth') ||
      isRecord(member(body, 'data'))),
  parse({ body }, { hostOf }) {
    const event = textAt(body, 'event_type');
    if (event === undefined) return fail('event_type must be a string');
    const domain = textAt(body, 'domain') ?? 'docker';
    if (domain !== 'docker' || event !== 'pushed')
      return nothing(`an event ${quote(event)} of ${quote(domain)}, not a push of a Docker tag`);
    const host = hostOf('jfrog') ?? hostOfUrl(textAt(body, 'jpd_origin'));
    return readEach([member(body, 'data') ?? body], (data) => readPush(data, host));
  },
};

function readPush(data: unknown, host: string | undefined): Entry {
  const push = Push.safeParse(data);
  if (!push.success) return malformed('data.repo_key must be a string');
  const { repo_key: key, path, sha256 } = push.data;
  const [, pathImage, pathTag] = MANIFEST_PATH.exec(path ?? '') ?? [];
  const image = push.data.image_name || pathImage;
  if (!image) return malformed('data.image_name must be a string');
  const tag = push.data.tag || pathTag;
  if (tag && DIGEST_FOLDER.test(tag)) return ignored('a push by digest, without a tag of its own');
  return pushedTag({
    sender: 'jfrog',
    type: 'image',
    repository: locateUnder(host, `${key}/${image}`),
    tag,
    digest: sha256 && `sha256:${sha256}`,
  });
}
