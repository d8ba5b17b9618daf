// Imported when a token is to be judged for the first time, since it loads jose.
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  errors,
  jwtVerify,
  type JWTVerifyGetKey,
} from 'jose';
import { z } from 'zod';
import type { OidcSettings } from '../../config/webhook-secrets-schema.ts';

/** What a token comes to; `unavailable`: the keys could not be had, so it is not known. */
export type TokenVerdict =
  | { readonly kind: 'right' }
  | { readonly kind: 'wrong'; readonly reason: string }
  | { readonly kind: 'unavailable'; readonly error: unknown };

export interface TokenJudge {
  /** Judges a token at a time in milliseconds since the Unix epoch. Never throws. */
  judge(token: string, nowMs: number): Promise<TokenVerdict>;
}

const KEYS_TIMEOUT_MS = 5000;
/** Unknown key ids, which anybody can send, make nobody fetch keys more often than this. */
const KEYS_COOLDOWN_MS = 30_000;
const KEYS_MAX_AGE_MS = 3_600_000;
const MAX_KEYS_BYTES = 1024 * 1024;
const MAX_TOKEN_LENGTH = 8192;

const Identity = z.object({ email: z.string(), email_verified: z.literal(true) });

/**
 * Judges the OpenID Connect tokens with which Pub/Sub pushes: signed (RS256) by one of the keys, from the issuer, for the
 * audience, not expired, and of one of the service accounts.
 *
 * https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions#validate_tokens
 */
export function createTokenJudge(settings: OidcSettings): TokenJudge {
  const { issuers, audiences, emails, leewayMs } = settings;
  const keys = keysOf(settings);
  return {
    async judge(token, nowMs) {
      if (token.length > MAX_TOKEN_LENGTH) return { kind: 'wrong', reason: 'the token is too long' };
      try {
        const { payload } = await jwtVerify(token, keys, {
          algorithms: ['RS256'],
          issuer: [...issuers],
          audience: [...audiences],
          requiredClaims: ['exp'],
          clockTolerance: leewayMs / 1000,
          currentDate: new Date(nowMs),
        });
        return judgeIdentity(payload, emails);
      } catch (error) {
        return explain(error);
      }
    },
  };
}

function keysOf({ keys }: OidcSettings): JWTVerifyGetKey {
  if (keys.kind === 'set') return createLocalJWKSet({ keys: [...keys.keys] });
  return createRemoteJWKSet(new URL(keys.url), {
    timeoutDuration: KEYS_TIMEOUT_MS,
    cooldownDuration: KEYS_COOLDOWN_MS,
    cacheMaxAge: KEYS_MAX_AGE_MS,
    [customFetch]: fetchBounded,
  });
}

/** The built-in fetch, for at most so many bytes. */
async function fetchBounded(url: string, options: RequestInit): Promise<Response> {
  const response = await fetch(url, options);
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > MAX_KEYS_BYTES) throw new Error(`the key set has more than ${MAX_KEYS_BYTES} bytes`);
    chunks.push(chunk);
  }
  return new Response(Buffer.concat(chunks), { status: response.status, headers: response.headers });
}

function judgeIdentity(payload: unknown, emails: readonly string[]): TokenVerdict {
  const identity = Identity.safeParse(payload);
  if (!identity.success) return { kind: 'wrong', reason: 'the token names no verified address' };
  return emails.includes(identity.data.email)
    ? { kind: 'right' }
    : { kind: 'wrong', reason: 'the token is that of another account' };
}

/** What a key set does not hold, or a token gets wrong, is the token's fault; everything else means that keys are missing. */
function explain(error: unknown): TokenVerdict {
  if (error instanceof errors.JWTExpired) return { kind: 'wrong', reason: 'the token has expired' };
  if (error instanceof errors.JWTClaimValidationFailed)
    return { kind: 'wrong', reason: `the token's ${error.claim} is not as expected` };
  const isTokens = TOKEN_ERRORS.some((known) => error instanceof known);
  if (isTokens) return { kind: 'wrong', reason: 'the token is not signed by a known key' };
  return { kind: 'unavailable', error };
}

const TOKEN_ERRORS = [
  errors.JWSInvalid,
  errors.JWTInvalid,
  errors.JWSSignatureVerificationFailed,
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
];
