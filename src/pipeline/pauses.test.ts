import { describe, expect, it } from 'vitest';
import { aWorkload } from '../../test/builders.ts';
import type { Workload } from '../core/workload.ts';
import type { Applier } from './apply.ts';
import { createPauses, type PauseOutcome } from './pauses.ts';

const PAUSED = 'headwind.sh/paused';
const BY = { identity: 'ann', reason: 'freeze' };

/** Answers `outcomes` one after the other, then `written`. */
function make(
  options: {
    annotations?: Record<string, string>;
    known?: Workload | undefined;
    outcomes?: readonly Awaited<ReturnType<Applier['annotate']>>[];
  } = {},
) {
  const workload = aWorkload({ annotations: options.annotations ?? {} });
  const writes: object[] = [];
  const told: object[] = [];
  const outcomes = [...(options.outcomes ?? [])];
  const pauses = createPauses({
    catalog: { get: () => ('known' in options ? options.known : workload) },
    applier: {
      read: () => Promise.resolve(workload),
      annotate: (_, annotations) => {
        writes.push(annotations);
        return Promise.resolve(outcomes.shift() ?? { kind: 'written' });
      },
    },
    onChanged: (_, by) => told.push(by),
  });
  const set = (paused: boolean): Promise<PauseOutcome> =>
    pauses.set({ workload: { kind: 'Deployment', namespace: 'shop', name: 'web' }, paused, ...BY });
  return { set, writes, told };
}

describe('a pause', () => {
  it.each([
    ['freezes what runs', true, {}, [{ [PAUSED]: 'true' }]],
    ['takes the annotation away again', false, { [PAUSED]: 'true' }, [{ [PAUSED]: null }]],
    ['also one that cannot be read', false, { [PAUSED]: 'perhaps' }, [{ [PAUSED]: null }]],
    ['says clearly what was written in another way', true, { [PAUSED]: 'yes' }, [{ [PAUSED]: 'true' }]],
  ])('%s', async (_, paused, annotations, expected) => {
    const { set, writes, told } = make({ annotations });
    expect(await set(paused)).toEqual({ kind: 'changed' });
    expect(writes).toEqual(expected);
    expect(told).toEqual([{ paused, ...BY }]);
  });

  it.each([
    [true, { [PAUSED]: 'true' }],
    [false, {}],
  ])('%s changes nothing where it is so already', async (paused, annotations) => {
    const { set, writes, told } = make({ annotations });
    expect(await set(paused)).toEqual({ kind: 'unchanged' });
    expect([writes, told]).toEqual([[], []]);
  });

  it('is tried again where somebody was faster, and given up at some time', async () => {
    const conflict = { kind: 'conflict' } as const;
    expect(await make({ outcomes: [conflict, conflict] }).set(true)).toEqual({ kind: 'changed' });
    const never = make({ outcomes: Array.from({ length: 9 }, () => conflict) });
    expect(await never.set(true)).toMatchObject({ kind: 'conflict' });
    expect(never.writes).toHaveLength(5);
  });

  it('tells what an admission webhook says', async () => {
    const refused = { kind: 'refused', message: 'not on Fridays' } as const;
    expect(await make({ outcomes: [refused] }).set(true)).toEqual(refused);
  });

  it('touches nothing that Headwind does not follow', async () => {
    const { set, writes } = make({ known: undefined });
    expect(await set(true)).toEqual({ kind: 'no-workload' });
    expect(writes).toEqual([]);
  });
});
