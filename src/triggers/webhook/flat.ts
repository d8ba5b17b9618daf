import { z } from 'zod';
import { parseImageReference, parseRepository, type Repository } from '../../core/image-reference.ts';
import { fail, type Result } from '../../core/result.ts';
import { isChart, locate, pushedTag, readEach, type WebhookSender } from './sender.ts';

const text = z.string().nullish().catch(undefined);
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
  recognises: ({ body }) => Push.safeParse(body).success,
  parse({ body }) {
    const push = Push.safeParse(body);
    if (!push.success) return fail('repository and tag must be strings');
    return readEach([push.data], (data) =>
      pushedTag({
        sender: 'generic',
        type: isChart([data.mediaType, data.artifactType]) ? 'chart' : 'image',
        repository: repositoryOf(data),
        tag: data.tag,
        digest: data.digest,
      }),
    );
  },
};

/** The host comes from `registry`, else from `image` where that is the same repository in full, else from the name. */
function repositoryOf({ registry, image, repository }: Push): Result<Repository> {
  // Some write a URL, some a host with the start of the path: `https://registry.example.com/team`.
  const prefix = (registry ?? '').replace(/^https?:\/\//i, '').replace(/\/+$/, '');
  if (prefix !== '') {
    const slash = prefix.indexOf('/');
    if (slash < 0) return locate(prefix, repository);
    return locate(prefix.slice(0, slash), `${prefix.slice(slash + 1)}/${repository}`);
  }
  const full = image ? parseImageReference(image) : undefined;
  if (full?.ok && full.value.name.endsWith(`/${repository}`)) return parseRepository(full.value.name);
  return parseRepository(repository);
}
