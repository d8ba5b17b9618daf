import { describe, expect, it } from 'vitest';
import { aContainer, aRequest, aWorkload } from '../../test/builders.ts';
import { formatHistory } from '../core/history.ts';
import { PREVIOUS } from '../core/rollback-target.ts';
import { requestKey, type UpdateRequest } from '../core/update-request.ts';
import { workloadKey, type Workload } from '../core/workload.ts';
import { createManualRollbacks, type ManualRollbacks } from './manual-rollbacks.ts';
import type { RollbackAction } from './rollback-orders.ts';

const HISTORY = formatHistory([
  { container: 'web', image: 'nginx:1.26.0', timestamp: '2026-01-01T11:00:00Z', updateRequestName: 'up' },
  { container: 'web', image: 'nginx:1.25.0', timestamp: '2026-01-01T10:00:00Z' },
]);
const UP = aRequest({ name: 'up', status: { phase: 'Completed' } });
const DONE = aRequest({ name: 'undo', spec: { rollback: true }, status: { phase: 'Completed' } });
const RUNS = [aContainer({ image: 'nginx:1.26.0' })];
const WEB = aWorkload({ artifacts: RUNS });
const SHOP_WEB = { namespace: 'shop', name: 'web' };

/** Over workloads of which only a fresh read has the history, as in a cluster. */
function underTest(
  known: readonly Workload[],
  read?: (key: string) => Workload | undefined,
  watched: readonly UpdateRequest[] = [UP],
) {
  const ordered: (RollbackAction & { readonly identity: string; readonly reason?: string | undefined })[] =
    [];
  const fresh = (key: string): Workload | undefined => {
    const workload = known.find((one) => workloadKey(one) === key);
    const annotations = { ...workload?.annotations, 'headwind.sh/update-history': HISTORY };
    return workload === undefined ? undefined : { ...workload, annotations };
  };
  const fetched: string[] = [];
  const requests = new Map(watched.map((request) => [requestKey(request), request]));
  const rollbacks: ManualRollbacks = createManualRollbacks({
    catalog: { get: (key) => known.find((one) => workloadKey(one) === key) },
    applier: { read: ({ spec }) => Promise.resolve((read ?? fresh)(workloadKey(spec.targetRef))) },
    requests: {
      ofArtifact: () => [...requests.values()],
      get: (key) => requests.get(key),
      fetch: (__, name) => {
        fetched.push(name);
        requests.set(requestKey(UP), UP);
        return Promise.resolve(UP);
      },
    },
    rollbacks: {
      rollBack: (action) => {
        ordered.push(action);
        return Promise.resolve({ kind: 'done', request: DONE });
      },
    },
  });
  const rollBack = (change: Partial<Parameters<ManualRollbacks['rollBack']>[0]> = {}) =>
    rollbacks.rollBack({
      workload: SHOP_WEB,
      container: undefined,
      wish: PREVIOUS,
      dryRun: false,
      identity: 'ann',
      reason: undefined,
      ...change,
    });
  return { rollbacks, rollBack, ordered, fetched };
}

const PLAN = {
  workload: { kind: 'Deployment', namespace: 'shop', name: 'web' },
  container: 'web',
  previousImage: 'nginx:1.26.0',
  image: 'nginx:1.25.0',
  index: 1,
  takesBack: ['up'],
};

describe('a rollback that a person wants', () => {
  it('is ordered with what it takes back, for the workload as it is now', async () => {
    const { rollBack, ordered } = underTest([WEB]);
    expect(await rollBack({ reason: 'broken' })).toEqual({
      kind: 'settled',
      plan: PLAN,
      outcome: { kind: 'done', request: DONE },
    });
    expect(ordered).toMatchObject([
      {
        workload: { annotations: { 'headwind.sh/update-history': HISTORY } },
        toImage: 'nginx:1.25.0',
        undoes: ['up'],
        identity: 'ann',
        reason: 'broken',
      },
    ]);
  });

  it.each<[string, readonly UpdateRequest[]]>([
    ['at all', []],
    ['to be completed', [{ ...UP, status: { phase: 'Pending' } }]],
  ])('takes back what the watch has not told of yet %s', async (_, watched) => {
    const { rollBack, ordered } = underTest([WEB], undefined, watched);
    await rollBack();
    expect(ordered).toMatchObject([{ undoes: ['up'] }]);
  });

  it('asks for no more than it can take back, whatever somebody wrote into the history', async () => {
    const timestamp = '2026-01-01T11:00:00Z';
    const entries = Array.from({ length: 100 }, (__, index) => ({
      container: index % 2 === 0 ? 'web' : 'other',
      image: `nginx:1.26.${index}`,
      timestamp,
      updateRequestName: `up-${index}`,
    }));
    const annotations = { ...WEB.annotations, 'headwind.sh/update-history': formatHistory(entries) };
    const { rollBack, fetched } = underTest([WEB], () => ({ ...WEB, annotations }));
    await rollBack();
    expect(fetched).toEqual(Array.from({ length: 10 }, (__, index) => `up-${index * 2}`));
  });

  it('is only planned in a dry run', async () => {
    const { rollBack, ordered } = underTest([WEB]);
    expect(await rollBack({ dryRun: true })).toEqual({ kind: 'planned', plan: PLAN });
    expect(ordered).toEqual([]);
  });

  const daemons = aWorkload({ kind: 'DaemonSet', artifacts: RUNS });

  it('needs the kind where several workloads have the name', async () => {
    const { rollBack, rollbacks } = underTest([WEB, daemons]);
    const several = { kind: 'several-kinds', kinds: ['Deployment', 'DaemonSet'] };
    expect(await rollBack()).toEqual(several);
    expect(await rollbacks.history(SHOP_WEB)).toEqual(several);
    expect(await rollBack({ workload: { ...SHOP_WEB, kind: 'DaemonSet' } })).toMatchObject({
      kind: 'settled',
      plan: { workload: { kind: 'DaemonSet' } },
    });
  });

  it.each<[string, readonly Workload[], ((key: string) => Workload | undefined) | undefined]>([
    ['that nobody knows', [], undefined],
    ['of another kind', [daemons], undefined],
    ['that is gone', [WEB], () => undefined],
    ['that has just lost its policy', [WEB], () => ({ ...WEB, annotations: {} })],
  ])('finds no workload %s', async (_name, known, read) => {
    const { rollBack, ordered } = underTest(known, read);
    const workload = { ...SHOP_WEB, kind: 'Deployment' } as const;
    expect(await rollBack({ workload })).toEqual({ kind: 'no-workload' });
    expect(ordered).toEqual([]);
  });

  it('is refused where the history has no such version', async () => {
    const { rollBack, ordered } = underTest([WEB]);
    expect(await rollBack({ wish: { index: 2 } })).toMatchObject({
      kind: 'refused',
      workload: PLAN.workload,
      refusal: { kind: 'no-entry' },
    });
    expect(ordered).toEqual([]);
  });
});

it('a history is read afresh, and numbered by what runs', async () => {
  expect(await underTest([WEB]).rollbacks.history(SHOP_WEB)).toMatchObject({
    kind: 'found',
    workload: PLAN.workload,
    containers: [{ container: 'web', image: 'nginx:1.26.0' }],
    entries: [
      { image: 'nginx:1.26.0', index: 0 },
      { image: 'nginx:1.25.0', index: 1 },
    ],
  });
});
