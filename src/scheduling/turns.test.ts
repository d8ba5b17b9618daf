import { expect, it } from 'vitest';
import { createTurns } from './turns.ts';

it('lets what has the same key follow one another, in order, and does not hold up the rest', async () => {
  const inTurn = createTurns();
  const gate = Promise.withResolvers<void>();
  const done: string[] = [];
  const first = inTurn('a', async () => {
    await gate.promise;
    done.push('first');
  });
  const second = inTurn('a', () => Promise.resolve(done.push('second')));
  const third = inTurn('a', () => Promise.resolve(done.push('third')));
  await inTurn('b', () => Promise.resolve(done.push('another')));
  expect(done).toEqual(['another']);
  gate.resolve();
  await Promise.all([first, second, third]);
  expect(done).toEqual(['another', 'first', 'second', 'third']);
});

it('tells of a failure whoever brought the work, and goes on', async () => {
  const inTurn = createTurns();
  const failing = inTurn('a', () => Promise.reject(new Error('no')));
  const next = inTurn('a', () => Promise.resolve('done'));
  await expect(failing).rejects.toThrow('no');
  expect(await next).toBe('done');
});
