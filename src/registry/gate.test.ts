import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { createGate, type Pass } from './gate.ts';

/** Requests at a gate that last until the test ends them. */
function aGate(options: { concurrency?: number; requestsPerSecond?: number; maxWaiting?: number } = {}) {
  const clock = new FakeClock();
  const gate = createGate({
    clock,
    concurrency: options.concurrency ?? 1000,
    requestsPerSecond: options.requestsPerSecond ?? 10,
    maxWaiting: options.maxWaiting ?? 1000,
  });
  const passes: Pass[] = [];
  const entered: string[] = [];
  const refused: string[] = [];
  const enter = (name: string, more: { urgent?: boolean; signal?: AbortSignal } = {}): void => {
    void gate.enter({ urgent: more.urgent ?? false, signal: more.signal }).then((pass) => {
      if (pass === undefined) refused.push(name);
      else {
        passes.push(pass);
        entered.push(name);
      }
    });
  };
  const enterMany = (count: number, urgent = false): void => {
    for (let index = 0; index < count; index += 1)
      enter(`${urgent ? 'urgent' : 'other'} ${index}`, { urgent });
  };
  return { clock, gate, enter, enterMany, entered, refused, endOne: () => passes.shift()?.done() };
}

describe('the rate', () => {
  it('lets two seconds’ worth through at once, then so many a second', async () => {
    const { clock, enterMany, entered, gate } = aGate({ requestsPerSecond: 10 });
    enterMany(50);

    await clock.advance(0);
    expect(entered).toHaveLength(20);
    await clock.advance(99);
    expect(entered).toHaveLength(20);
    await clock.advance(1);
    expect(entered).toHaveLength(21);
    await clock.advance(1000);
    expect(entered).toHaveLength(31);
    expect(gate.waiting()).toBe(19);
    await clock.advance(10_000);
    expect(entered).toEqual(Array.from({ length: 50 }, (_, index) => `other ${index}`));
    expect([gate.waiting(), clock.pending]).toEqual([0, 0]);
  });

  it('may be one in two seconds', async () => {
    const { clock, enterMany, entered } = aGate({ requestsPerSecond: 0.5 });
    enterMany(3);

    await clock.advance(1999);
    expect(entered).toHaveLength(1);
    await clock.advance(1);
    expect(entered).toHaveLength(2);
    await clock.advance(2000);
    expect(entered).toHaveLength(3);
  });

  it('saves no more than two seconds’ worth up in a silence', async () => {
    const { clock, enterMany, entered } = aGate({ requestsPerSecond: 10 });
    await clock.advance(3_600_000);
    enterMany(50);

    await clock.advance(0);
    expect(entered).toHaveLength(20);
  });

  it('does not hold back what is urgent, but the others after it', async () => {
    const { clock, enterMany, entered } = aGate({ requestsPerSecond: 10 });
    enterMany(100, true);
    enterMany(1);

    await clock.advance(0);
    expect(entered).toHaveLength(100);
    // However many were urgent: two seconds for what was overdrawn, one tenth for itself.
    await clock.advance(2099);
    expect(entered).toHaveLength(100);
    await clock.advance(1);
    expect(entered).toHaveLength(101);
  });

  it('holds when the clock is put back', async () => {
    const clock = new FakeClock();
    let offsetMs = 0;
    const gate = createGate({
      clock: {
        now: () => clock.now(),
        elapsed: () => clock.elapsed() + offsetMs,
        after: (delayMs, run) => clock.after(delayMs, run),
      },
      concurrency: 1000,
      requestsPerSecond: 10,
      maxWaiting: 1000,
    });
    let entered = 0;
    for (let index = 0; index < 25; index += 1)
      void gate.enter({ urgent: false }).then(() => {
        entered += 1;
      });
    offsetMs = -3_600_000;

    await clock.advance(2000);

    expect(entered).toBe(25);
  });
});

describe('the concurrency', () => {
  it('lets the next one in when one has ended, what is urgent first', async () => {
    const { clock, enter, entered, endOne } = aGate({ concurrency: 1 });
    enter('first');
    enter('second');
    enter('urgent', { urgent: true });

    await clock.advance(0);
    expect(entered).toEqual(['first']);
    endOne();
    await clock.advance(0);
    expect(entered).toEqual(['first', 'urgent']);
    endOne();
    await clock.advance(0);
    expect(entered).toEqual(['first', 'urgent', 'second']);
  });
});

describe('who waits', () => {
  it('is bounded in number, for what is urgent and for the others apart', async () => {
    const { clock, enter, enterMany, refused, gate } = aGate({ concurrency: 1, maxWaiting: 2 });
    enterMany(4);
    enterMany(3, true);
    enter('late');

    await clock.advance(0);

    expect(refused).toEqual(['other 3', 'urgent 2', 'late']);
    expect(gate.waiting()).toBe(4);
  });

  it('can be given up, and does not hold up those behind', async () => {
    const { clock, enter, entered, refused, endOne, gate } = aGate({ concurrency: 1 });
    const controller = new AbortController();
    enter('first');
    enter('given up', { signal: controller.signal });
    enter('behind');
    controller.abort();
    enter('too late', { signal: controller.signal });
    endOne();
    await clock.advance(0);
    endOne();

    await clock.advance(0);

    expect(entered).toEqual(['first', 'behind']);
    expect(refused.toSorted()).toEqual(['given up', 'too late']);
    expect([gate.waiting(), clock.pending]).toEqual([0, 0]);
  });

  it('leaves no timer when the last one is given up', async () => {
    const { clock, enterMany, enter, gate } = aGate({ requestsPerSecond: 0.5 });
    const controller = new AbortController();
    enterMany(1);
    enter('given up', { signal: controller.signal });
    expect(clock.pending).toBe(1);

    controller.abort();

    expect([gate.waiting(), clock.pending]).toEqual([0, 0]);
  });
});
