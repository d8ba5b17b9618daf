import { describe, expect, it } from 'vitest';
import { FakeClock } from '../parts/fake-clock.ts';

describe('the fake clock', () => {
  it('runs timers in the order in which they fall due, at their own time', async () => {
    const clock = new FakeClock(1000);
    const seen: string[] = [];
    clock.after(20, () => seen.push(`b@${clock.now()}`));
    clock.after(10, () => seen.push(`a@${clock.now()}`));
    await clock.advance(15);
    expect(seen).toEqual(['a@1010']);
    expect(clock.now()).toBe(1015);
    await clock.advance(5);
    expect(seen).toEqual(['a@1010', 'b@1020']);
  });

  it('runs timers that a timer has set, when they fall due within the same advance', async () => {
    const clock = new FakeClock(0);
    const seen: number[] = [];
    clock.after(10, () => {
      seen.push(clock.now());
      void Promise.resolve().then(() => clock.after(10, () => seen.push(clock.now())));
    });
    await clock.advance(20);
    expect(seen).toEqual([10, 20]);
  });

  it('forgets a timer that was taken back', async () => {
    const clock = new FakeClock();
    const cancel = clock.after(1, () => {
      throw new Error('must not run');
    });
    expect(clock.nextInMs).toBe(1);
    cancel();
    expect(clock.pending).toBe(0);
    await clock.advance(10);
  });
});
