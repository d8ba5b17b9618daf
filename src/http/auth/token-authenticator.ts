import { fail } from '../../core/result.ts';
import type { Authenticator } from '../auth.ts';
import { noToken } from './problems.ts';
import { REVIEW_TTL_MS, type TokenReviews } from './token-reviews.ts';

/** Actions want to know that the token holds now, near enough. */
export const ACTION_REVIEW_TTL_MS = 5_000;

/** Mode `token`: whom `Authorization: Bearer …` speaks for. */
export function createTokenAuthenticator(reviews: TokenReviews): Authenticator {
  return {
    async authenticate({ headers, acts }) {
      const header = headers.get('authorization');
      if (header == null)
        return fail(noToken('Missing Authorization header. Expected: Bearer <token>', false));
      const token = bearerOf(header);
      if (token === undefined)
        return fail(noToken('Invalid Authorization header format. Expected: Bearer <token>', false));
      return reviews.identify(token, acts === true ? ACTION_REVIEW_TTL_MS : REVIEW_TTL_MS);
    },
  };
}

/** The token in an Authorization header, whose scheme may be written in any case. */
function bearerOf(header: string): string | undefined {
  return /^bearer +(\S+)$/i.exec(header.trim())?.[1];
}
