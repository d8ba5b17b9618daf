import { describe, expect, it } from 'vitest';
import { aContainer, aRequest, aWorkload } from '../../test/builders.ts';
import { takenOver } from './taken-over.ts';
import type { Workload } from './workload.ts';

const applied = aRequest({ status: { phase: 'Completed' } });

type Change = Parameters<typeof aWorkload>[0];
function aWatched({ annotations, ...change }: NonNullable<Change> = {}): Workload {
  return aWorkload({
    artifacts: [aContainer({ image: 'nginx:1.26.0' })],
    ...change,
    annotations: { 'headwind.sh/auto-rollback': 'true', ...annotations },
  });
}

describe('somebody has taken over', () => {
  const { 'headwind.sh/policy': _, ...unannotated } = aWatched().annotations;
  it.each<[string, Workload | undefined, string]>([
    ['by deleting the workload', undefined, 'WorkloadGone'],
    ['by taking its policy away', { ...aWatched(), annotations: unannotated }, 'WorkloadGone'],
    ['by taking the container away', aWatched({ artifacts: [] }), 'ImageChanged'],
    ['by setting another image', aWatched({ artifacts: [aContainer({ image: 'nginx:1' })] }), 'ImageChanged'],
    ['by a pause', aWatched({ annotations: { 'headwind.sh/paused': 'true' } }), 'Paused'],
    ['by a pause that cannot be read', aWatched({ annotations: { 'headwind.sh/paused': 'oui' } }), 'Paused'],
    [
      'by switching rollbacks off',
      aWatched({ annotations: { 'headwind.sh/auto-rollback': 'false' } }),
      'AutoRollbackOff',
    ],
  ])('%s', (_, workload, reason) => {
    expect(takenOver({ request: applied, workload, siblings: [] })).toMatchObject({ reason });
  });

  it('by deleting the workload and making another of the same name', () => {
    const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'another' };
    const request = { ...applied, metadata: { ...applied.metadata, ownerReferences: [owner] } };
    expect(takenOver({ request, workload: aWatched(), siblings: [] })?.reason).toBe('WorkloadGone');
  });

  it('who is Headwind itself, with the next update', () => {
    const next = aRequest({
      name: 'next',
      spec: { newImage: 'nginx:1.27.0' },
      status: { phase: 'Completed' },
    });
    const workload = aWatched({ artifacts: [aContainer({ image: 'nginx:1.27.0' })] });
    expect(takenOver({ request: applied, workload, siblings: [next] })).toEqual({
      reason: 'Superseded',
      message: 'UpdateRequest next has brought nginx:1.27.0 since',
    });
  });
});

it('nobody has taken over where it is only not known what a release runs', () => {
  const chart = {
    type: 'chart',
    name: '',
    image: '',
    release: { setIn: 'source', unresolved: true },
  } as const;
  expect(
    takenOver({ request: applied, workload: aWatched({ artifacts: [chart] }), siblings: [] }),
  ).toBeUndefined();
});

it('nobody has taken over while the workload runs what the update brought', () => {
  expect(takenOver({ request: applied, workload: aWatched(), siblings: [] })).toBeUndefined();
});
