import { z } from 'zod';
import type { KubernetesClient } from './client.ts';

/** Whom a token speaks for, as the API server says. */
export interface ReviewedUser {
  readonly username: string;
  readonly uid?: string | undefined;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

const Strings = z.array(z.string());

const TokenReview = z.object({
  status: z.object({
    authenticated: z.boolean().default(false),
    audiences: Strings.nullish(),
    user: z
      .object({
        username: z.string().default(''),
        uid: z.string().optional(),
        groups: Strings.nullish(),
        extra: z.record(z.string(), Strings).nullish(),
      })
      .nullish(),
  }),
});

/**
 * Asks the API server whom a bearer token speaks for; undefined if for nobody. With `audiences`, the token must be meant
 * for one of them, without for the API server itself. Throws what `client.request` throws.
 * (https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-review-v1/)
 */
export async function reviewToken(
  client: Pick<KubernetesClient, 'request'>,
  { token, audiences }: { readonly token: string; readonly audiences: readonly string[] },
): Promise<ReviewedUser | undefined> {
  const answer = await client.request({
    method: 'POST',
    path: '/apis/authentication.k8s.io/v1/tokenreviews',
    body: {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: { token, ...(audiences.length > 0 && { audiences }) },
    },
  });
  const { authenticated, user, audiences: confirmed } = TokenReview.parse(answer).status;
  // An authenticator that knows nothing of audiences names none: then it cannot be told whom the token is meant for.
  const meant = audiences.length === 0 || (confirmed ?? []).some((audience) => audiences.includes(audience));
  if (!authenticated || !meant || user == null || user.username === '') return undefined;
  const { username, uid, groups, extra } = user;
  return { username, ...(uid !== undefined && { uid }), groups: groups ?? [], extra: extra ?? {} };
}
