import { describe, expect, it } from 'vitest';
import { createHeaderAuthenticator } from './header-authenticator.ts';
import { createTrustedProxies } from './trusted-proxies.ts';

const authenticator = createHeaderAuthenticator({
  header: 'X-Forwarded-User',
  groupsHeader: 'X-Forwarded-Groups',
  proxies: createTrustedProxies(['127.0.0.1']),
});

async function whoIs(
  headers: Record<string, string>,
  remoteAddress = '127.0.0.1',
  rawHeaders: string[] = [],
) {
  return authenticator.authenticate({ headers: new Headers(headers), rawHeaders, remoteAddress });
}

describe('a name in a header', () => {
  it.each([
    ['alice', 'alice'],
    [' alice@example.com ', 'alice@example.com'],
    ['CN=alice,OU=shop', 'CN=alice,OU=shop'],
    [Buffer.from('Zoë').toString('latin1'), 'Zoë'],
    ['Zo\u00eb', 'Zo\u00eb'],
  ])('%j is %s', async (value, username) => {
    expect(await whoIs({ 'x-forwarded-user': value })).toMatchObject({
      ok: true,
      value: { kind: 'known', username, groups: [] },
    });
  });

  it.each([
    ['of somebody who is no trusted proxy', { 'x-forwarded-user': 'alice' }, '10.0.0.1', []],
    ['of nobody', {}, '127.0.0.1', []],
    ['that is empty', { 'x-forwarded-user': '  ' }, '127.0.0.1', []],
    ["of Kubernetes' own", { 'x-forwarded-user': 'system:serviceaccount:kube-system:x' }, '127.0.0.1', []],
    ['without end', { 'x-forwarded-user': 'x'.repeat(300) }, '127.0.0.1', []],
    [
      'that came twice',
      { 'x-forwarded-user': 'mallory, alice' },
      '127.0.0.1',
      ['X-Forwarded-User', 'mallory', 'x-forwarded-user', 'alice'],
    ],
    [
      'beside groups that came twice',
      { 'x-forwarded-user': 'alice', 'x-forwarded-groups': 'a, b' },
      '127.0.0.1',
      ['X-Forwarded-Groups', 'a', 'X-Forwarded-Groups', 'b'],
    ],
  ] as const)('401 for a name %s', async (...[, headers, address, raw]) => {
    const answer = await whoIs(headers, address, [...raw]);

    expect(answer).toMatchObject({ ok: false, error: { code: 'HW_UNAUTHENTICATED' } });
    expect(answer.ok ? undefined : answer.error.headers).toHaveProperty('www-authenticate');
  });

  it('brings groups along, but none of Kubernetes itself', async () => {
    const headers = { 'x-forwarded-user': 'alice', 'x-forwarded-groups': 'leads, , system:masters,shop' };

    expect(await whoIs(headers)).toMatchObject({ ok: true, value: { groups: ['leads', 'shop'] } });
  });
});
