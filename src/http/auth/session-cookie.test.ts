import { describe, expect, it } from 'vitest';
import { cookieName, readCookie, setCookie } from './session-cookie.ts';

describe('the cookie', () => {
  it.each([
    ['headwind-session=abc', 'abc'],
    ['a=b; headwind-session=abc; c=d', 'abc'],
    ['headwind-session=abc, x=y', 'abc'],
    ['headwind-session=', ''],
    ['headwind-session=abc; headwind-session=def', undefined],
    ['xheadwind-session=abc', undefined],
    ['__Host-headwind-session=abc', undefined],
    ['headwind-session', undefined],
    ['', undefined],
  ])('in %j is %j', (header, value) => {
    expect(readCookie(new Headers({ cookie: header }), cookieName(false))).toBe(value);
  });

  it('is for nobody else to read, send along or write', () => {
    expect(setCookie('abc', { isSecure: false, maxAgeMs: 1_800_500 })).toBe(
      'headwind-session=abc; Path=/; Max-Age=1800; HttpOnly; SameSite=Strict',
    );
    expect(setCookie('', { isSecure: true, maxAgeMs: 0 })).toBe(
      '__Host-headwind-session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict; Secure',
    );
  });
});
