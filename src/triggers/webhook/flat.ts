import { z } from 'zod';
import {
  namesHost,
  parseImageReference,
  parseRepository,
  type Repository,
} from '../../core/image-reference.ts';
import { fail, type Result } from '../../core/result.ts';
import { authorization, secretHeader, secretParameter } from './proof.ts';
import { isChart, locateUnder, pushedTag, readEach, type WebhookSender } from './sender.ts';
import { member, optionalText as text } from './shape.ts';

const Push = z.object({
  repository: z.string(),
  tag: z.string(),
  registry: text,
  image: text,
  digest: text,
  mediaType: text,
  artifactType: text,
});
type Push = z.infer<typeof Push>;

/** The form for scripts and pipelines: `{"repository":"team/app","tag":"1.2.3"}`. */
export const generic: WebhookSender = {
  name: 'generic',
  expects:
    '{"repository":"registry.example.com/team/app","tag":"1.2.3"} (registry, image and digest optional)',
  proofs: [authorization, secretHeader, secretParameter],
  recognises: ({ body }) =>
    typeof member(body, 'repository') === 'string' && typeof member(body, 'tag') === 'string',
  parse({ body }, { hostOf }) {
    const push = Push.safeParse(body);
    if (!push.success) return fail('repository and tag must be strings');
    return readEach([push.data], (data) =>
      pushedTag({
        sender: 'generic',
        type: isChart([data.mediaType, data.artifactType]) ? 'chart' : 'image',
        repository: repositoryOf(data, hostOf('generic')),
        tag: data.tag,
        digest: data.digest,
      }),
    );
  },
};

/**
 * The host comes from `registry`, else from `image` where that is the same repository in full, else from the name, else
 * from the configuration. Some write a URL as registry, some a host with the start of the path.
 */
function repositoryOf(
  { registry, image, repository }: Push,
  configured: string | undefined,
): Result<Repository> {
  const stated = locateUnder(registry, repository);
  if (stated !== undefined) return stated;
  const full = image ? parseImageReference(image) : undefined;
  if (full?.ok && full.value.name.endsWith(`/${repository}`)) return parseRepository(full.value.name);
  const named = namesHost(repository) ? undefined : locateUnder(configured, repository);
  return named ?? parseRepository(repository);
}
