import { z } from 'zod';
import { fail } from '../../core/result.ts';
import { secretParameter } from './proof.ts';
import { locateUnder, pushedTag, readEach, type WebhookSender } from './sender.ts';
import { isRecord, member, optionalText as text, textAt } from './shape.ts';

// https://www.alibabacloud.com/help/en/acr/user-guide/manage-triggers
const Push = z.object({
  push_data: z.object({ tag: z.string(), digest: text }),
  repository: z.object({ repo_full_name: text, namespace: text, name: text, region: text }),
});

const REGION = /^[a-z]{2}(?:-[a-z0-9]+)+$/;

/** Alibaba Cloud Container Registry. Its Enterprise Edition uses hosts of its own, which have to be configured. */
export const aliyun: WebhookSender = {
  name: 'aliyun',
  expects:
    '{"push_data":{"tag":"1.2.3"},"repository":{"region":"cn-hangzhou","repo_full_name":"team/app"}} (Alibaba Cloud ACR)',
  proofs: [secretParameter],
  recognises: ({ body }) =>
    isRecord(member(body, 'push_data')) &&
    (textAt(body, 'repository', 'repo_full_name') !== undefined ||
      textAt(body, 'repository', 'region') !== undefined),
  parse({ body }, { hostOf }) {
    const push = Push.safeParse(body);
    if (!push.success) return fail('push_data.tag must be a string and repository an object');
    const { tag, digest } = push.data.push_data;
    const { repo_full_name: full, namespace, name, region } = push.data.repository;
    const path = full || (namespace && name ? `${namespace}/${name}` : undefined);
    if (!path) return fail('repository.repo_full_name is missing');
    const derived = region && REGION.test(region) ? `registry.${region}.aliyuncs.com` : undefined;
    const repository = locateUnder(hostOf('aliyun') ?? derived, path.toLowerCase());
    return readEach([tag], (pushed) =>
      pushedTag({ sender: 'aliyun', type: 'image', repository, tag: pushed, digest }),
    );
  },
};
