import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aContainer, aRequest, aWorkload, NOON } from '../../test/builders.ts';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { aVerification } from '../../test/rollouts.ts';
import type { Phase, UpdateRequest } from '../core/update-request.ts';
import type { Workload } from '../core/workload.ts';
import { createAutomaticRollback, type RollbackProgress } from './automatic-rollback.ts';

const verification = aVerification({ outcome: 'RollingBack' });
const failed = aRequest({ name: 'failed', status: { phase: 'Completed', verification } });

function aWatched(image = 'nginx:1.26.0', annotations: Record<string, string> = {}): Workload {
  return aWorkload({
    artifacts: [aContainer({ image })],
    annotations: { 'headwind.sh/auto-rollback': 'true', ...annotations },
  });
}

/** A rollback of `failed` in some phase, which it reached this many seconds before noon. */
function aRollback(
  phase: Phase,
  { ago = 0, name = 'back', by = 'headwind-auto-rollback' } = {},
): UpdateRequest {
  return aRequest({
    name,
    spec: { currentImage: 'nginx:1.26.0', newImage: 'nginx:1.25.0', rollback: true, undoes: ['failed'] },
    status: {
      phase,
      message: 'what happened',
      lastUpdated: new Date(NOON - ago * 1000).toISOString(),
      ...(phase === 'Pending' || phase === 'Expired' ? {} : { approvedBy: by }),
    },
  });
}

interface Bench {
  readonly ensure: () => Promise<RollbackProgress>;
  /** What was begun: `<image> <attempt>`. */
  readonly begun: string[];
}

function aBench(rollbacks: readonly UpdateRequest[], workload = aWatched()): Bench {
  const begun: string[] = [];
  const automatic = createAutomaticRollback({
    clock: new FakeClock(NOON),
    requests: { ofArtifact: () => [failed, ...rollbacks] },
    applier: { read: () => Promise.resolve(workload) },
    rollbacks: {
      begin({ toImage, attempt }) {
        begun.push(`${toImage} ${attempt}`);
        return Promise.resolve(aRollback('Approved'));
      },
    },
  });
  return { begun, ensure: () => automatic.ensure(failed, verification) };
}

describe('a failed rollout', () => {
  it.each<[string, UpdateRequest[], string[]]>([
    ['is rolled back to what stands in its request', [], ['nginx:1.25.0 0']],
    ['is not rolled back twice', [aRollback('Approved')], []],
    ['has its rollback approved where that was interrupted', [aRollback('Pending')], ['nginx:1.25.0 0']],
    ['is tried again at once where nobody came to approve it', [aRollback('Expired')], ['nginx:1.25.0 1']],
    ['is tried again a minute after a failure', [aRollback('Failed', { ago: 61 })], ['nginx:1.25.0 1']],
    ['is not tried again before that', [aRollback('Failed', { ago: 30 })], []],
    ['nor where clocks differ by a few seconds', [aRollback('Failed', { ago: -5 })], []],
    [
      'is tried again where the failure was written down by a clock that was wrong',
      [aRollback('Failed', { ago: -3600 })],
      ['nginx:1.25.0 1'],
    ],
    [
      'is tried again after longer pauses each time',
      [aRollback('Failed', { ago: 900, name: 'b0' }), aRollback('Failed', { ago: 200, name: 'b1' })],
      [],
    ],
    ['waits for what a person is rolling back', [aRollback('Approved', { by: 'ann' })], []],
  ])('%s', async (_, rollbacks, expected) => {
    const { begun, ensure } = aBench(rollbacks);
    expect((await ensure()).kind).not.toBe('given-up');
    expect(begun).toEqual(expected);
  });

  it.each<[string, UpdateRequest[], Workload, object]>([
    [
      'where somebody has changed the image',
      [],
      aWatched('nginx:2'),
      { outcome: 'HandsOff', reason: 'ImageChanged' },
    ],
    [
      'where somebody has paused it',
      [],
      aWatched('nginx:1.26.0', { 'headwind.sh/paused': 'true' }),
      { outcome: 'HandsOff', reason: 'Paused' },
    ],
    ['where its rollback was dropped', [aRollback('Superseded')], aWatched(), { outcome: 'HandsOff' }],
    [
      'where its rollback failed again and again',
      [0, 1, 2, 3].map((n) => aRollback('Failed', { name: `b${n}`, ago: 5000 - n })),
      aWatched(),
      { outcome: 'Unhealthy', reason: 'RollbackFailed' },
    ],
    [
      'where its rollback failed and somebody has changed the image since',
      [aRollback('Failed', { ago: 120 })],
      aWatched('nginx:2'),
      { outcome: 'HandsOff', reason: 'ImageChanged' },
    ],
  ])('is left alone %s', async (_, rollbacks, workload, expected) => {
    const { begun, ensure } = aBench(rollbacks, workload);
    const progress = await ensure();
    const end = progress.kind === 'given-up' ? progress.end : undefined;
    expect({ outcome: end?.verification.outcome, reason: end?.condition.reason }).toMatchObject(expected);
    expect(begun).toEqual([]);
  });

  it('never has two rollbacks at a time, nor another after one that was done or dropped', async () => {
    const phases = fc.constantFrom<Phase>('Pending', 'Approved', 'Failed', 'Expired', 'Superseded');
    await fc.assert(
      fc.asyncProperty(fc.array(phases, { maxLength: 5 }), async (ended) => {
        const rollbacks = ended.map((phase, n) => aRollback(phase, { name: `b${n}`, ago: 5000 - n }));
        const { begun, ensure } = aBench(rollbacks);
        await ensure();
        const isDecided = ended.includes('Approved') || ended.at(-1) === 'Superseded';
        expect(begun.length).toBeLessThanOrEqual(isDecided ? 0 : 1);
      }),
    );
  });
});
