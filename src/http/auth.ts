import { fail, ok, type Result } from '../core/result.ts';
import { problem, type Problem } from './problem.ts';

/** Who asks. In mode `none` nobody is known, and a name in the body is taken for what it says. */
export type Identity = { readonly kind: 'anonymous' } | { readonly kind: 'known'; readonly username: string };

/** What an authenticator may look at. */
export interface Caller {
  readonly headers: Headers;
  /** The peer's address, for modes that trust certain proxies; undefined where there is no socket. */
  readonly remoteAddress: string | undefined;
}

export interface Authenticator {
  /** Who the caller is, or the 401 to answer. */
  authenticate(caller: Caller): Promise<Result<Identity, Problem>>;
}

/** Mode `none`: everybody may do everything. */
export const anonymousAuthenticator: Authenticator = {
  authenticate: () => Promise.resolve(ok({ kind: 'anonymous' })),
};

const UNNAMED = 'unknown';

/** The name that an action is recorded under; `claimed` counts only where nobody is authenticated. */
export function actorOf(identity: Identity, claimed: string | undefined): string {
  return identity.kind === 'known' ? identity.username : (claimed ?? UNNAMED);
}

/**
 * Refuses what a page of another site makes a browser send: without this, any page that a person with a port-forward
 * opens could approve. Programs send neither header and are let through.
 */
export function refuseCrossSite(headers: Headers): Result<undefined, Problem> {
  const site = headers.get('sec-fetch-site');
  const origin = headers.get('origin');
  const foreign =
    site == null
      ? origin != null && hostOf(origin) !== headers.get('host')
      : site !== 'same-origin' && site !== 'none';
  return foreign
    ? fail(problem('HW_CROSS_SITE', 'The request comes from a page of another site.'))
    : ok(undefined);
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
