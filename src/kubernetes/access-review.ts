import { z } from 'zod';
import type { KubernetesClient } from './client.ts';
import type { ReviewedUser } from './token-review.ts';

/** A question to Kubernetes' RBAC about somebody else. */
export interface AccessQuestion {
  readonly user: Pick<ReviewedUser, 'username' | 'uid'> & Partial<Pick<ReviewedUser, 'groups' | 'extra'>>;
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  /** Undefined: in all namespaces. */
  readonly namespace?: string | undefined;
  /** Undefined: all objects. */
  readonly name?: string | undefined;
}

const SubjectAccessReview = z.object({
  status: z.object({ allowed: z.boolean(), denied: z.boolean().default(false) }),
});

/**
 * Whether the user may. Throws what `client.request` throws.
 * (https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/subject-access-review-v1/)
 */
export async function reviewAccess(
  client: Pick<KubernetesClient, 'request'>,
  { user, verb, group, resource, namespace, name }: AccessQuestion,
): Promise<boolean> {
  const answer = await client.request({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: {
        user: user.username,
        ...(user.uid !== undefined && { uid: user.uid }),
        groups: user.groups ?? [],
        extra: user.extra ?? {},
        resourceAttributes: {
          verb,
          group,
          resource,
          ...(namespace !== undefined && { namespace }),
          ...(name !== undefined && { name }),
        },
      },
    },
  });
  const { allowed, denied } = SubjectAccessReview.parse(answer).status;
  return allowed && !denied;
}
