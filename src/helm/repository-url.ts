import { fail, ok, type Result } from '../core/result.ts';
import { trimmedEnd } from '../core/trimmed.ts';

/** Where the index of a chart repository is, without what must not be shown. */
export interface IndexAddress {
  readonly url: URL;
  /** User name and password that are written into the URL itself. */
  readonly credential: { readonly username: string; readonly password: string } | undefined;
}

/**
 * The index of the repository at `text`: `index.yaml` below its path, whether that ends in a slash or not, and with its
 * query, as Helm asks for it.
 */
export function indexAddress(text: string): Result<IndexAddress> {
  const trimmed = text.trim();
  if (!URL.canParse(trimmed)) return fail('its URL cannot be read');
  const url = new URL(trimmed);
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    return fail('its URL is none of a chart repository (https://… or oci://…)');
  const { username, password } = url;
  url.username = '';
  url.password = '';
  url.hash = '';
  url.pathname = `${trimmedEnd(url.pathname, '/')}/index.yaml`;
  const credential = username === '' ? undefined : { username: decode(username), password: decode(password) };
  return ok({ url, credential });
}

/** A stray percent sign is one. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
