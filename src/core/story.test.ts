import { describe, expect, it } from 'vitest';
import { aRequest } from '../../test/builders.ts';
import { storyOf } from './story.ts';
import type { UpdateRequestStatus } from './update-request.ts';

const titles = (status: Partial<UpdateRequestStatus>): readonly string[] =>
  storyOf(aRequest({ status: { phase: 'Pending', ...status } })).map(({ title }) => title);

const LATER = '2026-01-10T12:05:00Z';

describe('the story of a request', () => {
  it.each<[string, Partial<UpdateRequestStatus>, string]>([
    [
      'approved by a person',
      { phase: 'Approved', approvedBy: 'alice', approvedAt: LATER },
      'Approved by alice',
    ],
    [
      'approved by policy',
      { phase: 'Approved', approvedBy: 'policy', approvedAt: LATER },
      'Approved by policy',
    ],
    ['applied', { phase: 'Completed', startedAt: LATER }, 'Workload patched'],
    ['rejected', { phase: 'Rejected', rejectedBy: 'bob', rejectedAt: LATER }, 'Rejected by bob'],
    ['failed', { phase: 'Failed', lastUpdated: LATER }, 'Failed'],
    ['rolled back', { phase: 'RolledBack', lastUpdated: LATER }, 'Rolled back'],
    ['superseded', { phase: 'Superseded', lastUpdated: LATER }, 'Superseded'],
    ['expired', { phase: 'Expired', lastUpdated: LATER }, 'Expired'],
  ])('tells that it was %s', (_, status, title) => {
    expect(titles(status).at(-1)).toBe(title);
  });

  it.each([
    ['True', 'Rollout healthy'],
    ['False', 'Rollout unhealthy'],
    ['Unknown', 'Rollout under watch'],
  ] as const)('tells of its health: %s', (status, title) => {
    const condition = { type: 'Healthy', status, reason: 'R', message: 'because', lastTransitionTime: LATER };
    expect(titles({ phase: 'Completed', startedAt: LATER, conditions: [condition] }).at(-1)).toBe(title);
  });

  it('tells what an approved one waits for', () => {
    const condition = {
      type: 'Applied',
      status: 'False' as const,
      reason: 'Paused',
      message: 'headwind.sh/paused is "true"',
      lastTransitionTime: LATER,
    };
    const story = storyOf(
      aRequest({ status: { phase: 'Approved', approvedAt: LATER, conditions: [condition] } }),
    );
    expect(story.at(-1)).toMatchObject({ what: 'waits', detail: condition.message });
  });

  it('begins with where it came from and what the registry said', () => {
    expect(titles({})).toHaveLength(2);
  });
});
