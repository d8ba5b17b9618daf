import { LRUCache } from 'lru-cache';
import { atMost } from '../core/at-most.ts';
import { parseChallenges, type Challenge } from './challenge.ts';
import type { Address, Endpoints } from './endpoint.ts';
import { remoteText } from './failure.ts';
import type { Hosts, Manner } from './hosts.ts';
import type { HttpResponse } from './http.ts';
import { basicAuthorization, secretsOf, type Identity } from './identity.ts';
import { wantedScopes, type Tokens } from './tokens.ts';

export interface Question extends Manner {
  readonly address: Address;
  readonly method: 'GET' | 'HEAD';
  /** Relative to the repository's API, e.g. `manifests/1.25` or `tags/list?n=1000`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly maxBodyBytes: number;
  readonly identity: Identity;
  readonly signal: AbortSignal;
}

export type Reply =
  /** Anything but a refusal, for the caller to read. `secrets` must not appear in what is quoted of it. */
  | { readonly kind: 'answered'; readonly response: HttpResponse; readonly secrets: readonly string[] }
  /** This identity may not ask. The message is for a person and holds no secret. */
  | { readonly kind: 'refused'; readonly message: string };

/** Asks one repository as one identity, whatever way of signing in its registry wants. */
export interface Asker {
  /** Throws Unavailable where there is no answer to go by. */
  ask(question: Question): Promise<Reply>;
}

/** How a request signs in. */
interface SignIn {
  readonly authorization: string | undefined;
  readonly fromCache: boolean;
}

const MAX_CHALLENGES = 2000;
/** Nothing or a kept token, then with what the answer asked for, then with a token that is not a kept one. */
const MAX_ROUNDS = 3;
const USER_AGENT = 'headwind';
const UNSIGNED: SignIn = { authorization: undefined, fromCache: false };

/**
 * The first question for a repository goes out without credentials; its 401 tells how to sign in, which is remembered,
 * so that the next question is one request. Credentials are only ever sent in answer to the registry's own 401, to the
 * registry itself or to the token server that it names there.
 */
export function createAsker(options: {
  readonly hosts: Hosts;
  readonly tokens: Tokens;
  readonly endpoints: Pick<Endpoints, 'tokenServer'>;
}): Asker {
  const { hosts, tokens, endpoints } = options;
  // By repository, not by host: the scope in a challenge is the repository's own.
  const challenges = new LRUCache<string, Challenge>(atMost(MAX_CHALLENGES));

  const signIn = async (
    challenge: Challenge,
    question: Question,
    cached: boolean,
  ): Promise<SignIn | { readonly refused: string }> => {
    const { identity, address } = question;
    const registry = address.base;
    if (challenge.scheme === 'basic') {
      if (identity === undefined) return UNSIGNED;
      if ('identityToken' in identity) return { refused: `${registry.host} takes no identity token` };
      return { authorization: basicAuthorization(identity), fromCache: false };
    }
    const server = endpoints.tokenServer(challenge.parameters.get('realm') ?? '', registry);
    if (server === undefined) return { refused: `${registry.host} names no token server that may be asked` };
    const token = await tokens.obtain({
      server,
      service: challenge.parameters.get('service'),
      scopes: wantedScopes(challenge, address.path),
      identity,
      cached,
    });
    if (!token.ok) return { refused: token.error };
    return { authorization: `Bearer ${token.value.value}`, fromCache: token.value.fromCache };
  };

  /** Where the way that the registry once named leads nowhere, it is asked anew next time: it may have another by now. */
  const signInOrForget = async (
    key: string,
    challenge: Challenge,
    { question, cached }: { readonly question: Question; readonly cached: boolean },
  ): Promise<SignIn | { readonly refused: string }> => {
    try {
      const signed = await signIn(challenge, question, cached);
      if ('refused' in signed) challenges.delete(key);
      return signed;
    } catch (error) {
      challenges.delete(key);
      throw error;
    }
  };

  return {
    ask: async (question) => {
      const { identity, address, purpose, urgent } = question;
      const { base } = address;
      if (identity !== undefined && !address.takesCredentials)
        return { kind: 'refused', message: `${base.host} is a mirror that is given no credentials` };
      const key = base.href;
      const secrets = [...secretsOf(identity)];
      let challenge = challenges.get(key);
      let cached = true;
      for (let round = 0; round < MAX_ROUNDS; round += 1) {
        const signed: SignIn | { readonly refused: string } =
          challenge === undefined ? UNSIGNED : await signInOrForget(key, challenge, { question, cached });
        if ('refused' in signed) return { kind: 'refused', message: signed.refused };
        if (signed.authorization !== undefined) secrets.push(signed.authorization.replace(/^\w+ /, ''));
        const request = {
          method: question.method,
          url: locate(question.path, address),
          headers: { ...question.headers, 'user-agent': USER_AGENT },
          authorization: signed.authorization,
          maxBodyBytes: question.maxBodyBytes,
          signal: question.signal,
        };
        const response = await hosts.ask(request, { purpose, urgent });
        const refused = refusal(response, base, secrets);
        if (refused === undefined) return { kind: 'answered', response, secrets };
        const wanted = betterWay(response, { base, signed, challenge, identity });
        if (wanted === undefined) return { kind: 'refused', message: refused };
        challenges.set(key, wanted);
        challenge = wanted;
        cached = !signed.fromCache;
      }
      return { kind: 'refused', message: `${base.host} asks for ever new credentials` };
    },
  };
}

/**
 * A mirror of several registries is told which one is meant, as containerd tells it
 * (https://github.com/containerd/containerd/blob/main/docs/hosts.md).
 */
function locate(path: string, { base, mirrorOf }: Address): URL {
  const url = new URL(path, base);
  if (mirrorOf !== undefined) url.searchParams.set('ns', mirrorOf);
  return url;
}

function refusal(response: HttpResponse, base: URL, secrets: readonly string[]): string | undefined {
  if (response.status !== 401 && response.status !== 403) return undefined;
  const via = response.url.origin === base.origin ? '' : `${base.host} sent the question on, and `;
  return `${via}${response.url.host} answered ${response.status}${remoteText(response, secrets)}`;
}

/** How to ask again after a refusal; undefined where it is final. */
function betterWay(
  response: HttpResponse,
  asked: {
    readonly base: URL;
    readonly signed: SignIn;
    readonly challenge: Challenge | undefined;
    readonly identity: Identity;
  },
): Challenge | undefined {
  const { base, signed, challenge, identity } = asked;
  if (signed.authorization !== undefined && !signed.fromCache) return undefined;
  // A kept token may be older than a right that was granted since.
  if (response.status === 403) return signed.fromCache ? challenge : undefined;
  // Another host than the registry has no say in where credentials go.
  if (response.url.origin !== base.origin) return undefined;
  const challenges = parseChallenges(response.headers.get('www-authenticate') ?? '');
  const bearer = challenges.find(
    ({ scheme, parameters }) => scheme === 'bearer' && URL.canParse(parameters.get('realm') ?? ''),
  );
  // Nobody in particular cannot meet a Basic challenge.
  return bearer ?? (identity === undefined ? undefined : challenges.find(({ scheme }) => scheme === 'basic'));
}
