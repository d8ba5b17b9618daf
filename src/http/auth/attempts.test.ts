import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/parts/fake-clock.ts';
import { createAttempts } from './attempts.ts';

const times = (count: number, run: (at: number) => void): void => {
  for (let at = 0; at < count; at += 1) run(at);
};

describe('sign-ins that fail', () => {
  it('are ten a minute from one address', async () => {
    const clock = new FakeClock();
    const attempts = createAttempts(clock);
    times(9, () => attempts.failed('192.0.2.1'));
    expect(attempts.waitMs('192.0.2.1')).toBe(0);
    await clock.advance(20_000);
    attempts.failed('192.0.2.1');

    expect(attempts.waitMs('192.0.2.1')).toBe(40_000);
    expect(attempts.waitMs('192.0.2.2')).toBe(0);
    await clock.advance(40_000);
    expect(attempts.waitMs('192.0.2.1')).toBe(0);
  });

  it.each([
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9', true],
    ['2001:db8:1:2::1', '2001:db8:1:3::1', false],
    ['2001:db8::1', '2001:db8:0:0:5::1', true],
    ['::1', '::2', true],
  ])('of %s count for %s: %j', (one, other, together) => {
    const attempts = createAttempts(new FakeClock());
    times(10, () => attempts.failed(one));

    expect(attempts.waitMs(other) > 0).toBe(together);
  });

  it('are 200 a minute in all', () => {
    const attempts = createAttempts(new FakeClock());
    times(200, (at) => attempts.failed(`192.0.${at}.1`));

    expect(attempts.waitMs('198.51.100.1')).toBe(60_000);
  });
});
