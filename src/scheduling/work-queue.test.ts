import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { KubernetesError } from '../kubernetes/errors.ts';
import { createWorkQueue, type Outcome, type WorkFailure, type WorkQueue } from './work-queue.ts';

interface Scene {
  readonly clock: FakeClock;
  readonly queue: WorkQueue;
  /** The keys in the order in which their handling began. */
  readonly begun: string[];
  readonly failures: WorkFailure[];
  readonly depths: number[];
  /** Ends the running handler of a key. */
  readonly finish: (key: string, outcome?: Outcome) => Promise<void>;
  readonly fail: (key: string, error: Error) => Promise<void>;
  readonly running: () => string[];
}

function aQueue(concurrency = 1, random: () => number = () => 0): Scene {
  const clock = new FakeClock(0);
  const begun: string[] = [];
  const failures: WorkFailure[] = [];
  const depths: number[] = [];
  const open = new Map<string, PromiseWithResolvers<Outcome>>();
  const queue = createWorkQueue({
    name: 'test',
    concurrency,
    clock,
    random,
    handle: (key) => {
      if (open.has(key)) throw new Error(`two handlers for ${key}`);
      begun.push(key);
      const handler = Promise.withResolvers<Outcome>();
      open.set(key, handler);
      return handler.promise;
    },
    onError: (failure) => failures.push(failure),
    onDepth: (depth) => depths.push(depth),
  });
  const take = (key: string): PromiseWithResolvers<Outcome> => {
    const handler = open.get(key);
    if (handler === undefined) throw new Error(`${key} is not being handled`);
    open.delete(key);
    return handler;
  };
  return {
    clock,
    queue,
    begun,
    failures,
    depths,
    async finish(key, outcome = { kind: 'done' }) {
      take(key).resolve(outcome);
      await clock.advance(0);
    },
    async fail(key, error) {
      take(key).reject(error);
      await clock.advance(0);
    },
    running: () => [...open.keys()],
  };
}

async function isResolved(promise: Promise<unknown>): Promise<boolean> {
  return Promise.race([
    promise.then(() => true),
    new Promise<boolean>((resolve) => {
      setImmediate(() => resolve(false));
    }),
  ]);
}

describe('the work queue', () => {
  it('handles each waiting key once, in the order of arrival', async () => {
    const { queue, clock, begun, finish } = aQueue();
    for (const key of ['a', 'b', 'a', 'c', 'b']) queue.add(key);
    expect(begun).toEqual([]);
    await clock.advance(0);
    for (const key of ['a', 'b', 'c']) await finish(key);
    expect(begun).toEqual(['a', 'b', 'c']);
    expect(queue.size).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it('handles as many at a time as it may, and never one key twice at a time', async () => {
    const { queue, clock, finish, running } = aQueue(2);
    for (const key of ['a', 'b', 'c', 'a']) queue.add(key);
    await clock.advance(0);
    queue.add('a');
    await clock.advance(0);
    expect(running()).toEqual(['a', 'b']);
    await finish('b');
    expect(running()).toEqual(['a', 'c']);
    await finish('a');
    expect(running()).toEqual(['c', 'a']);
  });

  it('handles a key once more when it was added while it was handled, however often', async () => {
    const { queue, clock, begun, finish } = aQueue();
    queue.add('a');
    await clock.advance(0);
    for (let times = 0; times < 5; times += 1) queue.add('a');
    await finish('a');
    expect(begun).toEqual(['a', 'a']);
    await finish('a');
    expect(begun).toEqual(['a', 'a']);
  });

  it('waits longer after each failure, up to the cap, and starts afresh after a success', async () => {
    const { queue, clock, failures, finish, begun } = aQueue();
    queue.add('a');
    await clock.advance(0);
    for (let times = 0; times < 10; times += 1) {
      await finish('a', { kind: 'retry', error: new Error('no') });
      await clock.advance(60_000);
    }
    expect(failures.map((failure) => failure.retryInMs)).toEqual([
      250, 500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000,
    ]);
    await finish('a');
    queue.add('a');
    await clock.advance(0);
    await finish('a', { kind: 'retry', error: new Error('no') });
    expect(failures.at(-1)).toMatchObject({ queue: 'test', key: 'a', failures: 1, retryInMs: 250 });
    expect(begun).toHaveLength(12);
  });

  it('takes a throw for a retry', async () => {
    const { queue, clock, failures, fail, running } = aQueue();
    queue.add('a');
    await clock.advance(0);
    await fail('a', new Error('thrown'));
    expect(failures).toMatchObject([{ key: 'a', error: new Error('thrown'), failures: 1 }]);
    await clock.advance(250);
    expect(running()).toEqual(['a']);
  });

  it('waits as long as the API server asks', async () => {
    const { queue, clock, failures, finish } = aQueue();
    queue.add('a');
    await clock.advance(0);
    const error = new KubernetesError({ message: 'busy', status: 429, retryAfterMs: 7_000 });
    await finish('a', { kind: 'retry', error });
    expect(failures[0]?.retryInMs).toBe(7_000);
  });

  it('takes up to half off the pause at random', async () => {
    const { queue, clock, failures, finish } = aQueue(1, () => 0.5);
    queue.add('a');
    await clock.advance(0);
    await finish('a', { kind: 'retry', error: new Error('no') });
    expect(failures[0]?.retryInMs).toBe(188);
  });

  it('handles a failed key at once when it is added, without forgetting how often it failed', async () => {
    const { queue, clock, failures, finish, running } = aQueue();
    queue.add('a');
    await clock.advance(0);
    await finish('a', { kind: 'retry', error: new Error('no') });
    queue.add('a');
    await clock.advance(0);
    expect(running()).toEqual(['a']);
    await finish('a', { kind: 'retry', error: new Error('no') });
    expect(failures.map((failure) => failure.failures)).toEqual([1, 2]);
    expect(clock.pending).toBe(1);
  });

  it('handles again after the time that was asked for', async () => {
    const { queue, clock, begun, finish } = aQueue();
    queue.add('a');
    await clock.advance(0);
    await finish('a', { kind: 'requeue', afterMs: 5_000 });
    await clock.advance(4_999);
    expect(begun).toEqual(['a']);
    await clock.advance(1);
    expect(begun).toEqual(['a', 'a']);
  });

  it('leaves a stalled key alone until it is added', async () => {
    const { queue, clock, finish } = aQueue();
    queue.add('a');
    await clock.advance(0);
    await finish('a', { kind: 'stalled', reason: 'gone' });
    expect(queue.size).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it('keeps the earliest of several plans', async () => {
    const { queue, clock, begun } = aQueue();
    queue.addAfter('a', 1_000);
    queue.addAfter('a', 100);
    queue.addAfter('a', 5_000);
    await clock.advance(99);
    expect(begun).toEqual([]);
    await clock.advance(1);
    expect(begun).toEqual(['a']);
    expect(clock.pending).toBe(0);
  });

  it('keeps a plan that was made while the key was handled, and the earlier one of the outcome', async () => {
    const { queue, clock, begun, finish } = aQueue();
    queue.add('a');
    await clock.advance(0);
    queue.addAfter('a', 1_000);
    await finish('a', { kind: 'requeue', afterMs: 300 });
    await clock.advance(300);
    await finish('a');
    await clock.advance(5_000);
    expect(begun).toEqual(['a', 'a']);
  });

  it('drops a plan when the key is added', async () => {
    const { queue, clock, begun, finish } = aQueue();
    queue.addAfter('a', 1_000);
    queue.add('a');
    await clock.advance(0);
    await finish('a');
    await clock.advance(10_000);
    expect(begun).toEqual(['a']);
  });

  it('tells when a key is idle: not while it waits, runs or is to be retried', async () => {
    const { queue, clock, finish } = aQueue();
    expect(await isResolved(queue.whenIdle('a'))).toBe(true);
    queue.add('a');
    const idle = queue.whenIdle('a');
    expect(await isResolved(idle)).toBe(false);
    await clock.advance(0);
    await finish('a', { kind: 'retry', error: new Error('no') });
    expect(await isResolved(idle)).toBe(false);
    expect(await isResolved(queue.whenIdle())).toBe(false);
    await clock.advance(250);
    await finish('a', { kind: 'requeue', afterMs: 3_600_000 });
    expect(await isResolved(idle)).toBe(true);
    expect(await isResolved(queue.whenIdle())).toBe(true);
  });

  it('tells when all are idle', async () => {
    const { queue, clock, finish } = aQueue(2);
    queue.add('a');
    queue.add('b');
    const idle = queue.whenIdle();
    await clock.advance(0);
    await finish('a');
    expect(await isResolved(idle)).toBe(false);
    await finish('b');
    expect(await isResolved(idle)).toBe(true);
  });

  it('tells how many wait', async () => {
    const { queue, clock, depths, finish } = aQueue();
    queue.add('a');
    queue.add('b');
    await clock.advance(0);
    await finish('a');
    await finish('b');
    expect(depths).toEqual([1, 2, 1, 0]);
  });

  it('stops: drops what waits and what is planned, lets the running end, takes nothing more', async () => {
    const { queue, clock, begun, finish } = aQueue();
    queue.add('a');
    queue.add('b');
    queue.addAfter('c', 100);
    await clock.advance(0);
    const idle = queue.whenIdle('b');
    const stopped = queue.stop();
    queue.add('d');
    queue.addAfter('e', 1);
    expect(await isResolved(stopped)).toBe(false);
    expect(await isResolved(idle)).toBe(true);
    await finish('a', { kind: 'retry', error: new Error('too late') });
    expect(await isResolved(stopped)).toBe(true);
    expect(begun).toEqual(['a']);
    expect(clock.pending).toBe(0);
    expect(queue.size).toBe(0);
    await queue.stop();
  });

  it('never has two handlers for one key, and never loses the last add, whatever happens', async () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('add' as const), key: fc.integer({ min: 0, max: 3 }) }),
      fc.record({ do: fc.constant('later' as const), key: fc.integer({ min: 0, max: 3 }), ms: fc.nat(500) }),
      fc.record({ do: fc.constant('advance' as const), ms: fc.nat(500) }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40 }),
        fc.infiniteStream(fc.nat(3)),
        async (steps, endings) => {
          const clock = new FakeClock(0);
          const active = new Set<string>();
          const asked = new Map<string, number>();
          const served = new Map<string, number>();
          let ticks = 0;
          const queue = createWorkQueue({
            name: 'test',
            concurrency: 2,
            clock,
            random: () => 0,
            handle: async (key): Promise<Outcome> => {
              expect(active.has(key)).toBe(false);
              active.add(key);
              ticks += 1;
              served.set(key, ticks);
              await new Promise<void>((resolve) => {
                clock.after(50, resolve);
              });
              active.delete(key);
              const { value } = endings.next();
              if (value === 0) throw new Error('no');
              return value === 1 ? { kind: 'requeue', afterMs: 70 } : { kind: 'done' };
            },
          });
          for (const now of steps) {
            if (now.do === 'advance') await clock.advance(now.ms);
            else {
              const key = String(now.key);
              ticks += 1;
              asked.set(key, ticks);
              if (now.do === 'add') queue.add(key);
              else queue.addAfter(key, now.ms);
            }
          }
          await clock.advance(2_000);
          for (const [key, at] of asked) expect(served.get(key)).toBeGreaterThan(at);
          const stopped = queue.stop();
          // The handlers that still run end with the clock.
          await clock.advance(50);
          await stopped;
        },
      ),
      { numRuns: 40 },
    );
  });
});
