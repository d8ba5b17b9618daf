import { describe, expect, it } from 'vitest';
import { createFlag } from './flag.ts';
import type { Keep } from './theme.ts';

function aKeep(): Keep {
  const kept = new Map<string, string>();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
}

const refuse = (): never => {
  throw new Error('this browser keeps nothing');
};

describe('a flag', () => {
  it('is as it begins until somebody sets it, and then stays so', () => {
    const keep = aKeep();
    const flag = createFlag(keep, 'live', true);
    expect(flag.get()).toBe(true);
    flag.set(false);
    expect([flag.get(), createFlag(keep, 'live', true).get()]).toEqual([false, false]);
  });

  it('holds for the visit where the browser keeps nothing', () => {
    const flag = createFlag({ getItem: refuse, setItem: refuse, removeItem: refuse }, 'live', true);
    flag.set(false);
    expect(flag.get()).toBe(false);
  });
});
