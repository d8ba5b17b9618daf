import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/parts/fake-clock.ts';
import type { KnownIdentity, Right } from '../auth.ts';
import { createRbacAuthorizer, type RbacQuestion } from './rbac-authorizer.ts';

const ALICE: KnownIdentity = {
  kind: 'known',
  username: 'alice',
  uid: '1',
  groups: ['shop'],
  extra: { scope: ['x'] },
};

function authorizing(answer: (question: RbacQuestion) => boolean | Error) {
  const clock = new FakeClock();
  const asked: RbacQuestion[] = [];
  const authorizer = createRbacAuthorizer({
    clock,
    review: (question) => {
      asked.push(question);
      const answered = answer(question);
      return answered instanceof Error ? Promise.reject(answered) : Promise.resolve(answered);
    },
  });
  const may = async (right: Right, identity: KnownIdentity = ALICE) =>
    authorizer.authorize({ ...right, identity });
  return { clock, asked, may, authorizer };
}

describe('whether somebody may', () => {
  it('is asked with all that is known of them', async () => {
    const { asked, may } = authorizing(() => true);

    expect(await may({ verb: 'approve', namespace: 'shop', name: 'web' })).toEqual({
      ok: true,
      value: undefined,
    });
    expect(asked).toEqual([
      {
        user: { username: 'alice', uid: '1', groups: ['shop'], extra: { scope: ['x'] } },
        verb: 'approve',
        resource: 'updaterequests',
        namespace: 'shop',
        name: 'web',
      },
    ]);
  });

  it('says what is lacking, and where', async () => {
    const { may } = authorizing(() => false);

    expect(await may({ verb: 'reject', namespace: 'shop' })).toMatchObject({
      error: {
        code: 'HW_FORBIDDEN',
        detail: 'alice lacks the right to reject updaterequests.headwind.sh in the namespace shop.',
      },
    });
    expect(await may({ verb: 'get', resource: 'settings', namespace: undefined })).toMatchObject({
      error: { detail: 'alice lacks the right to get settings.headwind.sh in all namespaces.' },
    });
  });

  it('is remembered for reading, for 15 seconds and for this person alone', async () => {
    const { clock, asked, may } = authorizing(() => true);
    await may({ verb: 'list', namespace: 'shop' });
    await may({ verb: 'list', namespace: 'shop' });
    expect(asked).toHaveLength(1);
    await may({ verb: 'list', namespace: 'blog' });
    await may({ verb: 'list', namespace: 'shop' }, { ...ALICE, groups: [] });
    expect(asked).toHaveLength(3);
    await clock.advance(16_000);
    await may({ verb: 'list', namespace: 'shop' });
    expect(asked).toHaveLength(4);
  });

  it('is never remembered for acting', async () => {
    const { asked, may } = authorizing(() => true);
    for (const verb of ['approve', 'reject', 'rollback', 'update'] as const)
      for (let times = 0; times < 2; times += 1) await may({ verb, namespace: 'shop' });

    expect(asked).toHaveLength(8);
  });

  it('is not remembered where nobody could be asked', async () => {
    let away = true;
    const { may } = authorizing(() => (away ? new Error('away') : true));

    await expect(may({ verb: 'list', namespace: 'shop' })).rejects.toThrow('away');
    away = false;
    expect(await may({ verb: 'list', namespace: 'shop' })).toMatchObject({ ok: true });
  });

  it.each(['..', 'a/b', 'UPPER', ''])('is not asked for what cannot be named: %j', async (namespace) => {
    const { asked, may } = authorizing(() => true);

    expect(await may({ verb: 'approve', namespace, name: 'web' })).toMatchObject({
      error: { code: 'HW_FORBIDDEN' },
    });
    expect(asked).toEqual([]);
  });

  it('is no for nobody', async () => {
    const { authorizer } = authorizing(() => true);

    expect(
      await authorizer.authorize({ verb: 'get', namespace: 'shop', identity: { kind: 'anonymous' } }),
    ).toMatchObject({ ok: false });
  });
});
