import { describe, expect, it } from 'vitest';
import { aContainer, aRequest, NOON } from '../../test/builders.ts';
import {
  aBaseline,
  aContainerState,
  anUnreadyPod,
  aPod,
  aRollout,
  aVerification,
  aWaitingContainer,
} from '../../test/rollouts.ts';
import type { PodRollout } from './rollout.ts';
import type { UpdateRequest, Verification } from './update-request.ts';
import { baselineOf, isPlanned, planVerification } from './verification-plan.ts';

describe('how a workload is before an update', () => {
  const crashing = anUnreadyPod(aWaitingContainer('CrashLoopBackOff'));

  it.each<[string, Partial<PodRollout>, object]>([
    ['healthy', {}, { healthy: true, missing: 0 }],
    ['unhealthy, with failing pods that are missed', { readyInAll: 0, pods: [crashing] }, { healthy: false }],
    [
      'not unhealthy for being slow',
      { readyInAll: 0, pods: [anUnreadyPod()] },
      { healthy: true, missing: 1 },
    ],
    [
      'not unhealthy for restarts of long ago',
      { pods: [aPod({ containers: [aContainerState({ restarts: 40 })] })] },
      { healthy: true, restarts: { 'uid-of-web-1/web': 40 } },
    ],
    ['with a node missing for long', { desired: 10, readyInAll: 9 }, { healthy: true, missing: 1 }],
    ['scaled to zero', { desired: 0, readyInAll: 0, pods: [] }, { healthy: true, missing: 0 }],
  ])('is %s', (_, change, expected) => {
    expect(baselineOf(aRollout(change), NOON)).toMatchObject(expected);
  });

  it('is, of a release, what Flux says', () => {
    const release = { type: 'release', observed: true, suspended: false } as const;
    const ready = { status: 'False', reason: 'UpgradeFailed', message: 'timed out' };
    expect(baselineOf({ ...release, ready }, NOON)).toMatchObject({ healthy: false });
    expect(baselineOf(release, NOON)).toMatchObject({ healthy: true });
  });
});

describe('what a rollback would restore', () => {
  const fresh = aBaseline({ message: 'as it is now' });
  const inherited = aBaseline({ message: 'as it was at first' });

  /** The update from 1.25.0 to 1.26.0, whose watch has come to this. */
  function before(verification: Partial<Verification> | undefined, change: object = {}): UpdateRequest {
    const watch = verification === undefined ? {} : { verification: aVerification(verification) };
    return aRequest({
      name: 'before',
      ...change,
      status: { phase: 'Completed', startedAt: '2026-01-01T11:00:00Z', ...watch },
    });
  }

  const plan = (...others: readonly UpdateRequest[]): Verification =>
    planVerification({ artifact: aContainer({ image: 'nginx:1.26.0' }), others, baseline: fresh });

  it.each<[string, UpdateRequest[], string, string]>([
    ['is what runs', [], 'nginx:1.26.0', 'as it is now'],
    ['is what runs, if nobody watched over it', [before(undefined)], 'nginx:1.26.0', 'as it is now'],
    [
      'is what runs, if it was found healthy',
      [before({ outcome: 'Healthy', baseline: inherited })],
      'nginx:1.26.0',
      'as it is now',
    ],
    [
      'is what runs, if a person has taken over',
      [before({ outcome: 'HandsOff', baseline: inherited })],
      'nginx:1.26.0',
      'as it is now',
    ],
    [
      'is what ran before that, if it is still being watched',
      [before({ baseline: inherited })],
      'nginx:1.25.0',
      'as it was at first',
    ],
    [
      'is what ran before that, if it is about to be taken back',
      [before({ outcome: 'RollingBack', baseline: inherited })],
      'nginx:1.25.0',
      'as it was at first',
    ],
    [
      'is what ran before that, if it was found wanting and stayed',
      [before({ outcome: 'Unhealthy', baseline: inherited })],
      'nginx:1.25.0',
      'as it was at first',
    ],
    [
      'is what runs, while the baseline is that of another container whose rollout is under way',
      [before({ baseline: inherited }, { spec: { containerName: 'proxy', newImage: 'envoy:2' } })],
      'nginx:1.26.0',
      'as it was at first',
    ],
  ])('%s', (_, others, restoreImage, message) => {
    const planned = plan(...others);
    expect([planned.restoreImage, planned.baseline.message]).toEqual([restoreImage, message]);
  });
});

describe('a baseline', () => {
  const approved = (at: string): UpdateRequest =>
    aRequest({ status: { phase: 'Approved', verification: aVerification({ baseline: aBaseline({ at }) }) } });

  it('is taken again where the update had to wait after it', () => {
    expect(isPlanned(aRequest(), NOON)).toBe(false);
    expect(isPlanned(approved('2026-01-01T11:59:30Z'), NOON)).toBe(true);
    expect(isPlanned(approved('2026-01-01T11:50:00Z'), NOON)).toBe(false);
  });
});
