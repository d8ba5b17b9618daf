import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { Challenge } from './challenge.ts';
import { parseJson, remoteText, Unavailable } from './failure.ts';
import type { Hosts } from './hosts.ts';
import type { HttpRequest, HttpResponse } from './http.ts';
import { basicAuthorization, identityKey, secretsOf, type Identity } from './identity.ts';
import { createSingleFlight } from './single-flight.ts';

export interface TokenWish {
  readonly server: URL;
  /** Absent where the registry names none, as Google's Artifact Registry does at `/v2/`. */
  readonly service: string | undefined;
  readonly scopes: readonly string[];
  readonly identity: Identity;
  /** Whether a token from an earlier call will do. */
  readonly cached: boolean;
}

export interface Token {
  readonly value: string;
  readonly fromCache: boolean;
}

export interface Tokens {
  /**
   * A token for the `Authorization: Bearer` header. An error (for a person, without secrets) where the token server
   * refuses the identity; throws Unavailable where it does not answer, or not with a token.
   */
  obtain(wish: TokenWish): Promise<Result<Token>>;
}

const MAX_TOKENS = 1000;
const MAX_ANSWER_BYTES = 256 * 1024;
const MAX_TOKEN_LENGTH = 12_288;
/** A token is not used for the last seconds of its life: requests take time and clocks differ. */
const SLACK_MS = 10_000;
const MAX_LIFETIME_MS = 3_600_000;
/** "If omitted, this defaults to 60 seconds" (distribution, token specification). GHCR omits it. */
const DEFAULT_LIFETIME_S = 60;
const CLIENT_ID = 'headwind';

/**
 * `{"token":"…","expires_in":300,"issued_at":"2026-01-01T00:00:00Z"}`; `access_token` where the server thinks in
 * OAuth2 (Azure), both on Docker Hub; `expires_in` is a string here and there. `issued_at` is not used: it is the
 * other clock's time.
 */
const TokenAnswer = z.object({
  token: z.string().optional().catch(undefined),
  access_token: z.string().optional().catch(undefined),
  expires_in: z.coerce.number().positive().catch(DEFAULT_LIFETIME_S),
});

interface KeptToken {
  readonly value: string;
  readonly usableUntilMs: number;
}

/**
 * The token flow of distribution (https://distribution.github.io/distribution/spec/auth/token/ and …/oauth/): GET with
 * Basic or nothing; for an identity token, POST with `grant_type=refresh_token`. Tokens are kept per server, service,
 * scopes and identity until shortly before they expire.
 */
export function createTokens(options: { readonly hosts: Hosts; readonly clock: Clock }): Tokens {
  const { hosts, clock } = options;
  const kept = new LRUCache<string, KeptToken>({ max: MAX_TOKENS });
  const flights = createSingleFlight<Result<Token>>();

  const fetchToken = async (wish: TokenWish, key: string): Promise<Result<Token>> => {
    const askedMs = clock.elapsed();
    // Urgent: there are few, and whoever waits for one holds up a question that had its turn.
    const response = await hosts.ask(tokenRequest(wish), { purpose: 'token', urgent: true });
    if (response.status !== 200) return refusal(wish, response);
    const answer = readToken(response);
    if (answer === undefined)
      throw new Unavailable(`${wish.server.host} answered with something that is no token`);
    const usableUntilMs = askedMs + Math.min(answer.lifetimeMs, MAX_LIFETIME_MS) - SLACK_MS;
    if (usableUntilMs > clock.elapsed()) kept.set(key, { value: answer.value, usableUntilMs });
    return ok({ value: answer.value, fromCache: false });
  };

  return {
    obtain: async (wish) => {
      const key = JSON.stringify([wish.server.href, wish.service, wish.scopes, identityKey(wish.identity)]);
      const known = kept.get(key);
      if (wish.cached && known !== undefined && known.usableUntilMs > clock.elapsed())
        return ok({ value: known.value, fromCache: true });
      kept.delete(key);
      return flights.run(key, () => fetchToken(wish, key));
    },
  };
}

/**
 * What a token is asked for. A registry's own word counts: Artifactory's names a longer path than the one in the URL,
 * and `public.ecr.aws` simply says `aws`. Without one it is pulling from this repository: Quay says nothing, Oracle's
 * registry says `""`, some say `*`; GHCR, at `/v2/`, gives the placeholder `repository:user/image:pull`.
 */
export function wantedScopes(challenge: Challenge, repositoryPath: string): readonly string[] {
  const named = (challenge.parameters.get('scope') ?? '')
    .split(/\s+/)
    .filter((scope) => scope !== '' && scope !== '*' && scope !== 'repository:user/image:pull');
  return named.length > 0 ? named : [`repository:${repositoryPath}:pull`];
}

function tokenRequest({ server, service, scopes, identity }: TokenWish): HttpRequest {
  const common = { headers: { accept: 'application/json' }, maxBodyBytes: MAX_ANSWER_BYTES };
  if (identity !== undefined && 'identityToken' in identity) {
    const form = new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: CLIENT_ID,
      refresh_token: identity.identityToken,
      scope: scopes.join(' '),
      ...(service === undefined ? {} : { service }),
    });
    const headers = { ...common.headers, 'content-type': 'application/x-www-form-urlencoded' };
    return { ...common, method: 'POST', url: server, headers, body: form.toString() };
  }
  const url = new URL(server);
  if (service !== undefined) url.searchParams.set('service', service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  const authorization = identity === undefined ? undefined : basicAuthorization(identity);
  return { ...common, method: 'GET', url, authorization };
}

/** 400 is `invalid_grant`, the OAuth2 way to refuse; GHCR refuses with 403. */
function refusal(wish: TokenWish, response: HttpResponse): Result<Token> {
  const { host } = wish.server;
  const text = remoteText(response, secretsOf(wish.identity));
  if ([400, 401, 403].includes(response.status)) return fail(`${host} answered ${response.status}${text}`);
  throw new Unavailable(`${host}, which gives out the tokens, answered ${response.status}${text}`);
}

function readToken(
  response: HttpResponse,
): { readonly value: string; readonly lifetimeMs: number } | undefined {
  const parsed = TokenAnswer.safeParse(parseJson(response.body));
  if (!parsed.success) return undefined;
  const value = parsed.data.token ?? parsed.data.access_token ?? '';
  // It becomes a header: a line break in it would be a second header.
  if (!/^[\x21-\x7e]+$/.test(value) || value.length > MAX_TOKEN_LENGTH) return undefined;
  return { value, lifetimeMs: parsed.data.expires_in * 1000 };
}
