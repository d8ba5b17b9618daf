import { fail, ok, type Result } from '../core/result.ts';

export interface Hop {
  readonly url: URL;
  /** Whether credentials may travel on: only within one origin, that is the same scheme, host and port. */
  readonly keepCredentials: boolean;
}

/** Whether an answer with this status sends the asker elsewhere (RFC 9110 §15.4; 300, 304 and the like do not). */
export function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status);
}

/**
 * Where a redirect leads. registry.k8s.io, for example, sends every manifest to another host:
 *
 *   HTTP/1.1 307 Temporary Redirect
 *   Location: https://europe-west3-docker.pkg.dev/v2/k8s-artifacts-prod/images/pause/manifests/3.9
 *
 * From TLS it never leads to plain HTTP, on whatever host. Credentials written into the address are dropped.
 */
export function nextHop(from: URL, location: string): Result<Hop> {
  if (location === '' || !URL.canParse(location, from)) return fail('redirects to nowhere');
  const url = new URL(location, from);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return fail(`redirects to ${url.protocol}`);
  if (from.protocol === 'https:' && url.protocol === 'http:')
    return fail(`redirects from https to plain http (${url.host}), which is not followed`);
  url.username = '';
  url.password = '';
  url.hash = '';
  return ok({ url, keepCredentials: url.origin === from.origin });
}
