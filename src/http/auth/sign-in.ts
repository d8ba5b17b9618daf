import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import { describeIssues } from '../api-shapes.ts';
import { refuseCrossSite, type Caller, type KnownIdentity } from '../auth.ts';
import { readFields } from '../body.ts';
import type { Log } from '../dependencies.ts';
import { callerOf, refuse, type EdgeApp, type EdgeContext } from '../edge.ts';
import { problem, PROBLEMS, retryAfter, type Problem } from '../problem.ts';
import type { Attempts } from './attempts.ts';
import { CSRF_HEADER, isHttps } from './session-authenticator.ts';
import { cookieName, readCookie, setCookie } from './session-cookie.ts';
import type { Session, Sessions } from './sessions.ts';
import { signInPage } from './sign-in-page.ts';
import type { TokenReviews } from './token-reviews.ts';
import { plainAddress, type TrustedProxies } from './trusted-proxies.ts';

export interface SignInOptions {
  readonly sessions: Sessions;
  readonly reviews: TokenReviews;
  readonly proxies: TrustedProxies;
  readonly attempts: Attempts;
  /** The problem that an error of the review stands for, or undefined for one that nobody expected. */
  readonly explain: (error: unknown) => Problem | undefined;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}

export const SIGN_IN_PATH = '/auth/sign-in';
const SIGN_OUT_PATH = '/auth/sign-out';
const MAX_BODY_BYTES = 16 * 1024;
const MAX_PATH = 2000;

const SignInBody = z.object({
  token: z.string('must be a Kubernetes token').trim().min(1, 'must be a Kubernetes token'),
  next: z.string().optional(),
});
const SignOutBody = z.object({ csrf_token: z.string().optional() });

interface SignedIn {
  readonly session: Session;
  readonly user: KnownIdentity;
  readonly cookie: string;
}

/**
 * `GET` and `POST /auth/sign-in`, `POST /auth/sign-out`. A form, as the page sends it, is answered with a redirection,
 * JSON with JSON.
 */
export function mountSignIn(app: EdgeApp, options: SignInOptions): void {
  const { sessions, reviews, proxies, attempts, log, clock } = options;

  const review = async (token: string): ReturnType<TokenReviews['identify']> => {
    try {
      return await reviews.identify(token, 0);
    } catch (error) {
      log.warn({ error }, 'sign-in could not be checked');
      return fail(options.explain(error) ?? problem('HW_INTERNAL', 'The token could not be checked.'));
    }
  };

  const signIn = async (caller: Caller, token: string): Promise<Result<SignedIn, Problem>> => {
    const address = clientAddress(caller, proxies);
    const waitMs = attempts.waitMs(address);
    if (waitMs > 0) return fail(tooManyAttempts(waitMs));
    const user = await review(token);
    if (!user.ok) {
      if (user.error.code === 'HW_UNAUTHENTICATED') {
        attempts.failed(address);
        log.info({ address }, 'sign-in refused');
      }
      return user;
    }
    const isSecure = isHttps(caller, proxies);
    const session = sessions.begin(token);
    const sealed = sessions.seal(session, cookieName(isSecure));
    if (sealed === undefined)
      return fail(
        problem(
          'HW_UNEXPECTED_SHAPE',
          'The token is too long for a session; use one with fewer groups or claims.',
        ),
      );
    log.info({ username: user.value.username, address }, 'signed in');
    const maxAgeMs = sessions.expiresAtMs(session) - clock.now();
    return ok({ session, user: user.value, cookie: setCookie(sealed, { isSecure, maxAgeMs }) });
  };

  app.get(SIGN_IN_PATH, (c) => c.html(signInPage({ next: safePath(c.req.query('next')) })));

  app.post(SIGN_IN_PATH, async (c) => {
    const body = await readBody(c, SignInBody);
    if (!body.ok) return refuse(c, body.error);
    const { value, isForm } = body.value;
    const next = safePath(value.next);
    const signedIn = await signIn(callerOf(c), value.token);
    if (!signedIn.ok) return isForm ? complain(c, next, signedIn.error) : refuse(c, signedIn.error);
    const { session, user, cookie } = signedIn.value;
    c.header('set-cookie', cookie);
    if (isForm) return c.redirect(next, 303);
    return c.json({ username: user.username, csrfToken: sessions.csrfToken(session) });
  });

  app.post(SIGN_OUT_PATH, async (c) => {
    const body = await readBody(c, SignOutBody);
    if (!body.ok) return refuse(c, body.error);
    const caller = callerOf(c);
    const isSecure = isHttps(caller, proxies);
    const name = cookieName(isSecure);
    const session = sessions.open(readCookie(caller.headers, name) ?? '', name);
    const given = caller.headers.get(CSRF_HEADER) ?? body.value.value.csrf_token;
    if (session !== undefined && !sessions.isCsrfToken(session, given))
      return refuse(c, problem('HW_CSRF', 'The X-CSRF-Token header is missing or not that of this session.'));
    if (session !== undefined) sessions.end(session);
    c.header('set-cookie', setCookie('', { isSecure, maxAgeMs: 0 }));
    return body.value.isForm ? c.redirect(SIGN_IN_PATH, 303) : c.body(null, 204);
  });
}

/** Where a browser that is not signed in is sent to, and comes back from to this page. */
export function signInFor(c: EdgeContext): string {
  const { pathname, search } = new URL(c.req.url);
  const next = safePath(`${pathname}${search}`);
  return next === '/' ? SIGN_IN_PATH : `${SIGN_IN_PATH}?next=${encodeURIComponent(next)}`;
}

async function readBody<T>(
  c: EdgeContext,
  shape: z.ZodType<T>,
): Promise<Result<{ readonly value: T; readonly isForm: boolean }, Problem>> {
  const sameSite = refuseCrossSite(c.req.raw.headers);
  if (!sameSite.ok) return sameSite;
  const read = await readFields(c.req.raw, { maxBytes: MAX_BODY_BYTES });
  if (!read.ok) return read;
  const parsed = shape.safeParse(read.value.fields);
  if (parsed.success) return ok({ value: parsed.data, isForm: read.value.isForm });
  return fail(problem('HW_UNEXPECTED_SHAPE', `${describeIssues(parsed.error)}.`));
}

function complain(c: EdgeContext, next: string, refused: Problem): Response | Promise<Response> {
  c.set('problem', refused);
  for (const [name, value] of Object.entries(refused.headers ?? {})) c.header(name, value);
  return c.html(signInPage({ next, complaint: refused.detail }), PROBLEMS[refused.code].status);
}

/** A path of this server and of no other one, whatever was asked for. */
function safePath(path: string | undefined): string {
  const base = 'http://headwind.invalid';
  if (path === undefined || path.length > MAX_PATH || !path.startsWith('/')) return '/';
  const url = URL.parse(path, base);
  if (url?.origin !== base || url.pathname.startsWith('//') || url.pathname.startsWith('/auth/')) return '/';
  return `${url.pathname}${url.search}`;
}

/** The last address that no trusted proxy has: what lies before it, anybody can have written. */
function clientAddress({ headers, remoteAddress }: Caller, proxies: TrustedProxies): string {
  const peer = plainAddress(remoteAddress);
  if (!proxies.includes(peer)) return peer;
  const hops = (headers.get('x-forwarded-for') ?? '').split(',').map((hop) => hop.trim());
  return hops.findLast((hop) => hop !== '' && !proxies.includes(hop))?.slice(0, 64) ?? peer;
}

function tooManyAttempts(waitMs: number): Problem {
  const detail = 'Too many sign-ins have failed; try again later.';
  return retryAfter(Math.ceil(waitMs / 1000), problem('HW_TOO_MANY_ATTEMPTS', detail));
}
