import { z } from 'zod';
import { fail } from '../../core/result.ts';
import { secretParameter } from './proof.ts';
import { isChart, locateUnder, pushedTag, readEach, type WebhookSender } from './sender.ts';
import { isRecord, member, optionalText } from './shape.ts';

// https://docs.docker.com/docker-hub/repos/manage/webhooks/. Only what is needed is read: `pushed_at` comes as an
// integer or a float, and `callback_url` is written by whoever calls, so it is never called.
const Push = z.object({
  push_data: z.object({ tag: z.string(), media_type: optionalText }),
  repository: z.object({
    repo_name: z.string().nullish(),
    namespace: optionalText,
    name: optionalText,
  }),
});

/** Docker Hub. It neither signs nor names a host: a body on this path is about Docker Hub, unless configured otherwise. */
export const dockerhub: WebhookSender = {
  name: 'dockerhub',
  expects: '{"push_data":{"tag":"1.2.3"},"repository":{"repo_name":"team/app"}} (Docker Hub)',
  proofs: [secretParameter],
  recognises: ({ body }) => isRecord(member(body, 'push_data')) && isRecord(member(body, 'repository')),
  parse({ body }, { hostOf }) {
    const push = Push.safeParse(body);
    if (!push.success) return fail('push_data.tag and repository.repo_name must be strings');
    const { push_data, repository } = push.data;
    const name = repository.repo_name ?? joined(repository.namespace, repository.name);
    if (name === undefined) return fail('repository.repo_name is missing');
    return readEach([push_data], ({ tag, media_type }) =>
      pushedTag({
        sender: 'dockerhub',
        type: isChart([media_type]) ? 'chart' : 'image',
        repository: locateUnder(hostOf('dockerhub') ?? 'docker.io', name),
        tag,
      }),
    );
  },
};

function joined(namespace: string | null | undefined, name: string | null | undefined): string | undefined {
  if (!name) return undefined;
  return namespace ? `${namespace}/${name}` : name;
}
