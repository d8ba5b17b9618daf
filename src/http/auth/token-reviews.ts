import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../core/clock.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import type { KnownIdentity } from '../auth.ts';
import { problem, retryAfter, type Problem } from '../problem.ts';
import { noToken } from './problems.ts';

/** Whom a token speaks for, as TokenReview says. */
export type TokenUser = Pick<KnownIdentity, 'username' | 'uid' | 'groups' | 'extra'>;

export interface TokenReviewsOptions {
  /** Asks the API server; undefined: nobody. Throws where it cannot be asked. */
  readonly review: (token: string) => Promise<TokenUser | undefined>;
  readonly clock: Pick<Clock, 'elapsed'>;
}

export interface TokenReviews {
  /**
   * Whom the token speaks for, by a review that is not older than `maxAgeMs` milliseconds (a minute at most). Throws
   * where the API server has to be asked and cannot.
   */
  identify(token: string, maxAgeMs: number): Promise<Result<KnownIdentity, Problem>>;
}

interface Review {
  readonly atMs: number;
  readonly user: Promise<TokenUser | undefined>;
  /** Whether it has come out that the token speaks for nobody. */
  isRefused: boolean;
}

export const REVIEW_TTL_MS = 60_000;
const REFUSAL_TTL_MS = 10_000;
const MAX_KEPT = 1000;
const MAX_IN_FLIGHT = 64;
const BUSY_RETRY_SECONDS = 1;
const MAX_TOKEN = 8192;
/** What RFC 6750 allows in a bearer token. */
const TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;

/**
 * Reviews, each kept for a short while under a hash of its token: neither the token nor anything that it could be made
 * from is kept. Equal questions at the same time are one question.
 */
export function createTokenReviews({ review, clock }: TokenReviewsOptions): TokenReviews {
  const kept = new LRUCache<string, Review>({ max: MAX_KEPT });
  let inFlight = 0;

  const ask = (token: string, key: string): Review => {
    inFlight += 1;
    const asked: Review = { atMs: clock.elapsed(), user: review(token), isRefused: false };
    kept.set(key, asked);
    asked.user.then(
      (user) => {
        inFlight -= 1;
        asked.isRefused = user === undefined;
      },
      () => {
        inFlight -= 1;
        if (kept.peek(key) === asked) kept.delete(key);
      },
    );
    return asked;
  };

  /** A no is kept whatever age is wanted: guesses must not reach the API server one by one. */
  const fresh = (key: string, maxAgeMs: number): Review | undefined => {
    const known = kept.get(key);
    if (known === undefined) return undefined;
    const ageMs = clock.elapsed() - known.atMs;
    const limitMs = known.isRefused ? REFUSAL_TTL_MS : Math.min(maxAgeMs, REVIEW_TTL_MS);
    return ageMs <= limitMs ? known : undefined;
  };

  return {
    async identify(token, maxAgeMs) {
      if (token.length > MAX_TOKEN || !TOKEN.test(token))
        return fail(noToken('This is not a bearer token.', true));
      const key = createHash('sha256').update(token).digest('base64');
      const known = fresh(key, maxAgeMs);
      if (known === undefined && inFlight >= MAX_IN_FLIGHT) return fail(busy());
      const user = await (known ?? ask(token, key)).user;
      if (user === undefined) return fail(noToken('The token is not valid, or not any more.', true));
      return ok({ kind: 'known', ...user });
    },
  };
}

function busy(): Problem {
  const detail = 'Too many tokens are being reviewed; try again.';
  return retryAfter(BUSY_RETRY_SECONDS, problem('HW_BUSY', detail));
}
