import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { createTokenFile } from './token-file.ts';

/** A file whose content a test changes; undefined stands for none. */
function aFile(content: string | undefined) {
  const file = { content, reads: 0 };
  const readFile = (): Promise<string> => {
    file.reads += 1;
    return file.content === undefined ? Promise.reject(new Error('ENOENT')) : Promise.resolve(file.content);
  };
  return { file, readFile };
}

describe('a token in a file', () => {
  it('is read anew after a minute', async () => {
    const clock = new FakeClock();
    const { file, readFile } = aFile(' one\n');
    const source = createTokenFile({ path: '/token', readFile, clock });
    expect(await source.token()).toBe('one');
    file.content = 'two';
    await clock.advance(59_999);
    expect(await source.token()).toBe('one');
    await clock.advance(1);
    expect(await source.token()).toBe('two');
    expect(file.reads).toBe(2);
  });

  it('serves from the last reading while the file cannot be read', async () => {
    const clock = new FakeClock();
    const { file, readFile } = aFile('one');
    const source = createTokenFile({ path: '/token', readFile, clock });
    await source.token();
    await clock.advance(60_000);
    file.content = undefined;
    expect(await source.token()).toBe('one');
    file.content = '';
    expect(await source.token()).toBe('one');
    file.content = 'two';
    expect(await source.token()).toBe('two');
  });

  it('is read at once when the server refuses it', async () => {
    const { file, readFile } = aFile('one');
    const source = createTokenFile({ path: '/token', readFile, clock: new FakeClock() });
    await source.token();
    expect(await source.renew?.('one')).toBe(false);
    file.content = 'two';
    expect(await source.renew?.('one')).toBe(true);
    expect(await source.token()).toBe('two');
  });

  it('falls back to a given token, and without one names the file', async () => {
    const { readFile } = aFile(undefined);
    const clock = new FakeClock();
    const fallback = createTokenFile({ path: '/token', readFile, clock, fallback: 'given' });
    expect(await fallback.token()).toBe('given');
    const none = createTokenFile({ path: '/var/token', readFile, clock });
    await expect(none.token()).rejects.toThrow('the token file /var/token cannot be read: ENOENT');
  });
});
