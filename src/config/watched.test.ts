import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { fail, ok } from '../core/result.ts';
import { watchConfiguration } from './watched.ts';

function aWatch() {
  const clock = new FakeClock();
  const told: string[] = [];
  // `!` stands for what cannot be read.
  const file = { text: 'one', reads: 0 };
  const watched = watchConfiguration({
    initial: { version: 'one' },
    clock,
    read: () => {
      file.reads += 1;
      if (file.text === 'throw') return Promise.reject(new Error('a bug'));
      const bad = [{ variable: 'FILE', value: file.text, expected: 'something else' }];
      return Promise.resolve(file.text.startsWith('!') ? fail(bad) : ok({ version: file.text }));
    },
    onReplaced: ({ version }) => told.push(version),
    onBad: ([problem]) => told.push(`bad ${problem?.value}`),
  });
  return { clock, told, file, watched };
}

describe('watchConfiguration', () => {
  it('says nothing while nothing changes', async () => {
    const { clock, told, file, watched } = aWatch();
    await clock.advance(10_000);

    expect(told).toEqual([]);
    expect(file.reads).toBeGreaterThanOrEqual(4);
    expect(watched.current()).toEqual({ version: 'one' });
  });

  it('takes a change over, once', async () => {
    const { clock, told, file, watched } = aWatch();
    file.text = 'two';
    await clock.advance(10_000);

    expect(watched.current()).toEqual({ version: 'two' });
    expect(told).toEqual(['two']);
  });

  it('waits until two looks in a row have seen the same', async () => {
    const { clock, told, file, watched } = aWatch();
    file.text = 'tw';
    await clock.advance(2000);
    file.text = 'two';
    await clock.advance(300);

    expect(watched.current()).toEqual({ version: 'one' });

    await clock.advance(300);

    expect(told).toEqual(['two']);
  });

  it('keeps the last good value while what is there is bad, says so once, and takes the next good one', async () => {
    const { clock, told, file, watched } = aWatch();
    file.text = '!half';
    await clock.advance(10_000);

    expect(watched.current()).toEqual({ version: 'one' });
    expect(told).toEqual(['bad !half']);

    file.text = 'two';
    await clock.advance(10_000);
    file.text = '!half';
    await clock.advance(10_000);

    expect(watched.current()).toEqual({ version: 'two' });
    expect(told).toEqual(['bad !half', 'two', 'bad !half']);
  });

  it('says nothing of what is bad only for a moment', async () => {
    const { clock, told, file } = aWatch();
    file.text = '!';
    await clock.advance(2000);
    file.text = 'one';
    await clock.advance(10_000);

    expect(told).toEqual([]);
  });

  it('goes on after a bug', async () => {
    const { clock, file, watched } = aWatch();
    file.text = 'throw';
    await clock.advance(5000);
    file.text = 'two';
    await clock.advance(5000);

    expect(watched.current()).toEqual({ version: 'two' });
  });

  it('stops', async () => {
    const { clock, file, watched } = aWatch();
    watched.stop();
    await clock.advance(10_000);

    expect(file.reads).toBe(0);
    expect(clock.pending).toBe(0);
  });
});
