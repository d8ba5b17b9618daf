import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/parts/fake-clock.ts';
import { createTokenAuthenticator } from './token-authenticator.ts';
import { createTokenReviews, type TokenUser } from './token-reviews.ts';

const ALICE: TokenUser = { username: 'alice', uid: '1', groups: ['shop'], extra: {} };

function reviewing(answer: (token: string) => Promise<TokenUser | undefined>) {
  const clock = new FakeClock();
  const asked: string[] = [];
  const reviews = createTokenReviews({
    clock,
    review: (token) => {
      asked.push(token);
      return answer(token);
    },
  });
  return { clock, asked, reviews };
}

const known = async (token: string) => (token === 'right' ? ALICE : undefined);

describe('whom a token speaks for', () => {
  it('is asked once a minute', async () => {
    const { clock, asked, reviews } = reviewing(known);

    expect(await reviews.identify('right', 60_000)).toEqual({ ok: true, value: { kind: 'known', ...ALICE } });
    await clock.advance(59_000);
    await reviews.identify('right', 60_000);
    expect(asked).toHaveLength(1);

    await clock.advance(2000);
    await reviews.identify('right', 600_000);
    expect(asked).toHaveLength(2);
  });

  it('is asked again where it has to be known more freshly', async () => {
    const { clock, asked, reviews } = reviewing(known);
    await reviews.identify('right', 60_000);
    await clock.advance(6000);
    await reviews.identify('right', 5000);

    expect(asked).toHaveLength(2);
  });

  it('is one question where many ask it at once', async () => {
    const { asked, reviews } = reviewing(known);
    await Promise.all(Array.from({ length: 50 }, () => reviews.identify('right', 5000)));

    expect(asked).toEqual(['right']);
  });

  it('is nobody for ten seconds, where it was nobody', async () => {
    const { clock, asked, reviews } = reviewing(known);

    for (let tries = 0; tries < 5; tries += 1)
      expect(await reviews.identify('wrong', 0)).toMatchObject({
        ok: false,
        error: {
          code: 'HW_UNAUTHENTICATED',
          headers: { 'www-authenticate': expect.stringContaining('invalid_token') },
        },
      });
    expect(asked).toHaveLength(1);
    await clock.advance(11_000);
    await reviews.identify('wrong', 60_000);
    expect(asked).toHaveLength(2);
  });

  it('is not known while nobody can be asked, and asked again then', async () => {
    let away = true;
    const { asked, reviews } = reviewing((token) =>
      away ? Promise.reject(new Error('away')) : known(token),
    );

    await expect(reviews.identify('right', 60_000)).rejects.toThrow('away');
    away = false;
    expect(await reviews.identify('right', 60_000)).toMatchObject({ ok: true });
    expect(asked).toHaveLength(2);
  });

  it('is asked of at most 64 tokens at the same time', async () => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const { reviews } = reviewing(() => promise);
    const waiting = Array.from({ length: 64 }, (_, at) => reviews.identify(`t${at}`, 0));

    expect(await reviews.identify('one-more', 0)).toMatchObject({ ok: false, error: { code: 'HW_BUSY' } });
    resolve(undefined);
    await Promise.all(waiting);
    expect(await reviews.identify('later', 0)).toMatchObject({ error: { code: 'HW_UNAUTHENTICATED' } });
  });

  it.each(['', 'two words', 'with"quotes', 'x'.repeat(9000), 'line\nbreak'])(
    'is nobody for what cannot be a token, without asking: %j',
    async (token) => {
      const { asked, reviews } = reviewing(known);

      expect(await reviews.identify(token, 0)).toMatchObject({ ok: false });
      expect(asked).toEqual([]);
    },
  );
});

describe('the Authorization header', () => {
  it.each([
    ['Bearer right', true],
    ['bearer   right', true],
    ['BEARER right ', true],
    ['Bearer wrong', false],
    ['Bearer', false],
    ['Bearer right extra', false],
    ['Basic right', false],
    ['right', false],
    [undefined, false],
  ])('%s: %j', async (header, isKnown) => {
    const { reviews } = reviewing(known);
    const headers = new Headers(header === undefined ? {} : { authorization: header });
    const answer = await createTokenAuthenticator(reviews).authenticate({
      headers,
      remoteAddress: undefined,
    });

    expect(answer.ok).toBe(isKnown);
  });
});
