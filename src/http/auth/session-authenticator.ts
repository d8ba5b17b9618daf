import { fail, ok, type Result } from '../../core/result.ts';
import type { Clock } from '../../core/clock.ts';
import type { Authenticator, Caller, Identity, SessionFacts } from '../auth.ts';
import { problem, type Problem } from '../problem.ts';
import { noToken } from './problems.ts';
import { cookieName, readCookie, setCookie } from './session-cookie.ts';
import type { Session, Sessions } from './sessions.ts';
import { ACTION_REVIEW_TTL_MS } from './token-authenticator.ts';
import { REVIEW_TTL_MS, type TokenReviews } from './token-reviews.ts';
import type { TrustedProxies } from './trusted-proxies.ts';

export interface SessionAuthenticatorOptions {
  readonly sessions: Sessions;
  readonly reviews: TokenReviews;
  readonly proxies: TrustedProxies;
  /** Who shows a token in place of a cookie. */
  readonly bearer: Authenticator;
  readonly clock: Pick<Clock, 'now'>;
}

/** The header in which our pages prove that they are ours. */
export const CSRF_HEADER = 'x-csrf-token';

/**
 * Mode `token` for browsers: whom the token speaks for that the session's cookie holds, asked again every minute; else
 * whom `Authorization` names. Whoever acts by a cookie has to show the session's CSRF token as well.
 */
export function createSessionAuthenticator(options: SessionAuthenticatorOptions): Authenticator {
  const { sessions, reviews, proxies, bearer, clock } = options;

  const factsOf = (session: Session, isSecure: boolean): SessionFacts => {
    const current = sessions.isDue(session) ? sessions.renew(session) : session;
    const expiresAtMs = sessions.expiresAtMs(current);
    const facts = { csrfToken: sessions.csrfToken(session), expiresAtMs };
    const sealed = current === session ? undefined : sessions.seal(current, cookieName(isSecure));
    if (sealed === undefined) return facts;
    return { ...facts, renewal: setCookie(sealed, { isSecure, maxAgeMs: expiresAtMs - clock.now() }) };
  };

  const identify = async (caller: Caller, session: Session): Promise<Result<Identity, Problem>> => {
    const acts = caller.acts === true;
    if (acts && !sessions.isCsrfToken(session, caller.headers.get(CSRF_HEADER) ?? undefined)) {
      const detail =
        'The X-CSRF-Token header is missing or not that of this session; see GET /api/v1/session.';
      return fail(problem('HW_CSRF', detail));
    }
    const user = await reviews.identify(session.token, acts ? ACTION_REVIEW_TTL_MS : REVIEW_TTL_MS);
    if (user.ok) return ok({ ...user.value, session: factsOf(session, isHttps(caller, proxies)) });
    // A token that was revoked ends the session, also should it hold again.
    if (user.error.code === 'HW_UNAUTHENTICATED') sessions.end(session);
    return user;
  };

  return {
    authenticate(caller) {
      if (caller.headers.has('authorization')) return bearer.authenticate(caller);
      const name = cookieName(isHttps(caller, proxies));
      const sealed = readCookie(caller.headers, name);
      if (sealed === undefined) return bearer.authenticate(caller);
      const session = sessions.open(sealed, name);
      if (session !== undefined) return identify(caller, session);
      return Promise.resolve(fail(noToken('The session is over; sign in again.', false)));
    },
  };
}

/** Whether the browser speaks HTTPS, which only a proxy can tell that it speaks it with. */
export function isHttps({ headers, remoteAddress }: Caller, proxies: TrustedProxies): boolean {
  const first = headers.get('x-forwarded-proto')?.split(',')[0]?.trim().toLowerCase();
  return first === 'https' && proxies.includes(remoteAddress);
}
