import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/parts/fake-clock.ts';
import { createSessions, IDLE_MS, LONGEST_MS, type Sessions } from './sessions.ts';

const COOKIE = 'headwind-session';
const SECRET = 'k'.repeat(40);
const MINUTE_MS = 60_000;

function sessionsWith(secrets: readonly [string, ...string[]] = [SECRET]): {
  clock: FakeClock;
  sessions: Sessions;
} {
  const clock = new FakeClock();
  return { clock, sessions: createSessions({ secrets, clock }) };
}

/** A token as an API server makes them. */
function aToken(claims: number): string {
  const part = (bytes: number): string => randomBytes(bytes).toString('base64url');
  const payload = JSON.stringify({ sub: 'system:serviceaccount:shop:alice', groups: part(claims) });
  return `${part(60)}.${Buffer.from(payload).toString('base64url')}.${part(256)}`;
}

describe('a session', () => {
  it('comes back from its cookie as it was', () => {
    const { sessions } = sessionsWith();
    const session = sessions.begin(aToken(300));
    const sealed = sessions.seal(session, COOKIE) ?? '';

    expect(sealed).toMatch(/^[\w-]+$/);
    expect(sealed).not.toContain(session.token.slice(0, 20));
    expect(sessions.open(sealed, COOKIE)).toEqual(session);
  });

  it('is known to another process with the same key, and to no other', () => {
    const { sessions } = sessionsWith();
    const sealed = sessions.seal(sessions.begin('token'), COOKIE) ?? '';

    expect(sessionsWith().sessions.open(sealed, COOKIE)).toBeDefined();
    expect(sessionsWith(['x'.repeat(40)]).sessions.open(sealed, COOKIE)).toBeUndefined();
  });

  it('outlives a change of the key, as long as the old one is still there', () => {
    const { sessions } = sessionsWith();
    const session = sessions.begin('token');
    const sealed = sessions.seal(session, COOKIE) ?? '';
    const both = sessionsWith(['n'.repeat(40), SECRET]).sessions;

    expect(both.open(sealed, COOKIE)).toEqual(session);
    expect(both.isCsrfToken(session, sessions.csrfToken(session))).toBe(true);
    expect(sessions.open(both.seal(session, COOKIE) ?? '', COOKIE)).toBeUndefined();
  });

  it('of plain HTTP is none over HTTPS', () => {
    const { sessions } = sessionsWith();
    const sealed = sessions.seal(sessions.begin('token'), COOKIE) ?? '';

    expect(sessions.open(sealed, `__Host-${COOKIE}`)).toBeUndefined();
  });

  it('is over when nobody has used it for half an hour', async () => {
    const { clock, sessions } = sessionsWith();
    const sealed = sessions.seal(sessions.begin('token'), COOKIE) ?? '';
    await clock.advance(IDLE_MS - 1);
    expect(sessions.open(sealed, COOKIE)).toBeDefined();
    await clock.advance(1);
    expect(sessions.open(sealed, COOKIE)).toBeUndefined();
  });

  it('goes on while it is used, for eight hours', async () => {
    const { clock, sessions } = sessionsWith();
    let session = sessions.begin('token');
    for (let usedMs = 0; usedMs < LONGEST_MS; usedMs += 20 * MINUTE_MS) {
      expect(sessions.open(sessions.seal(session, COOKIE) ?? '', COOKIE)).toBeDefined();
      await clock.advance(20 * MINUTE_MS);
      expect(sessions.isDue(session)).toBe(true);
      session = sessions.renew(session);
    }
    expect(sessions.open(sessions.seal(session, COOKIE) ?? '', COOKIE)).toBeUndefined();
  });

  it('that was ended does not come back, by no cookie that it ever had', async () => {
    const { clock, sessions } = sessionsWith();
    const session = sessions.begin('token');
    const first = sessions.seal(session, COOKIE) ?? '';
    await clock.advance(10 * MINUTE_MS);
    const second = sessions.seal(sessions.renew(session), COOKIE) ?? '';
    sessions.end(session);

    expect(sessions.open(first, COOKIE)).toBeUndefined();
    expect(sessions.open(second, COOKIE)).toBeUndefined();
  });

  it('from the future is none, but clocks may differ a little', async () => {
    const { clock, sessions } = sessionsWith();
    await clock.advance(5 * MINUTE_MS);
    const sealed = sessions.seal(sessions.begin('token'), COOKIE) ?? '';

    expect(sessionsWith().sessions.open(sealed, COOKIE)).toBeUndefined();
    const late = sessionsWith();
    await late.clock.advance(4.5 * MINUTE_MS);
    expect(late.sessions.open(sealed, COOKIE)).toBeDefined();
  });

  it.each([
    [300, true],
    [1500, true],
    [6000, false],
  ])('holds a token with %i bytes of claims: %j', (claims, fits) => {
    const { sessions } = sessionsWith();

    expect(sessions.seal(sessions.begin(aToken(claims)), COOKIE) !== undefined).toBe(fits);
  });

  it('is never opened by a cookie that was changed', () => {
    const { sessions } = sessionsWith();
    const sealed = sessions.seal(sessions.begin(aToken(100)), COOKIE) ?? '';
    const bytes = Buffer.from(sealed, 'base64url');
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ change;
        expect(sessions.open(changed.toString('base64url'), COOKIE)).toBeUndefined();
      }),
    );
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(sessions.open(text, COOKIE)).toBeUndefined();
      }),
    );
  });

  it('has a CSRF token that belongs to no other', () => {
    const { sessions } = sessionsWith();
    const [one, other] = [sessions.begin('token'), sessions.begin('token')];

    expect(sessions.isCsrfToken(one, sessions.csrfToken(one))).toBe(true);
    for (const wrong of [sessions.csrfToken(other), '', undefined, 'x', `${sessions.csrfToken(one)}AAAA`])
      expect(sessions.isCsrfToken(one, wrong)).toBe(false);
  });
});
