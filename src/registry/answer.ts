import type { Reply } from './asker.ts';
import { registryErrors, remoteText, Unavailable } from './failure.ts';

/** What one identity is told. */
export type Told<T> =
  | { readonly kind: 'told'; readonly value: T }
  /** The registry's own word that there is no such thing. */
  | { readonly kind: 'missing'; readonly message: string }
  | { readonly kind: 'refused'; readonly message: string };

export type Answered = Extract<Reply, { kind: 'answered' }>;

/** Codes in a 404 that speak of permission, not of absence. */
const NOT_ABOUT_ABSENCE = new Set(['UNAUTHORIZED', 'DENIED', 'TOOMANYREQUESTS', 'UNSUPPORTED']);

/**
 * Reads a 404. It counts if a registry gave it, which its errors or its API version tell:
 *
 *   HTTP/1.1 404 Not Found
 *   Docker-Distribution-Api-Version: registry/2.0
 *   {"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":"unknown tag=9.9"}]}
 *
 * A proxy's or a load balancer's 404, mostly HTML, only says that the registry was not reached: throws Unavailable.
 * `what`: the words for what was asked for where the repository is there, and where it is not.
 */
export function absence(
  { response, secrets }: Answered,
  what: { readonly inRepository: string; readonly repository: string },
): Exclude<Told<never>, { kind: 'told' }> {
  const { host } = response.url;
  const codes = registryErrors(response).map(({ code }) => code.toUpperCase());
  if (codes.some((code) => NOT_ABOUT_ABSENCE.has(code)))
    return { kind: 'refused', message: `${host} answered 404${remoteText(response, secrets)}` };
  if (codes.length === 0 && !response.headers.has('docker-distribution-api-version'))
    throw new Unavailable(`${host} answered 404, but not as a registry does`);
  const named = codes.includes('NAME_UNKNOWN') ? what.repository : what.inRepository;
  return { kind: 'missing', message: `${host} has ${named}` };
}

/** For an answer that decides nothing. */
export function undecided({ response, secrets }: Answered): Unavailable {
  return new Unavailable(`${response.url.host} answered ${response.status}${remoteText(response, secrets)}`);
}
