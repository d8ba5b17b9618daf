import { describe, expect, it } from 'vitest';
import { identifySlackUser } from './slack-people.ts';

const ALICE = { id: 'U1', name: 'alice', teamId: 'T0', isForeign: false };
const STRANGER = { id: 'U1', name: 'alice', teamId: 'T9', isForeign: true };
const MAPPED = { username: 'alice@example.com', groups: ['shop-admins'] };
const NOBODY = { users: new Map(), allowedUsers: undefined };

describe('somebody in Slack is', () => {
  it.each([
    ['their id, where nobody says more', ALICE, NOBODY, 'none', 'slack:U1', 'alice (slack:U1)'],
    [
      'whom the file says, by their id',
      ALICE,
      { ...NOBODY, users: new Map([['U1', MAPPED]]) },
      'token',
      'alice@example.com',
      'alice@example.com',
    ],
    [
      'whom the file says, by their workspace and id before the id alone',
      ALICE,
      {
        ...NOBODY,
        users: new Map([
          ['U1', { username: 'somebody', groups: [] }],
          ['T0/U1', MAPPED],
        ]),
      },
      'token',
      'alice@example.com',
      'alice@example.com',
    ],
    [
      'allowed by their id',
      ALICE,
      { ...NOBODY, allowedUsers: ['U1'] },
      'none',
      'slack:U1',
      'alice (slack:U1)',
    ],
    [
      'of another workspace and allowed with it',
      STRANGER,
      { ...NOBODY, allowedUsers: ['T9/U1'] },
      'simple',
      'slack:T9/U1',
      'alice (slack:T9/U1)',
    ],
    [
      'of another workspace and mapped with it',
      STRANGER,
      { ...NOBODY, users: new Map([['T9/U1', MAPPED]]) },
      'token',
      'alice@example.com',
      'alice@example.com',
    ],
  ] as const)('%s', (...[, user, trust, mode, username, shown]) => {
    const person = identifySlackUser(user, trust, mode);
    expect(person).toMatchObject({ ok: true, value: { identity: { kind: 'known', username }, shown } });
  });

  it('of the groups that the file gives them', () => {
    const person = identifySlackUser(ALICE, { ...NOBODY, users: new Map([['U1', MAPPED]]) }, 'token');
    expect(person.ok && person.value.identity.groups).toEqual(['shop-admins']);
  });

  it.each([
    ['unknown to Kubernetes', ALICE, NOBODY, 'token', /who alice \(T0\/U1\) is in Kubernetes.*slack\.users/],
    ['not on the list', ALICE, { ...NOBODY, allowedUsers: ['U2'] }, 'none', /slack\.allowedUsers/],
    [
      'mapped and not on the list',
      ALICE,
      { users: new Map([['U1', MAPPED]]), allowedUsers: ['U2'] },
      'token',
      /slack\.allowedUsers/,
    ],
    ['of another workspace', STRANGER, NOBODY, 'none', /of another workspace/],
    [
      'of another workspace, with the id of somebody here',
      STRANGER,
      { users: new Map([['U1', MAPPED]]), allowedUsers: undefined },
      'none',
      /of another workspace/,
    ],
    [
      'of another workspace, with an id that is allowed here',
      STRANGER,
      { ...NOBODY, allowedUsers: ['U1'] },
      'none',
      /slack\.allowedUsers/,
    ],
  ] as const)('refused, if %s', (...[, user, trust, mode, why]) => {
    const person = identifySlackUser(user, trust, mode);
    expect(person.ok ? '' : person.error).toMatch(why);
  });
});
