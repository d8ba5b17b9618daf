import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import type { Signal } from '../core/signal.ts';
import { createDeliveryMemory, type NamedDelivery } from './delivery-memory.ts';

function aSignal(tag: string): Signal {
  const repository = { host: 'reg.example.com', path: 'team/app' };
  return { source: 'webhook', sender: 'ghcr', type: 'image', repository, tag, digest: undefined };
}

function aDelivery(change: Partial<NamedDelivery> = {}): NamedDelivery {
  return { sender: 'ghcr', ids: ['a'], signals: [aSignal('1')], ...change };
}

describe('createDeliveryMemory', () => {
  it('knows what it remembers, for ten minutes', async () => {
    const clock = new FakeClock();
    const memory = createDeliveryMemory(clock);
    expect(memory.knows(aDelivery())).toBe(false);
    memory.remember(aDelivery());
    await clock.advance(599_000);
    expect(memory.knows(aDelivery())).toBe(true);
    await clock.advance(2000);
    expect(memory.knows(aDelivery())).toBe(false);
    expect(clock.pending).toBe(0);
  });

  it.each([
    ['forward', 5],
    ['back', -5],
  ])('knows it for ten minutes where the clock is set %s by hours meanwhile', async (_to, hours) => {
    const clock = new FakeClock();
    const memory = createDeliveryMemory(clock);
    memory.remember(aDelivery());
    clock.jump(hours * 3_600_000);
    await clock.advance(599_000);
    expect(memory.knows(aDelivery())).toBe(true);
    await clock.advance(2000);
    expect(memory.knows(aDelivery())).toBe(false);
  });

  it.each<[string, Partial<NamedDelivery>]>([
    ['another name', { ids: ['b'] }],
    ['more names', { ids: ['a', 'b'] }],
    ['another sender', { sender: 'gitea' }],
    ['another tag under the same name', { signals: [aSignal('2')] }],
    ['more tags under the same name', { signals: [aSignal('1'), aSignal('2')] }],
    [
      'another digest under the same name',
      { signals: [{ ...aSignal('1'), digest: `sha256:${'0'.repeat(64)}` }] },
    ],
    ['no name', { ids: [] }],
  ])('tells %s apart', (_name, change) => {
    const memory = createDeliveryMemory(new FakeClock());
    memory.remember(aDelivery());
    expect(memory.knows(aDelivery(change))).toBe(false);
  });

  it('never knows what has no name', () => {
    const memory = createDeliveryMemory(new FakeClock());
    memory.remember(aDelivery({ ids: [] }));
    expect(memory.knows(aDelivery({ ids: [] }))).toBe(false);
  });

  it('forgets the oldest beyond ten thousand', () => {
    const memory = createDeliveryMemory(new FakeClock());
    for (let id = 0; id <= 10_000; id += 1) memory.remember(aDelivery({ ids: [String(id)] }));
    expect(memory.knows(aDelivery({ ids: ['0'] }))).toBe(false);
    expect(memory.knows(aDelivery({ ids: ['1'] }))).toBe(true);
  });
});
