import { describe, expect, it } from 'vitest';
import type { Fault } from '../faults/fault.ts';
import { describePlan, drawPlan, type FaultGroups } from '../faults/plan.ts';
import { readSeries } from '../faults/series.ts';

const named = (name: string): Fault => ({
  name,
  begin: () => Promise.resolve({ bites: () => 0, heal: () => Promise.resolve() }),
});
const GROUPS: FaultGroups = {
  kubernetes: ['k1', 'k2', 'k3'].map(named),
  processes: ['p1', 'p2'].map(named),
  registry: ['r1', 'r2'].map(named),
};

describe('a run that is drawn', () => {
  it('is the same for the same seed, and another one for another seed', () => {
    const first = describePlan(drawPlan('3f', 17, GROUPS));
    expect(describePlan(drawPlan('3f', 17, GROUPS))).toBe(first);
    expect(describePlan(drawPlan('3e', 17, GROUPS))).not.toBe(first);
  });

  it('has each fault of a group first as often as the others', () => {
    const firsts = Array.from(
      { length: 60 },
      (_, index) => drawPlan('a', index, GROUPS).faults[0]?.fault.name,
    );
    const counts = ['k1', 'k2', 'k3', 'p1', 'p2', 'r1', 'r2'].map(
      (name) => firsts.filter((one) => one === name).length,
    );
    expect(counts).toEqual([8, 8, 8, 12, 12, 6, 6]);
  });

  it('has no two faults of one group', () => {
    const groupOf = ({ fault }: { fault: Fault }): string => fault.name.slice(0, 1);
    for (let index = 0; index < 200; index += 1) {
      const groups = drawPlan('b', index, GROUPS).faults.map(groupOf);
      expect(new Set(groups).size).toBe(groups.length);
    }
  });
});

describe('which runs are played', () => {
  const newSeed = (): string => 'new';

  it.each<[string, Record<string, string>, object]>([
    ['as many as told', { HEADWIND_FAULT_RUNS: '2' }, { seed: 'new', indexes: [0, 1] }],
    ['a series again', { HEADWIND_FAULT_SEED: '3f', HEADWIND_FAULT_RUNS: '1' }, { seed: '3f', indexes: [0] }],
    ['one run of it again', { HEADWIND_FAULT_SEED: '3f.17' }, { seed: '3f', indexes: [17] }],
    ['200 where nothing is told', {}, { seed: 'new' }],
  ])('%s', (_, env, expected) => {
    expect(readSeries(env, newSeed)).toMatchObject(expected);
  });

  it.each(['3f.x', 'a.1.2', '.4', 'a b'])('"%s" is no seed', (seed) => {
    expect(() => readSeries({ HEADWIND_FAULT_SEED: seed }, newSeed)).toThrow('HEADWIND_FAULT_SEED');
  });
});
