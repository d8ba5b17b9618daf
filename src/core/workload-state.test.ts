import { describe, expect, it } from 'vitest';
import type { BlockerCode } from './blocker.ts';
import { artifactState, workloadState, type ArtifactFindings } from './workload-state.ts';

const REST: ArtifactFindings = { blockers: [], hasOpenRequest: false, hasHold: false, runsDecided: false };

function by(...codes: readonly BlockerCode[]): Pick<ArtifactFindings, 'blockers'> {
  return { blockers: codes.map((code) => ({ code, message: code })) };
}

describe('an artifact', () => {
  it.each([
    ['of which nothing was heard', {}, 'unknown'],
    ['that runs the newest version', by('up-to-date'), 'current'],
    ['that runs what was decided for it', { runsDecided: true }, 'current'],
    ['with an open request', { ...by('awaiting-approval'), hasOpenRequest: true }, 'open'],
    ['whose newest version policy keeps away', by('policy'), 'blocked'],
    ['whose registry cannot be asked', by('registry-auth'), 'blocked'],
    ['of a workload without a policy', by('policy-none'), 'blocked'],
    ['with a rejected version', { ...by('up-to-date'), hasHold: true }, 'held'],
    ['that was kept from a rejected version', by('held'), 'held'],
    ['that is paused with an open request', { ...by('paused'), hasOpenRequest: true }, 'paused'],
    ['with an annotation that cannot be read, and paused', by('paused', 'invalid-annotation'), 'invalid'],
    ['whose image cannot be read', by('invalid-image', 'not-selected'), 'invalid'],
    ['that has to wait after an update', by('up-to-date', 'min-update-interval'), 'current'],
    ['that is left out', by('not-selected', 'paused'), undefined],
  ] as const)('%s', (_, findings, state) => {
    expect(artifactState({ ...REST, ...findings })).toBe(state);
  });
});

describe('a workload', () => {
  it.each([
    [['current', 'open', 'blocked'], 'open'],
    [['current', undefined], 'current'],
    [['unknown', 'current'], 'unknown'],
    [[undefined], 'blocked'],
    [[], 'blocked'],
  ] as const)('of which the artifacts are %j is %s', (states, state) => {
    expect(workloadState(states)).toBe(state);
  });
});
