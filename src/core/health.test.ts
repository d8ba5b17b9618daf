import { describe, expect, it } from 'vitest';
import { NOON } from '../../test/builders.ts';
import { aContainerState, anUnreadyPod, aPod, aRollout, aWaitingContainer } from '../../test/rollouts.ts';
import { judgePods, restartKey, type Verdict } from './health.ts';
import type { PodRollout } from './rollout.ts';

function judge(change: Partial<PodRollout>, restartsBefore: Record<string, number> = {}): Verdict {
  return judgePods(aRollout(change), { restartsBefore, nowMs: NOON });
}

const CRASHED = { lastExit: { code: 1, reason: 'Error' } };

describe('a rollout is healthy', () => {
  it.each<[string, Partial<PodRollout>]>([
    ['with all new pods ready', {}],
    ['scaled to zero, whatever is left of its pods', { desired: 0, pods: [anUnreadyPod()] }],
    ['with its last pods on their way out', { pods: [aPod(), { ...anUnreadyPod(), leaving: true }] }],
    [
      'with a restart or two long enough ago',
      { pods: [aPod({ containers: [aContainerState({ restarts: 2, runningSinceMs: NOON - 60_000 })] })] },
    ],
    [
      'with a restarted container on a node whose clock is ahead',
      { pods: [aPod({ containers: [aContainerState({ restarts: 3, runningSinceMs: NOON + 60_000 })] })] },
    ],
    ['with the pods above the partition ready', { desired: 3, partition: 2 }],
    ['whose controller once ran out of time, now that all pods are ready', { deadlineExceeded: 'too late' }],
  ])('%s', (_, change) => {
    expect(judge(change).health).toBe('healthy');
  });

  it('has to stay so for ten seconds, or for minReadySeconds if that is longer', () => {
    expect(judge({})).toMatchObject({ settleMs: 10_000 });
    expect(judge({ minReadyMs: 30_000 })).toMatchObject({ settleMs: 30_000 });
  });

  it('has to stay so for longer than what crashed before had lasted', () => {
    const survivor = aContainerState({ restarts: 2, runningSinceMs: NOON - 20_000, lastRunMs: 45_000 });
    expect(judge({ pods: [aPod({ containers: [survivor] })] })).toMatchObject({ settleMs: 55_000 });
    const ancient = aContainerState({ restarts: 2, lastRunMs: 86_400_000 });
    expect(judge({ pods: [aPod({ containers: [ancient] })] })).toMatchObject({ settleMs: 300_000 });
  });

  it('scaled to zero has nothing to settle', () => {
    expect(judge({ desired: 0 })).toMatchObject({ settleMs: 0 });
  });
});

describe('a rollout is failing', () => {
  it.each([
    'CrashLoopBackOff',
    'ImagePullBackOff',
    'ErrImagePull',
    'InvalidImageName',
    'CreateContainerError',
    'CreateContainerConfigError',
    'RunContainerError',
  ])('with a container in %s, though the old pods are ready and most of the new ones too', (reason) => {
    const pods = [aPod({ name: 'web-1' }), anUnreadyPod(aWaitingContainer(reason))];
    expect(judge({ desired: 3, readyInAll: 3, pods })).toMatchObject({
      health: 'failing',
      reason,
      containers: ['web'],
    });
  });

  it('with an init container in trouble', () => {
    const init = aWaitingContainer('CrashLoopBackOff', { name: 'migrate', restarts: 3, ...CRASHED });
    const pods = [anUnreadyPod(init, aWaitingContainer('PodInitializing'))];
    expect(judge({ pods })).toMatchObject({
      reason: 'CrashLoopBackOff',
      containers: ['migrate'],
      message: 'Container migrate of pod web-1: CrashLoopBackOff: it ended with exit code 1 (Error)',
    });
  });

  it('with more than five restarts, though it is ready for now', () => {
    const pods = [aPod({ containers: [aContainerState({ restarts: 6 })] })];
    expect(judge({ pods })).toMatchObject({ health: 'failing', reason: 'TooManyRestarts' });
  });

  it('between two crashes too, while the container runs for a moment', () => {
    const running = aContainerState({ ready: false, restarts: 2, runningSinceMs: NOON - 2_000, ...CRASHED });
    expect(judge({ pods: [anUnreadyPod(running)] })).toMatchObject({ reason: 'CrashLoopBackOff' });
    const ready = aContainerState({ restarts: 2, runningSinceMs: NOON - 2_000 });
    expect(judge({ pods: [aPod({ containers: [ready] })] })).toMatchObject({ reason: 'CrashLoopBackOff' });
  });

  it('when it has crashed the second time, before kubelet says what it makes of that', () => {
    const ended = aContainerState({ ready: false, restarts: 1, ended: true, ...CRASHED });
    expect(judge({ pods: [anUnreadyPod(ended)] })).toMatchObject({
      reason: 'CrashLoopBackOff',
      message: 'Container web of pod web-1: CrashLoopBackOff: it ended with exit code 1 (Error)',
    });
    const done = aContainerState({ name: 'migrate', restarts: 1, ended: true });
    expect(judge({ pods: [aPod({ containers: [done, aContainerState()] })] }).health).toBe('healthy');
  });

  it('where its controller says that it takes too long', () => {
    expect(judge({ pods: [anUnreadyPod()], deadlineExceeded: 'has timed out' })).toEqual({
      health: 'failing',
      reason: 'ProgressDeadlineExceeded',
      message: 'has timed out',
      containers: ['web'],
    });
  });

  it('in a pod that appeared under OnDelete, and in one above the partition', () => {
    const pods = [anUnreadyPod(aWaitingContainer('CrashLoopBackOff'))];
    expect(judge({ desired: 3, onDelete: true, pods }).health).toBe('failing');
    expect(judge({ desired: 3, partition: 2, pods }).health).toBe('failing');
  });
});

describe('restarts of long ago', () => {
  const restarted = aPod({ containers: [aContainerState({ restarts: 9 })] });

  it('do not count', () => {
    const before = { [restartKey(restarted, { name: 'web' })]: 9 };
    expect(judge({ pods: [restarted] }, before).health).toBe('healthy');
  });

  it('do not hide those since', () => {
    const before = { [restartKey(restarted, { name: 'web' })]: 3 };
    expect(judge({ pods: [restarted] }, before)).toMatchObject({
      message: 'Container web of pod web-1: TooManyRestarts: 6 restarts since the update',
    });
  });
});

describe('a rollout is progressing', () => {
  it.each<[string, Partial<PodRollout>, string]>([
    ['with no new pod yet', { pods: [] }, '0 of 1 new pods are ready'],
    ['with a pod that is starting', { pods: [anUnreadyPod()] }, '0 of 1 new pods are ready'],
    [
      'with a container that crashed once',
      { pods: [anUnreadyPod(aContainerState({ ready: false, restarts: 1, ...CRASHED }))] },
      '0 of 1 new pods are ready',
    ],
    [
      'with a pod that finds no node',
      { pods: [{ ...anUnreadyPod(), unschedulable: '0/3 nodes are available' }] },
      '0 of 1 new pods are ready; 0/3 nodes are available',
    ],
    [
      'with pods that may not be made',
      { pods: [], obstacle: 'exceeded quota' },
      '0 of 1 new pods are ready; exceeded quota',
    ],
  ])('%s', (_, change, message) => {
    expect(judge(change)).toEqual({ health: 'progressing', missing: 1, message });
  });

  it.each<[string, Partial<PodRollout>, string]>([
    ['because pods are replaced only when somebody deletes them', { onDelete: true }, 'OnDelete'],
    ['because the Deployment is paused', { paused: true, deadlineExceeded: 'late' }, 'DeploymentPaused'],
    ['because the partition spares all pods', { partition: 3 }, 'Partition'],
  ])('for good %s', (_, change, reason) => {
    const rollout = { desired: 3, readyInAll: 3, pods: [], ...change };
    expect(judge(rollout)).toMatchObject({ health: 'progressing', stalled: { reason } });
  });

  it('and not for good under OnDelete while a pod that was deleted is still starting', () => {
    const verdict = judge({ desired: 3, onDelete: true, pods: [anUnreadyPod()] });
    expect(verdict).toEqual({ health: 'progressing', missing: 3, message: '0 of 3 new pods are ready' });
  });
});

describe('nothing can be said', () => {
  it('before the controller has seen the new template, however its pods look', () => {
    const pods = [anUnreadyPod(aWaitingContainer('CrashLoopBackOff'))];
    expect(judge({ observed: false, pods, desired: 0 }).health).toBe('unseen');
  });
});
