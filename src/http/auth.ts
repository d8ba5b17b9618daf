import { fail, ok, type Result } from '../core/result.ts';
import { problem, type Problem } from './problem.ts';

/** Somebody whose name is proven. */
export interface KnownIdentity {
  readonly kind: 'known';
  readonly username: string;
  readonly uid?: string | undefined;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
  /** There where a browser is signed in by a cookie. */
  readonly session?: SessionFacts;
}

export interface SessionFacts {
  /** What a page sends along as X-CSRF-Token. */
  readonly csrfToken: string;
  /** When the session ends unless it is used before, in milliseconds since the Unix epoch. */
  readonly expiresAtMs: number;
  /** A Set-Cookie header that prolongs it. */
  readonly renewal?: string;
}

/**
 * Who asks. In mode `none` nobody is known: a name in the body is taken for what it says, and where there is none the
 * action is recorded under `name`.
 */
export type Identity = { readonly kind: 'anonymous'; readonly name?: string } | KnownIdentity;

/** What an authenticator may look at. */
export interface Caller {
  readonly headers: Headers;
  /** Names and values in turn, as they came over the wire; there where there is a socket. */
  readonly rawHeaders?: readonly string[] | undefined;
  /** The peer's address, for modes that trust certain proxies; undefined where there is no socket. */
  readonly remoteAddress: string | undefined;
  /** Whether something is to be changed, which needs fresher knowledge and, from browsers, their CSRF token. */
  readonly acts?: boolean;
}

export interface Authenticator {
  /** Who the caller is, or the problem to answer. */
  authenticate(caller: Caller): Promise<Result<Identity, Problem>>;
}

/** What is asked of Kubernetes' RBAC: a verb on a resource of the group `headwind.sh`. */
export interface Right {
  readonly verb: 'get' | 'list' | 'approve' | 'reject' | 'rollback' | 'pause' | 'update';
  /** `updaterequests` unless told. */
  readonly resource?: 'updaterequests' | 'settings';
  /** Undefined: in all namespaces. */
  readonly namespace: string | undefined;
  readonly name?: string | undefined;
}

export interface Authorizer {
  /** Nothing, or the problem to answer. */
  authorize(question: Right & { readonly identity: Identity }): Promise<Result<undefined, Problem>>;
}

const UNNAMED = 'unknown';

/** Everybody may do everything, and is nobody. */
export const anonymousAuthenticator: Authenticator = {
  authenticate: () => Promise.resolve(ok({ kind: 'anonymous', name: UNNAMED })),
};

/** Whoever was let in may do everything. */
export const permissiveAuthorizer: Authorizer = { authorize: () => Promise.resolve(ok(undefined)) };

/** The name that an action is recorded under; `claimed` counts only where nobody is authenticated. */
export function actorOf(identity: Identity, claimed: string | undefined): string {
  return identity.kind === 'known' ? identity.username : (claimed ?? identity.name ?? UNNAMED);
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
