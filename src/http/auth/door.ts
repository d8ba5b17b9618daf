import { randomBytes } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { permissiveAuthorizer, type Authenticator, type Authorizer } from '../auth.ts';
import type { Log } from '../dependencies.ts';
import type { EdgeApp } from '../edge.ts';
import type { Problem } from '../problem.ts';
import { createAnonymousAuthenticator } from './anonymous-authenticator.ts';
import { createAttempts } from './attempts.ts';
import { createHeaderAuthenticator } from './header-authenticator.ts';
import { createRbacAuthorizer, type RbacAuthorizerOptions } from './rbac-authorizer.ts';
import { createSessionAuthenticator } from './session-authenticator.ts';
import { createSessions } from './sessions.ts';
import { mountSignIn } from './sign-in.ts';
import { createTokenAuthenticator } from './token-authenticator.ts';
import { createTokenReviews, type TokenReviewsOptions } from './token-reviews.ts';
import { createTrustedProxies } from './trusted-proxies.ts';

export type AuthMode = 'none' | 'simple' | 'token' | 'proxy';

/** How one server lets people in. */
export interface Door {
  readonly mode: AuthMode;
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  /** Where browsers sign in by a page: adds its routes. */
  readonly mountSignIn?: (app: EdgeApp, parts: SignInParts) => void;
}

export interface SignInParts {
  readonly explain: (error: unknown) => Problem | undefined;
  readonly log: Log;
}

export interface DoorsOptions {
  readonly api: AuthMode;
  readonly ui: AuthMode;
  /** Where people reach these servers, as far as that is set. */
  readonly ownUrls?: readonly string[];
  /** Networks whose headers are believed. */
  readonly trustedProxies: readonly string[];
  /** Of mode `proxy`. */
  readonly proxyHeader: string;
  readonly proxyGroupsHeader?: string | undefined;
  /** Seal the sessions of the dashboard; without any, a random one of this process does. */
  readonly sessionSecrets: readonly string[];
  readonly reviewToken: TokenReviewsOptions['review'];
  readonly reviewAccess: RbacAuthorizerOptions['review'];
  readonly clock: Clock;
  readonly log: Pick<Log, 'warn'>;
}

const SECRET_BYTES = 32;

/** Who did what in mode `none`, where nobody says who they are. */
const NOBODY = { api: 'unknown', ui: 'web-ui-user' } as const;

/**
 * The doors of the approval API and of the dashboard, each in its mode. Rights are asked of Kubernetes where Kubernetes
 * knows the people: in mode `token`, and in mode `proxy` where the proxy names their groups.
 */
export function createDoors(options: DoorsOptions): { readonly api: Door; readonly ui: Door } {
  const { clock } = options;
  const proxies = createTrustedProxies(options.trustedProxies);
  const reviews = createTokenReviews({ review: options.reviewToken, clock });
  const rbac = createRbacAuthorizer({ review: options.reviewAccess, clock });
  const bearer = createTokenAuthenticator(reviews);

  const withHeader = (mode: AuthMode, header: string, groupsHeader?: string): Door => ({
    mode,
    authenticator: createHeaderAuthenticator({ header, groupsHeader, proxies }),
    authorizer: groupsHeader === undefined ? permissiveAuthorizer : rbac,
  });
  const withToken = (server: 'api' | 'ui'): Door => {
    const door = { mode: 'token', authenticator: bearer, authorizer: rbac } as const;
    if (server === 'api') return door;
    const [first = randomSecret(options.log), ...others] = options.sessionSecrets;
    const sessions = createSessions({ secrets: [first, ...others], clock });
    const attempts = createAttempts(clock);
    return {
      ...door,
      authenticator: createSessionAuthenticator({ sessions, reviews, proxies, bearer, clock }),
      mountSignIn: (app, parts) =>
        mountSignIn(app, { sessions, reviews, proxies, attempts, clock, ...parts }),
    };
  };
  const open = (name: string): Door => ({
    mode: 'none',
    authenticator: createAnonymousAuthenticator(name, options.ownUrls ?? []),
    authorizer: permissiveAuthorizer,
  });
  const doors = (server: 'api' | 'ui'): Readonly<Record<AuthMode, () => Door>> => ({
    none: () => open(NOBODY[server]),
    simple: () => withHeader('simple', 'X-User'),
    proxy: () => withHeader('proxy', options.proxyHeader, options.proxyGroupsHeader),
    token: () => withToken(server),
  });
  return { api: doors('api')[options.api](), ui: doors('ui')[options.ui]() };
}

function randomSecret(log: DoorsOptions['log']): string {
  log.warn(
    { settings: ['HEADWIND_SESSION_KEY', 'HEADWIND_SESSION_KEY_FILE'] },
    'sign-ins at the dashboard end with this process, and no other replica knows them: no key for sessions is set',
  );
  return randomBytes(SECRET_BYTES).toString('base64');
}
