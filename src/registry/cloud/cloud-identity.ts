import type { Credential } from '../../core/credential.ts';

/** What a cloud gave out for a registry of its own. */
export interface IssuedCredential {
  readonly credential: Credential;
  /** Milliseconds since the Unix epoch. */
  readonly expiresAtMs: number;
}

/** Who Headwind is to one cloud, and how that becomes a credential for the cloud's registries. */
export interface CloudIdentity {
  /** The service, as people call it. */
  readonly name: string;
  /** Whether `host`, with a port if it has one, is a registry of this cloud. */
  matches(host: string): boolean;
  /**
   * A credential for `host`, which `matches`, obtained anew. Undefined where this environment gives Headwind no identity
   * at this cloud. Throws where it has one and nothing came of it: a CloudIdentityError, or what the vendor's client
   * throws. What it began ends soon after `signal` is aborted.
   */
  credentials(host: string, signal: AbortSignal): Promise<IssuedCredential | undefined>;
}

/** There is an identity, but it gives no credential. The message is for a person and holds no secret. */
export class CloudIdentityError extends Error {
  override readonly name = 'CloudIdentityError';
}
