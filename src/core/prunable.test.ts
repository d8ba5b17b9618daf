import { describe, expect, it } from 'vitest';
import { aRequest, NOON } from '../../test/builders.ts';
import { aVerification } from '../../test/rollouts.ts';
import { prunable } from './prunable.ts';
import type { Phase, UpdateRequest } from './update-request.ts';

const DAY_MS = 86_400_000;

/** A request that finished some days before noon, and was proposed some milliseconds into that second. */
function finished(name: string, daysAgo: number, phase: Phase = 'Completed', proposedMs = 0): UpdateRequest {
  const lastUpdated = new Date(NOON - daysAgo * DAY_MS).toISOString();
  const proposedAt = new Date(NOON - daysAgo * DAY_MS + proposedMs).toISOString();
  return aRequest({
    name,
    annotations: { 'headwind.sh/proposed-at': proposedAt },
    status: { phase, lastUpdated },
  });
}

const prunedOf = (requests: readonly UpdateRequest[], keepPerArtifact: number): readonly string[] =>
  prunable(requests, { retentionMs: 7 * DAY_MS, keepPerArtifact }, NOON).map(({ metadata }) => metadata.name);

describe("what need not be kept of an artifact's requests", () => {
  it('is what finished longer ago than the retention and is not among the last ones', () => {
    const requests = [finished('old', 9), finished('older', 10), finished('young', 6), finished('new', 1)];
    expect(prunedOf(requests, 3)).toEqual(['older']);
    expect(prunedOf(requests, 0)).toEqual(['old', 'older']);
  });

  it('is never an open one or a hold, however old', () => {
    const phases = ['Pending', 'Approved', 'Rejected', 'RolledBack'] as const;
    expect(
      prunedOf(
        phases.map((phase) => finished(phase, 1000, phase)),
        0,
      ),
    ).toEqual([]);
  });

  it('is never one whose rollout is being watched', () => {
    const watched = finished('watched', 1000);
    const request = { ...watched, status: { ...watched.status, verification: aVerification() } };
    expect(prunedOf([request], 0)).toEqual([]);
  });

  it('is a hold that has been outgrown by an applied version, but not under force', () => {
    const held = finished('held', 1000, 'Rejected');
    const newer = finished('newer', 1);
    const applied = { ...newer, spec: { ...newer.spec, newImage: 'nginx:1.27.0' } };
    expect(prunedOf([held, applied], 1)).toEqual(['held']);
    const forced = { ...held, spec: { ...held.spec, policy: 'force' as const } };
    expect(prunedOf([forced, applied], 1)).toEqual([]);
  });

  it('is, of several that finished within one second, the one that was proposed first', () => {
    const requests = [1, 4, 2, 5, 3].map((n) => finished(`n${n}`, 8, 'Completed', n));
    expect(prunedOf(requests, 2)).toEqual(['n3', 'n2', 'n1']);
  });

  it('is one that somebody is still to be told of, a day later', () => {
    const notifications = [{ event: 'update_completed', at: '2026-01-01T00:00:00Z', owed: ['slack'] }];
    const owing = (name: string, daysAgo: number): UpdateRequest => {
      const request = finished(name, daysAgo);
      return { ...request, status: { ...request.status, notifications } };
    };
    expect(prunedOf([owing('just', 7.5), owing('long', 8.5), finished('told', 7.5)], 0)).toEqual([
      'told',
      'long',
    ]);
  });

  it('is every one but the last hundred, however young', () => {
    const requests = Array.from({ length: 103 }, (_, n) => finished(`n${n}`, 0, 'Completed', n));
    expect(prunedOf(requests, 10)).toEqual(['n2', 'n1', 'n0']);
  });
});
