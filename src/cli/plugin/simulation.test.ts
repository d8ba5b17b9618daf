import { describe, expect, it } from 'vitest';
import { aChart, aContainer, aRelease, aRequest, aWorkload, NOON } from '../../../test/builders.ts';
import type { Confirmation } from '../../core/decision.ts';
import { formatHistory } from '../../core/history.ts';
import type { UpdateRequest } from '../../core/update-request.ts';
import type { Workload } from '../../core/workload.ts';
import { describeAccepted, describeHandling } from './accepts.ts';
import { simulateList, simulatePush, type Situation } from './simulation.ts';

const UNATTENDED = { 'headwind.sh/require-approval': 'false' };
const NOT_ASKED: Confirmation = { outcome: 'not-asked' };

function aSituation(
  workload: Workload,
  requests: readonly UpdateRequest[] = [],
  confirmation: Confirmation = NOT_ASKED,
): Situation {
  const [artifact = aContainer()] = workload.artifacts;
  return { workload, artifact, requests, nowMs: NOON, confirm: () => Promise.resolve(confirmation) };
}

const codes = ({ blockers }: { readonly blockers: readonly { code: string }[] }): readonly string[] =>
  blockers.map(({ code }) => code);

describe('a push', () => {
  it('waits for approval unless the workload says otherwise', async () => {
    const waits = await simulatePush(aSituation(aWorkload()), '1.26.0');
    expect(waits).toEqual({
      by: 'webhook',
      candidate: '1.26.0',
      outcome: 'approval',
      newImage: 'nginx:1.26.0',
      verified: false,
      blockers: [],
      supersedes: [],
    });
    const applied = await simulatePush(aSituation(aWorkload({ annotations: UNATTENDED })), '1.26.0');
    expect(applied.outcome).toBe('applied');
  });

  it.each<[string, Workload, string, string]>([
    ['the policy does not admit', aWorkload(), '2.0.0', 'policy'],
    ['is older', aWorkload(), '1.24.0', 'up-to-date'],
    [
      'nobody listens to',
      aWorkload({ annotations: { 'headwind.sh/event-source': 'polling' } }),
      '1.26.0',
      'event-source',
    ],
    [
      'meets policy none',
      aWorkload({ annotations: { 'headwind.sh/policy': 'none' } }),
      '1.26.0',
      'policy-none',
    ],
    [
      'meets annotations that cannot be read',
      aWorkload({ annotations: { 'headwind.sh/policy': 'monor' } }),
      '1.26.0',
      'invalid-annotation',
    ],
  ])('that %s changes nothing', async (_name, workload, tag, code) => {
    const answer = await simulatePush(aSituation(workload), tag);
    expect(answer.outcome).toBe('stays');
    expect(codes(answer)).toContain(code);
  });

  it('of what was rejected changes nothing', async () => {
    const rejected = aRequest({ status: { phase: 'Rejected', rejectedBy: 'ann' } });
    const answer = await simulatePush(aSituation(aWorkload(), [rejected]), '1.26.0');
    expect([answer.outcome, codes(answer)]).toEqual(['stays', ['held']]);
  });

  it('takes the place of an open request for less', async () => {
    const open = aRequest({ name: 'open' });
    const answer = await simulatePush(aSituation(aWorkload(), [open]), '1.27.0');
    expect(answer).toMatchObject({ outcome: 'approval', supersedes: ['open'] });
  });

  it('is applied when the minimum interval is over, and tells when that is', async () => {
    const annotations = { ...UNATTENDED, 'headwind.sh/last-update': '2026-01-01T11:58:00Z' };
    const answer = await simulatePush(aSituation(aWorkload({ annotations })), '1.26.0');
    expect(answer.outcome).toBe('waits');
    expect(answer.blockers).toMatchObject([{ code: 'min-update-interval', liftsAt: '2026-01-01T12:03:00Z' }]);
  });

  it('waits while the workload is paused', async () => {
    const annotations = { ...UNATTENDED, 'headwind.sh/paused': 'true' };
    const answer = await simulatePush(aSituation(aWorkload({ annotations })), '1.26.0');
    expect([answer.outcome, codes(answer)]).toEqual(['waits', ['paused']]);
  });

  it('goes on with a rollout that another container began', async () => {
    const history = formatHistory([
      { container: 'x', image: 'nginx:1.26.0', timestamp: '2026-01-01T11:59:00Z' },
    ]);
    const annotations = {
      ...UNATTENDED,
      'headwind.sh/last-update': '2026-01-01T11:59:00Z',
      'headwind.sh/update-history': history,
    };
    const answer = await simulatePush(aSituation(aWorkload({ annotations })), '1.26.0');
    expect(answer.outcome).toBe('applied');
  });

  it('is believed or not as the registry says', async () => {
    const found = { outcome: 'found', digest: `sha256:${'a'.repeat(64)}` } as const;
    expect(await simulatePush(aSituation(aWorkload(), [], found), '1.26.0')).toMatchObject({
      verified: true,
    });
    const missing = { outcome: 'missing', message: 'no such tag' } as const;
    const answer = await simulatePush(aSituation(aWorkload(), [], missing), '1.26.0');
    expect([answer.outcome, codes(answer)]).toEqual(['stays', ['tag-missing']]);
  });

  it('cannot move a pinned image while its digest is not known', async () => {
    const image = `nginx:1.25.0@sha256:${'a'.repeat(64)}`;
    const workload = aWorkload({ artifacts: [aContainer({ image })] });
    const answer = await simulatePush(aSituation(workload), '1.26.0');
    expect([answer.outcome, codes(answer)]).toEqual(['stays', ['registry']]);
  });
});

describe('a list', () => {
  it.each<[string, Workload, string]>([
    [
      'as a poll would, where polling is heard',
      aWorkload({ annotations: { 'headwind.sh/event-source': 'both' } }),
      'polling',
    ],
    ['as a push of the best, where only webhooks are', aWorkload(), 'webhook'],
    ['as discovery would, for a chart', aRelease({ artifacts: [aChart()] }), 'discovery'],
  ])('is judged %s', async (_name, workload, by) => {
    const answer = await simulateList(aSituation(workload), [
      '1.24.0',
      '1.26.1',
      '1.26.0',
      '2.0.0',
      'latest',
    ]);
    expect(answer).toMatchObject({ by, candidate: '1.26.1', outcome: 'approval', newImage: 'nginx:1.26.1' });
  });

  it('that holds nothing newer changes nothing', async () => {
    const answer = await simulateList(aSituation(aWorkload()), ['1.25.0', '2.0.0']);
    expect(answer).toMatchObject({ outcome: 'stays', blockers: [{ code: 'up-to-date' }] });
    expect(answer.candidate).toBeUndefined();
  });

  it('does not try again at once what has just failed, where it is polled', async () => {
    const failed = aRequest({ status: { phase: 'Failed', lastUpdated: '2026-01-01T11:50:00Z' } });
    const both = aWorkload({ annotations: { 'headwind.sh/event-source': 'both' } });
    const answer = await simulateList(aSituation(both, [failed]), ['1.26.0']);
    expect(answer).toMatchObject({ outcome: 'stays', blockers: [{ code: 'not-before' }] });
    expect((await simulateList(aSituation(aWorkload(), [failed]), ['1.26.0'])).outcome).toBe('approval');
  });
});

describe('what an artifact accepts', () => {
  const accepted = (annotations: Record<string, string>, image = 'nginx:1.25.0'): string => {
    const artifact = aContainer({ image });
    return describeAccepted(aWorkload({ annotations, artifacts: [artifact] }), artifact);
  };
  it.each<[Record<string, string>, string, string]>([
    [{}, 'nginx:1.25.0', 'up to a minor change above 1.25.0'],
    [{}, 'nginx', 'nothing: latest'],
    [
      { 'headwind.sh/prerelease': 'true' },
      'nginx:1.25.0',
      'up to a minor change above 1.25.0, pre-releases too',
    ],
    [{ 'headwind.sh/pattern': '*-alpine' }, 'nginx:1-alpine', 'that matches *-alpine above 1-alpine'],
    [{ 'headwind.sh/policy': 'none' }, 'nginx:1.25.0', 'nothing'],
    [{ 'headwind.sh/event-source': 'none' }, 'nginx:1.25.0', 'nothing'],
    [{ 'headwind.sh/policy': 'x' }, 'nginx:1.25.0', 'nothing, until its annotations can be read'],
    [{ 'headwind.sh/policy': 'all' }, 'nginx:latest', 'any tag, when it is pushed'],
    [{ 'headwind.sh/policy': 'all' }, 'nginx:1', 'any tag above 1, and what has no order when it is pushed'],
    [
      { 'headwind.sh/policy': 'glob', 'headwind.sh/pattern': 'main-*' },
      'nginx:main-abc',
      'the newest tag that matches main-*, when it is pushed',
    ],
    [
      { 'headwind.sh/policy': 'force' },
      'nginx:latest',
      'any tag that is pushed, and new digests of the running tag',
    ],
  ])('%j at %s: %s', (annotations, image, expected) => {
    expect(accepted(annotations, image)).toContain(expected);
  });

  it('and what becomes of it', () => {
    expect(describeHandling(aWorkload())).toBe('a person approves');
    expect(describeHandling(aWorkload({ annotations: UNATTENDED }))).toBe(
      'applied at once, at most every 300 s',
    );
    const watched = {
      ...UNATTENDED,
      'headwind.sh/auto-rollback': 'true',
      'headwind.sh/min-update-interval': '0',
    };
    expect(describeHandling(aWorkload({ annotations: watched }))).toBe(
      'applied at once, watched and taken back if it fails',
    );
  });
});
