import { describe, expect, it } from 'vitest';
import { aContainer, aRequest } from '../../test/builders.ts';
import { parseAnnotations } from './annotations.ts';
import { decide, proposalBlockers, toPolicyRule, type Confirmation, type ProposalInput } from './decision.ts';
import { parseImageReference } from './image-reference.ts';
import type { UpdateRequest } from './update-request.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const OTHER_DIGEST = `sha256:${'b'.repeat(64)}`;
const FOUND: Confirmation = { outcome: 'found', digest: DIGEST };

interface Case {
  readonly image?: string;
  readonly tag?: string;
  readonly source?: 'webhook' | 'polling';
  readonly annotations?: Record<string, string>;
  readonly requests?: readonly UpdateRequest[];
}

function inputOf({
  image = 'nginx:1.25.0',
  tag = '1.26.0',
  source = 'webhook',
  annotations,
  requests = [],
}: Case = {}): ProposalInput {
  const { settings, problems } = parseAnnotations({ 'headwind.sh/policy': 'minor', ...annotations });
  const artifact = aContainer({ image });
  const reference = parseImageReference(image);
  return {
    artifact,
    reference,
    settings,
    problems,
    rule: toPolicyRule(settings),
    candidate: { tag, source },
    requests,
  };
}

function codesOf(given: Case): readonly string[] {
  return proposalBlockers(inputOf(given)).map(({ code }) => code);
}

describe('what keeps a candidate from being proposed', () => {
  it('is nothing, when the policy admits it and nobody said no', () => {
    expect(codesOf({})).toEqual([]);
  });

  it.each<[string, Case, string]>([
    [
      'an annotation that cannot be read',
      { annotations: { 'headwind.sh/paused': 'maybe' } },
      'invalid-annotation',
    ],
    ['an image that cannot be read', { image: 'NGINX:1' }, 'invalid-image'],
    [
      'an images list that does not name it',
      { annotations: { 'headwind.sh/images': 'redis' } },
      'not-selected',
    ],
    ['policy none', { annotations: { 'headwind.sh/policy': 'none' } }, 'policy-none'],
    [
      'event source polling, for a webhook',
      { annotations: { 'headwind.sh/event-source': 'polling' } },
      'event-source',
    ],
    ['event source webhook, for a poll', { source: 'polling' }, 'event-source'],
    ['event source none', { annotations: { 'headwind.sh/event-source': 'none' } }, 'event-source'],
    ['a version that the policy forbids', { tag: '2.0.0' }, 'policy'],
    ['the version that runs', { tag: '1.25.0' }, 'up-to-date'],
    ['a current version without order', { image: 'nginx:latest' }, 'current-unversioned'],
    [
      'an open request for a higher version',
      { requests: [aRequest({ spec: { newImage: 'nginx:1.27.0' } })] },
      'newer-request',
    ],
    ['its rejection', { requests: [aRequest({ status: { phase: 'Rejected' } })] }, 'held'],
    ['its rollback', { requests: [aRequest({ status: { phase: 'RolledBack' } })] }, 'held'],
    [
      'somebody having taken it back by hand',
      { requests: [aRequest({ status: { phase: 'Completed' } })] },
      'held',
    ],
  ])('is %s', (_, given, code) => {
    expect(codesOf(given)).toContain(code);
  });

  it('names every invalid annotation with its value and what would be right', () => {
    const [blocker] = proposalBlockers(
      inputOf({ annotations: { 'headwind.sh/paused': 'maybe', 'headwind.sh/policy': 'mayor' } }),
    );
    expect(blocker?.message).toMatch(/headwind\.sh\/policy: "mayor".*/);
    expect(blocker?.message).toMatch(/headwind\.sh\/paused: "maybe".*/);
  });

  it.each([
    ['policy', 'minro'],
    ['event-source', 'carrier pigeon'],
    ['paused', 'perhaps'],
  ])('is, for an unreadable %s, that alone and not what stands in for it', (key, value) => {
    expect(codesOf({ annotations: { [`headwind.sh/${key}`]: value } })).toEqual(['invalid-annotation']);
  });

  it('is not a rejection that a person has released', () => {
    const released = aRequest({
      status: { phase: 'Rejected' },
      annotations: { 'headwind.sh/hold-released': 'true' },
    });
    expect(codesOf({ requests: [released] })).toEqual([]);
  });

  it('is not the rejection of another version', () => {
    expect(codesOf({ tag: '1.26.1', requests: [aRequest({ status: { phase: 'Rejected' } })] })).toEqual([]);
  });

  it('is not the pause or the minimum interval, which defer and do not drop', () => {
    const annotations = { 'headwind.sh/paused': 'true', 'headwind.sh/last-update': '2026-01-01T12:00:00Z' };
    expect(codesOf({ annotations })).toEqual([]);
  });
});

describe('Invariant 1: a payload is a hint', () => {
  const missing: Confirmation = { outcome: 'missing', message: 'no such tag' };
  const unavailable: Confirmation = { outcome: 'unavailable', message: 'timed out' };

  it.each([
    ['always', FOUND, 'update'],
    ['always', missing, 'tag-missing'],
    ['always', unavailable, 'registry'],
    ['auto', FOUND, 'update'],
    ['auto', missing, 'tag-missing'],
    ['auto', unavailable, 'update'],
    ['never', { outcome: 'not-asked' }, 'update'],
  ] as const)('under %s an answer %j leads to %s', (mode, confirmation, expected) => {
    const decision = decide(inputOf(), confirmation, mode);
    expect(decision.action === 'update' ? 'update' : decision.blockers[0]?.code).toBe(expected);
  });

  it('marks what the registry could not confirm', () => {
    const decision = decide(inputOf(), unavailable, 'auto');
    expect(decision).toMatchObject({ action: 'update', newDigest: undefined });
    expect(decision.action === 'update' && decision.reason).toMatch(/not verified: timed out/);
  });
});

describe('Invariant 6: spelling is kept', () => {
  it.each([
    ['nginx:1.25.0', 'nginx:1.26.0'],
    ['docker.io/library/nginx:1.25.0', 'docker.io/library/nginx:1.26.0'],
    ['index.docker.io/nginx:1.25.0', 'index.docker.io/nginx:1.26.0'],
    ['reg:5000/x/nginx:1.25.0', 'reg:5000/x/nginx:1.26.0'],
    [`reg:5000/x/nginx:1.25.0@${OTHER_DIGEST}`, `reg:5000/x/nginx:1.26.0@${DIGEST}`],
  ])('%s becomes %s', (image, expected) => {
    expect(decide(inputOf({ image }), FOUND, 'auto')).toMatchObject({ action: 'update', newImage: expected });
  });

  it('a pinned image is not unpinned when the new digest is unknown', () => {
    const pinned = inputOf({ image: `nginx:1.25.0@${OTHER_DIGEST}` });
    const decision = decide(pinned, { outcome: 'unavailable', message: 'down' }, 'auto');
    expect(decision).toMatchObject({ action: 'stay', blockers: [{ code: 'registry' }] });
  });
});

describe('a new digest under the running tag', () => {
  const tracked = { 'headwind.sh/track-digest': 'true' };

  it('is an update to tag@digest when digests are tracked', () => {
    const input = inputOf({ tag: '1.25.0', annotations: tracked });
    expect(proposalBlockers(input)).toEqual([]);
    expect(decide(input, FOUND, 'auto')).toMatchObject({
      action: 'update',
      newImage: `nginx:1.25.0@${DIGEST}`,
    });
  });

  it('is none when that digest is set already', () => {
    const input = inputOf({ image: `nginx:1.25.0@${DIGEST}`, tag: '1.25.0', annotations: tracked });
    expect(decide(input, FOUND, 'auto')).toMatchObject({ blockers: [{ code: 'up-to-date' }] });
  });

  it('is tracked under force without saying so', () => {
    expect(codesOf({ tag: '1.25.0', annotations: { 'headwind.sh/policy': 'force' } })).toEqual([]);
  });

  it('that was rejected stays rejected, while another one is proposed', () => {
    const rejected = aRequest({
      spec: { newImage: `nginx:1.25.0@${DIGEST}`, newDigest: DIGEST },
      status: { phase: 'Rejected' },
    });
    const input = inputOf({ tag: '1.25.0', annotations: tracked, requests: [rejected] });
    expect(decide(input, FOUND, 'auto')).toMatchObject({ blockers: [{ code: 'held' }] });
    const other: Confirmation = { outcome: 'found', digest: OTHER_DIGEST };
    expect(decide(input, other, 'auto')).toMatchObject({ action: 'update' });
  });
});

it('proposes the same only once', () => {
  const open = aRequest({ spec: { newDigest: DIGEST } });
  const decision = decide(inputOf({ requests: [open] }), FOUND, 'auto');
  expect(decision).toMatchObject({ action: 'stay', blockers: [{ code: 'awaiting-approval' }] });
});

describe('a candidate that a poll found', () => {
  const polled = (given: Case): Case => ({
    ...given,
    source: 'polling',
    annotations: { 'headwind.sh/event-source': 'polling', ...given.annotations },
  });

  it.each<[string, Case]>([
    ['has no order, under all', { tag: 'stable', annotations: { 'headwind.sh/policy': 'all' } }],
    ['is lower, under force', { tag: '1.24.0', annotations: { 'headwind.sh/policy': 'force' } }],
    ['is a word, under force', { tag: 'stable', annotations: { 'headwind.sh/policy': 'force' } }],
    ['stands beside latest', { image: 'nginx:latest', annotations: { 'headwind.sh/policy': 'all' } }],
  ])('is refused where it %s, since nobody pushed it just now', (_name, given) => {
    expect(codesOf(polled(given))).toHaveLength(1);
    expect(codesOf({ ...given, annotations: { ...given.annotations } })).toEqual([]);
  });

  it('waits for a registry that cannot confirm it: the next poll finds it again', () => {
    const away: Confirmation = { outcome: 'unavailable', message: 'it is down' };
    expect(decide(inputOf(polled({})), away, 'auto')).toMatchObject({ blockers: [{ code: 'registry' }] });
    const denied: Confirmation = { ...away, denied: true };
    expect(decide(inputOf(polled({})), denied, 'auto')).toMatchObject({
      blockers: [{ code: 'registry-auth' }],
    });
    expect(decide(inputOf({}), denied, 'auto')).toMatchObject({ action: 'update' });
  });
});

describe('a new digest under the running tag', () => {
  const tracked = (source: 'webhook' | 'polling', image = 'nginx:1.25.0'): ProposalInput =>
    inputOf({
      image,
      tag: '1.25.0',
      source,
      annotations: { 'headwind.sh/track-digest': 'true', 'headwind.sh/event-source': 'both' },
    });
  const running = (...digests: string[]) => ({ running: { digests, otherNames: [] } });

  it.each(['webhook', 'polling'] as const)('is none where the pods run it already, by %s', (source) => {
    expect(decide(tracked(source), FOUND, 'auto', running(DIGEST))).toMatchObject({
      action: 'stay',
      blockers: [{ code: 'up-to-date' }],
    });
  });

  it.each(['webhook', 'polling'] as const)('is an update where the pods run another, by %s', (source) => {
    expect(decide(tracked(source), FOUND, 'auto', running(OTHER_DIGEST))).toMatchObject({
      action: 'update',
      newImage: `nginx:1.25.0@${DIGEST}`,
    });
  });

  it('is an update by a push, but none by a poll, where it is not known what runs', () => {
    expect(decide(tracked('webhook'), FOUND, 'auto', running())).toMatchObject({ action: 'update' });
    expect(decide(tracked('polling'), FOUND, 'auto', running())).toMatchObject({ action: 'stay' });
  });

  it('is compared with what is set, not with what runs, where the image is pinned', () => {
    const pinned = tracked('polling', `nginx:1.25.0@${OTHER_DIGEST}`);
    expect(decide(pinned, FOUND, 'auto', running(DIGEST))).toMatchObject({ action: 'update' });
  });
});

describe('the platform', () => {
  it('blocks where no node can run the image', () => {
    const platform = { fits: 'no', message: 'it is built for another machine' } as const;
    expect(decide(inputOf(), FOUND, 'auto', { platform })).toEqual({
      action: 'stay',
      blockers: [{ code: 'platform', message: 'it is built for another machine' }],
    });
  });

  it('is noted where it could not be compared', () => {
    const platform = { fits: 'unknown', message: 'platforms not compared: no answer' } as const;
    expect(decide(inputOf(), FOUND, 'auto', { platform })).toMatchObject({
      action: 'update',
      reason: expect.stringContaining('(platforms not compared: no answer)'),
    });
  });
});
