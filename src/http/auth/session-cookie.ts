/** Where a session stands in the headers of a request and of an answer. */

const PLAIN = 'headwind-session';
/** Browsers take a cookie of this prefix only over HTTPS, for the whole host and for no other one (RFC 6265bis §4.1.3.2). */
const SECURE = '__Host-headwind-session';

/** The cookie's name; over HTTPS another one, which nobody can write who is not there. */
export function cookieName(isSecure: boolean): string {
  return isSecure ? SECURE : PLAIN;
}

/** The value of the cookie `name`; undefined where there is none, or several. */
export function readCookie(headers: Headers, name: string): string | undefined {
  const values = (headers.get('cookie') ?? '').split(/[;,]/).flatMap((pair) => {
    const [key = '', value] = pair.split('=', 2);
    return key.trim() === name && value !== undefined ? [value.trim()] : [];
  });
  return values.length === 1 ? values[0] : undefined;
}

/** A Set-Cookie header; `maxAgeMs` 0 removes the cookie. */
export function setCookie(
  value: string,
  { isSecure, maxAgeMs }: { readonly isSecure: boolean; readonly maxAgeMs: number },
): string {
  const seconds = Math.max(0, Math.floor(maxAgeMs / 1000));
  const attributes = ['Path=/', `Max-Age=${seconds}`, 'HttpOnly', 'SameSite=Strict'];
  if (isSecure) attributes.push('Secure');
  return [`${cookieName(isSecure)}=${value}`, ...attributes].join('; ');
}
