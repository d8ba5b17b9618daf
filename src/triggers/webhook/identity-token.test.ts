import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { makeSigningKey, makeToken, startKeyServer } from '../../../test/parts/identity-tokens.ts';
import type { OidcSettings } from '../../config/webhook-secrets-schema.ts';
import { createTokenJudge } from './identity-token.ts';

const KEY = makeSigningKey('k1');
const OTHER = makeSigningKey('k2');
const NOW_MS = Date.UTC(2026, 0, 1);
const NOW = NOW_MS / 1000;
const EMAIL = 'push@project.iam.gserviceaccount.com';
const AUDIENCE = 'https://headwind.example.com/webhook/gar';
const CLAIMS = {
  iss: 'https://accounts.google.com',
  aud: AUDIENCE,
  email: EMAIL,
  email_verified: true,
  sub: '113774264463038321964',
  iat: NOW - 60,
  exp: NOW + 3540,
};

function settings(change: Partial<OidcSettings> = {}): OidcSettings {
  return {
    issuers: ['https://accounts.google.com', 'accounts.google.com'],
    audiences: [AUDIENCE],
    emails: ['other@project.iam.gserviceaccount.com', EMAIL],
    leewayMs: 60_000,
    keys: { kind: 'set', keys: [KEY.jwk] },
    ...change,
  };
}

async function verdict(token: string, change?: Partial<OidcSettings>) {
  const found = await createTokenJudge(settings(change)).judge(token, NOW_MS);
  return found.kind === 'wrong' ? found.reason : found.kind;
}

function without(name: keyof typeof CLAIMS): object {
  return Object.fromEntries(Object.entries(CLAIMS).filter(([claim]) => claim !== name));
}

describe('the tokens of Pub/Sub', () => {
  it.each<[string, object, string]>([
    ['as Google makes them', CLAIMS, 'right'],
    ['with the short issuer', { ...CLAIMS, iss: 'accounts.google.com' }, 'right'],
    ['with several audiences', { ...CLAIMS, aud: ['x', AUDIENCE] }, 'right'],
    ['expired within the leeway', { ...CLAIMS, exp: NOW - 59 }, 'right'],
    ['expired', { ...CLAIMS, exp: NOW - 61 }, 'the token has expired'],
    ['that never expire', without('exp'), "the token's exp is not as expected"],
    ['not valid yet', { ...CLAIMS, nbf: NOW + 120 }, "the token's nbf is not as expected"],
    [
      'of another issuer',
      { ...CLAIMS, iss: 'https://evil.example.com' },
      "the token's iss is not as expected",
    ],
    ['of no issuer', without('iss'), "the token's iss is not as expected"],
    ['for somebody else', { ...CLAIMS, aud: `${AUDIENCE}/` }, "the token's aud is not as expected"],
    ['for nobody', without('aud'), "the token's aud is not as expected"],
    ['of another account', { ...CLAIMS, email: 'eve@example.com' }, 'the token is that of another account'],
    [
      'of an account in other letters',
      { ...CLAIMS, email: EMAIL.toUpperCase() },
      'the token is that of another account',
    ],
    ['of no account', without('email'), 'the token names no verified address'],
    [
      'of an account that nobody has verified',
      { ...CLAIMS, email_verified: false },
      'the token names no verified address',
    ],
    ['that say "true"', { ...CLAIMS, email_verified: 'true' }, 'the token names no verified address'],
  ])('%s', async (_name, claims, expected) => {
    expect(await verdict(makeToken(KEY, claims))).toBe(expected);
  });

  const unsigned = 'the token is not signed by a known key';
  const [head = '', body = '', signature = ''] = makeToken(KEY, CLAIMS).split('.');
  const forged = Buffer.from(JSON.stringify({ ...CLAIMS, email: 'eve@example.com' })).toString('base64url');
  const none = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
  // The classic: the public key as the secret of an HMAC.
  const symmetric = Buffer.from(JSON.stringify({ alg: 'HS256', kid: 'k1' })).toString('base64url');
  const mac = createHmac('sha256', KEY.jwk.n).update(`${symmetric}.${body}`).digest('base64url');

  it.each<[string, string]>([
    ['signed by another key', makeToken({ ...OTHER, kid: 'k1' }, CLAIMS)],
    ['signed by an unknown key', makeToken(OTHER, CLAIMS)],
    ['with claims put in', `${head}.${forged}.${signature}`],
    ['without a signature', `${head}.${body}.`],
    ['that need no signature', `${none}.${body}.`],
    ['signed with what is public', `${symmetric}.${body}.${mac}`],
    ['of another algorithm', makeToken(KEY, CLAIMS, { alg: 'RS512' })],
    ['with parts that must be understood', makeToken(KEY, CLAIMS, { crit: ['b64'], b64: false })],
    ['that are none', 'hello'],
    ['that are almost none', '..'],
    ['that are empty', ''],
  ])('not %s', async (_name, token) => {
    expect(await verdict(token)).toBe(unsigned);
  });

  it('not of any length', async () => {
    expect(await verdict('a'.repeat(10_000))).toBe('the token is too long');
  });

  it('are judged by the time that is given', async () => {
    const judge = createTokenJudge(settings());
    const token = makeToken(KEY, CLAIMS);

    expect((await judge.judge(token, NOW_MS + 3_599_000)).kind).toBe('right');
    expect((await judge.judge(token, NOW_MS + 3_601_000)).kind).toBe('wrong');
  });
});

describe('keys that are fetched', () => {
  it('are fetched once, and not again for each unknown key', async () => {
    const server = await startKeyServer([KEY.jwk, { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', kid: 'e' }]);
    try {
      const judge = createTokenJudge(settings({ keys: { kind: 'url', url: server.url } }));
      const answers = [];
      for (const key of [KEY, OTHER, KEY, OTHER, OTHER]) {
        const { kind } = await judge.judge(makeToken(key, CLAIMS), NOW_MS);
        answers.push(kind);
      }

      expect(answers).toEqual(['right', 'wrong', 'right', 'wrong', 'wrong']);
      expect(server.requests).toBe(1);
    } finally {
      await server.close();
    }
  });

  it.each([
    ['an error', { status: 500, keys: [] }],
    ['no key set', { status: 200, keys: [1] }],
    ['more than a key set can be', { status: 200, keys: [{ kid: 'x'.repeat(2_000_000) }] }],
  ])('leave it unknown whether a token is right where they come with %s', async (_name, change) => {
    const server = await startKeyServer([]);
    Object.assign(server, change);
    try {
      expect(await verdict(makeToken(KEY, CLAIMS), { keys: { kind: 'url', url: server.url } })).toBe(
        'unavailable',
      );
    } finally {
      await server.close();
    }
  });

  it('leave it unknown where nobody answers, and are fetched when somebody does', async () => {
    const server = await startKeyServer([KEY.jwk]);
    server.status = 503;
    try {
      const judge = createTokenJudge(settings({ keys: { kind: 'url', url: server.url } }));
      expect((await judge.judge(makeToken(KEY, CLAIMS), NOW_MS)).kind).toBe('unavailable');
      server.status = 200;
      expect((await judge.judge(makeToken(KEY, CLAIMS), NOW_MS)).kind).toBe('right');
    } finally {
      await server.close();
    }
  });
});
