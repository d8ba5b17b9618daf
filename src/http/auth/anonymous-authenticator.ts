import { fail, ok } from '../../core/result.ts';
import type { Authenticator } from '../auth.ts';
import { problem } from '../problem.ts';
import { isKnownHost } from './known-hosts.ts';

/**
 * Mode `none`: everybody may do everything; what nobody signs is recorded under `name`. Where nobody signs in, a browser
 * is the only one who can be led here by somebody else: it acts only from pages under hosts that can be ours.
 */
export function createAnonymousAuthenticator(name: string, ownUrls: readonly string[]): Authenticator {
  return {
    authenticate({ headers, acts }) {
      const isBrowser = headers.has('origin') || headers.has('sec-fetch-site');
      if (acts !== true || !isBrowser || isKnownHost(headers.get('host'), ownUrls))
        return Promise.resolve(ok({ kind: 'anonymous', name }));
      const detail =
        'Headwind does not know the host of this page as its own: set HEADWIND_UI_URL to where people reach the dashboard.';
      return Promise.resolve(fail(problem('HW_CROSS_SITE', detail)));
    },
  };
}
