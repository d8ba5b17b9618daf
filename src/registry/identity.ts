import { createHash } from 'node:crypto';
import type { Credential } from '../core/credential.ts';

/** Who asks: somebody with a credential, or nobody in particular. */
export type Identity = Credential | undefined;

/** Names an identity in the keys of caches without holding its secret. */
export function identityKey(identity: Identity): string {
  if (identity === undefined) return 'anonymous';
  const parts =
    'identityToken' in identity
      ? ['token', identity.identityToken]
      : ['password', identity.username, identity.password];
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}

/** The value of the `Authorization` header for Basic authentication (RFC 7617), in UTF-8. */
export function basicAuthorization(credential: {
  readonly username: string;
  readonly password: string;
}): string {
  return `Basic ${Buffer.from(`${credential.username}:${credential.password}`, 'utf8').toString('base64')}`;
}

/** Every form in which an identity's secret may come back in a remote answer. */
export function secretsOf(identity: Identity): readonly string[] {
  if (identity === undefined) return [];
  if ('identityToken' in identity) return [identity.identityToken];
  return [basicAuthorization(identity).slice('Basic '.length), identity.password];
}
