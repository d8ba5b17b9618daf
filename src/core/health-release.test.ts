import { expect, it } from 'vitest';
import { judgeRelease } from './health-release.ts';
import type { ReleaseRollout } from './rollout.ts';

function aRelease(change: Partial<ReleaseRollout> = {}): ReleaseRollout {
  return {
    type: 'release',
    observed: true,
    suspended: false,
    ready: { status: 'True', reason: 'UpgradeSucceeded', message: 'Helm upgrade succeeded' },
    attemptedVersion: '1.3.0',
    installedVersion: '1.3.0',
    ...change,
  };
}

const failed = (reason: string): ReleaseRollout['ready'] & object => ({
  status: 'False',
  reason,
  message: 'timed out waiting for the condition',
});

it.each<[string, Partial<ReleaseRollout>, string]>([
  ['that is ready with the new version', {}, 'healthy'],
  ['whose version carries the digest of the chart', { installedVersion: '1.3.0+6f3a0b1c2d4e' }, 'healthy'],
  ['that is ready with the old version still', { installedVersion: '1.2.0' }, 'progressing'],
  ['whose upgrade failed', { ready: failed('UpgradeFailed'), installedVersion: '1.2.0' }, 'failing'],
  [
    'that Flux took back itself',
    { ready: failed('RollbackSucceeded'), installedVersion: '1.2.0' },
    'failing',
  ],
  [
    'whose earlier version failed, before the new one was tried',
    { ready: failed('UpgradeFailed'), attemptedVersion: '1.2.0' },
    'progressing',
  ],
  ['whose chart is not there yet', { ready: failed('ArtifactFailed') }, 'progressing'],
  [
    'that is being upgraded',
    { ready: { status: 'Unknown', reason: 'Progressing', message: 'Running upgrade' } },
    'progressing',
  ],
  ['that Flux has not looked at', { observed: false }, 'unseen'],
])('a release %s', (_, change, health) => {
  expect(judgeRelease(aRelease(change), '1.3.0').health).toBe(health);
});

it('a release that is suspended gets no new version, and going back would not either', () => {
  expect(judgeRelease(aRelease({ suspended: true }), '1.3.0')).toMatchObject({
    health: 'progressing',
    stalled: { reason: 'Suspended' },
  });
});
