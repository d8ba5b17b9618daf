import { describe, expect, it } from 'vitest';
import { aContainer, anApprovedRequest, aRequest, NOON } from '../../test/builders.ts';
import { parseAnnotations } from './annotations.ts';
import { nextStep, type StepInput, type Target } from './next-step.ts';
import type { UpdateRequest } from './update-request.ts';

function aTarget(change: Partial<Target> & { annotations?: Record<string, string> } = {}): Target {
  const { annotations, ...rest } = change;
  return {
    ...parseAnnotations({ 'headwind.sh/policy': 'minor', ...annotations }),
    annotated: true,
    artifact: aContainer(),
    appliedByThis: false,
    sameRollout: false,
    ...rest,
  };
}

function stepOf(request: UpdateRequest, input: Partial<StepInput> = {}): ReturnType<typeof nextStep> {
  return nextStep({ request, target: aTarget(), siblings: [], nowMs: NOON, ...input });
}

function withoutContainer(request: UpdateRequest): UpdateRequest {
  const { containerName: _, ...spec } = request.spec;
  return { ...request, spec };
}

const BY_POLICY = { status: { approvedBy: 'policy' } };
const NO_APPROVAL = { 'headwind.sh/require-approval': 'false' };

describe('a pending request', () => {
  it('waits for a person until it expires', () => {
    const step = stepOf(aRequest({ spec: { expiresAt: '2026-01-01T13:00:00Z' } }));
    expect(step).toMatchObject({
      kind: 'wait',
      wakeAtMs: NOON + 3_600_000,
      blockers: [{ code: 'awaiting-approval', liftsAt: '2026-01-01T13:00:00Z' }],
    });
  });

  it('waits for ever when it has no expiry', () => {
    expect(stepOf(aRequest())).toMatchObject({ kind: 'wait', wakeAtMs: undefined });
  });

  it('expires when its time has come', () => {
    const step = stepOf(aRequest({ spec: { expiresAt: '2026-01-01T12:00:00Z' } }));
    expect(step).toMatchObject({ kind: 'change', change: { to: 'Expired' } });
  });

  it('is superseded by an open request for a higher version, even an older one', () => {
    const higher = aRequest({
      name: 'higher',
      created: '2026-01-01T10:00:00Z',
      spec: { newImage: 'nginx:1.27.0' },
    });
    expect(stepOf(aRequest(), { siblings: [higher] })).toMatchObject({
      kind: 'change',
      change: { to: 'Superseded' },
    });
  });

  it('is not superseded by a lower one', () => {
    const lower = aRequest({
      name: 'lower',
      created: '2026-01-01T11:30:00Z',
      spec: { newImage: 'nginx:1.25.9' },
    });
    expect(stepOf(aRequest(), { siblings: [lower] })).toMatchObject({ kind: 'wait' });
  });

  it('is not superseded by one that starts from another image: that one no longer fits', () => {
    const stale = aRequest({ name: 'z-stale', spec: { currentImage: 'nginx:1.24.0' } });
    expect(stepOf(aRequest(), { siblings: [stale] })).toMatchObject({ kind: 'wait' });
  });

  it('is not superseded by a finished one', () => {
    const finished = aRequest({
      name: 'done',
      spec: { newImage: 'nginx:1.27.0' },
      status: { phase: 'Rejected' },
    });
    expect(stepOf(aRequest(), { siblings: [finished] })).toMatchObject({ kind: 'wait' });
  });

  it('where tags have no order is superseded by the one made later', () => {
    const request = aRequest({ spec: { newImage: 'nginx:blue' } });
    const later = aRequest({
      name: 'later',
      created: '2026-01-01T11:30:00Z',
      spec: { newImage: 'nginx:green' },
    });
    expect(stepOf(request, { siblings: [later] })).toMatchObject({ kind: 'change' });
    expect(stepOf(later, { siblings: [request] })).toMatchObject({ kind: 'wait' });
  });

  it('is superseded when the workload runs the new image already', () => {
    const target = aTarget({ artifact: aContainer({ image: 'nginx:1.26.0' }) });
    expect(stepOf(aRequest(), { target })).toMatchObject({ kind: 'change', change: { to: 'Superseded' } });
  });

  it('is carried over when the workload moved on its own', () => {
    const target = aTarget({ artifact: aContainer({ image: 'nginx:1.25.1' }) });
    expect(stepOf(aRequest(), { target })).toMatchObject({ kind: 'moved', to: 'Superseded' });
  });

  it('is superseded when the container is gone', () => {
    expect(stepOf(aRequest(), { target: aTarget({ artifact: undefined }) })).toMatchObject({
      kind: 'change',
      change: { to: 'Superseded' },
    });
  });

  it('is approved by policy when neither it nor the workload requires approval', () => {
    const target = aTarget({ annotations: NO_APPROVAL });
    expect(stepOf(aRequest({ spec: { requireApproval: false } }), { target })).toEqual({
      kind: 'approve-by-policy',
    });
  });

  it.each([
    ['the workload requires it', { target: aTarget() }],
    ['the workload is unknown', { target: undefined }],
    [
      'an annotation is invalid',
      { target: aTarget({ annotations: { ...NO_APPROVAL, 'headwind.sh/paused': 'maybe' } }) },
    ],
  ])('cannot approve itself when %s', (_, input) => {
    expect(stepOf(aRequest({ spec: { requireApproval: false } }), input)).toMatchObject({ kind: 'wait' });
  });
});

describe('an approved request', () => {
  it('is applied', () => {
    expect(stepOf(anApprovedRequest())).toEqual({ kind: 'apply', artifact: aContainer() });
  });

  it.each<[string, UpdateRequest, Partial<StepInput>]>([
    ['the target is gone', anApprovedRequest(), { target: undefined }],
    ['the container is gone', anApprovedRequest(), { target: aTarget({ artifact: undefined }) }],
    ['the policy annotation is gone', anApprovedRequest(), { target: aTarget({ annotated: false }) }],
    [
      'the workload moved on its own before a rollback',
      anApprovedRequest({ spec: { rollback: true } }),
      { target: aTarget({ artifact: aContainer({ image: 'nginx:1.25.1' }) }) },
    ],
    ['the target is in another namespace', anApprovedRequest({ namespace: 'elsewhere' }), {}],
    ['the image is another repository', anApprovedRequest({ spec: { newImage: 'evil/nginx:1.26.0' } }), {}],
    [
      'the image is on another registry',
      anApprovedRequest({ spec: { newImage: 'evil.example.com/library/nginx:1.26.0' } }),
      {},
    ],
    ['the image is none', anApprovedRequest({ spec: { newImage: 'NGINX' } }), {}],
    ['the container is not named', withoutContainer(anApprovedRequest()), {}],
  ])('fails when %s', (_, request, input) => {
    expect(stepOf(request, input)).toMatchObject({ kind: 'change', change: { to: 'Failed' } });
  });

  it('by a person fails when the workload moved on its own, and is proposed anew to be approved again', () => {
    const target = aTarget({ artifact: aContainer({ image: 'nginx:1.25.1' }) });
    expect(stepOf(anApprovedRequest(), { target })).toMatchObject({ kind: 'moved', to: 'Failed' });
  });

  it('takes other spellings of the same repository for the same', () => {
    const request = anApprovedRequest({ spec: { newImage: 'docker.io/library/nginx:1.26.0' } });
    expect(stepOf(request)).toMatchObject({ kind: 'apply' });
  });

  it('is only recorded when its own history entry says that it has been applied, whatever runs now', () => {
    const target = aTarget({ appliedByThis: true, artifact: aContainer({ image: 'nginx:1.27.0' }) });
    expect(stepOf(anApprovedRequest(), { target })).toMatchObject({ kind: 'complete' });
  });

  it('by a person overrides the minimum interval, but not a pause', () => {
    const recent = { 'headwind.sh/last-update': '2026-01-01T11:59:00Z' };
    expect(stepOf(anApprovedRequest(), { target: aTarget({ annotations: recent }) })).toMatchObject({
      kind: 'apply',
    });
    const paused = aTarget({ annotations: { 'headwind.sh/paused': 'true' } });
    expect(stepOf(anApprovedRequest(), { target: paused })).toMatchObject({
      kind: 'wait',
      wakeAtMs: undefined,
      blockers: [{ code: 'paused' }],
    });
  });

  it('by policy waits exactly until the minimum interval is over', () => {
    const annotations = { ...NO_APPROVAL, 'headwind.sh/last-update': '2026-01-01T11:59:00Z' };
    const step = stepOf(anApprovedRequest(BY_POLICY), { target: aTarget({ annotations }) });
    expect(step).toMatchObject({
      kind: 'wait',
      wakeAtMs: NOON + 240_000,
      blockers: [{ code: 'min-update-interval', liftsAt: '2026-01-01T12:04:00Z' }],
    });
    expect(
      stepOf(anApprovedRequest(BY_POLICY), { target: aTarget({ annotations }), nowMs: NOON + 240_000 }),
    ).toMatchObject({
      kind: 'apply',
    });
  });

  it.each([
    { interval: '300', at: '2026-01-01T12:04:00Z', kind: 'wait' },
    { interval: '300', at: '2026-01-01T17:00:00Z', kind: 'apply' },
    { interval: '0', at: '2026-01-01T12:00:01Z', kind: 'apply' },
  ])(
    'by policy: an interval of $interval s after an update that is to come at $at: $kind',
    ({ interval, at, kind }) => {
      const annotations = {
        ...NO_APPROVAL,
        'headwind.sh/min-update-interval': interval,
        'headwind.sh/last-update': at,
      };
      expect(stepOf(anApprovedRequest(BY_POLICY), { target: aTarget({ annotations }) })).toMatchObject({
        kind,
      });
    },
  );

  it('by policy does not wait for the interval when another container just got the same version', () => {
    const annotations = { ...NO_APPROVAL, 'headwind.sh/last-update': '2026-01-01T11:59:00Z' };
    const step = stepOf(anApprovedRequest(BY_POLICY), {
      target: aTarget({ annotations, sameRollout: true }),
    });
    expect(step).toMatchObject({ kind: 'apply' });
  });

  it('by policy waits for spec.notBefore', () => {
    const request = anApprovedRequest({ ...BY_POLICY, spec: { notBefore: '2026-01-01T12:10:00Z' } });
    expect(stepOf(request)).toMatchObject({
      kind: 'wait',
      wakeAtMs: NOON + 600_000,
      blockers: [{ code: 'not-before' }],
    });
  });

  it('by policy gives way to a newer one, by a person it does not', () => {
    const siblings = [aRequest({ name: 'newer', spec: { newImage: 'nginx:1.27.0' } })];
    expect(stepOf(anApprovedRequest(BY_POLICY), { siblings })).toMatchObject({
      change: { to: 'Superseded' },
    });
    expect(stepOf(anApprovedRequest(), { siblings })).toMatchObject({ kind: 'apply' });
  });

  it('by policy is carried over when the workload moved on its own', () => {
    const target = aTarget({ artifact: aContainer({ image: 'nginx:1.25.1' }) });
    expect(stepOf(anApprovedRequest(BY_POLICY), { target })).toMatchObject({
      kind: 'moved',
      to: 'Superseded',
    });
  });
});

it.each(['Rejected', 'Completed', 'Failed', 'Expired', 'Superseded', 'RolledBack'] as const)(
  'nothing happens to a request that is %s',
  (phase) => {
    expect(stepOf(aRequest({ status: { phase } }))).toEqual({ kind: 'finished' });
  },
);

describe('a rollback', () => {
  const back = {
    name: 'back',
    spec: { currentImage: 'nginx:1.26.0', newImage: 'nginx:1.25.0', rollback: true },
  };
  const automatic = { ...back, status: { approvedBy: 'headwind-auto-rollback' } };
  const running = aContainer({ image: 'nginx:1.26.0' });

  it.each([
    ['a person wants', back],
    ['Headwind found necessary', automatic],
  ])('that %s does not wait for the minimum interval, nor for annotations to be mended', (_, change) => {
    const annotations = { 'headwind.sh/last-update': '2026-01-01T11:59:59Z', 'headwind.sh/pattern': '[' };
    const target = aTarget({ annotations, artifact: running });
    expect(stepOf(anApprovedRequest(change), { target })).toMatchObject({ kind: 'apply' });
  });

  it('waits for the end of a pause where a person wants it', () => {
    const target = aTarget({ annotations: { 'headwind.sh/paused': 'true' }, artifact: running });
    expect(stepOf(anApprovedRequest(back), { target })).toMatchObject({ blockers: [{ code: 'paused' }] });
  });

  it('is dropped in a pause where nobody wanted it: when that ends it may be wrong', () => {
    const target = aTarget({ annotations: { 'headwind.sh/paused': 'true' }, artifact: running });
    expect(stepOf(anApprovedRequest(automatic), { target })).toMatchObject({ change: { to: 'Superseded' } });
  });

  it('changes nothing where somebody else has changed the image', () => {
    const target = aTarget({ artifact: aContainer({ image: 'nginx:1.30.0' }) });
    expect(stepOf(anApprovedRequest(back), { target })).toMatchObject({ change: { to: 'Failed' } });
    expect(stepOf(anApprovedRequest(automatic), { target })).toMatchObject({ change: { to: 'Superseded' } });
  });

  it('is applied though a newer version is proposed, and takes the place of none', () => {
    const newer = aRequest({
      name: 'newer',
      spec: { currentImage: 'nginx:1.26.0', newImage: 'nginx:1.27.0' },
    });
    const target = aTarget({ artifact: running });
    expect(stepOf(anApprovedRequest(back), { target, siblings: [newer] })).toMatchObject({ kind: 'apply' });
    expect(stepOf(aRequest(back), { target, siblings: [newer] })).toMatchObject({ kind: 'wait' });
    const forced = { ...newer, spec: { ...newer.spec, policy: 'force' as const } };
    expect(stepOf(forced, { target, siblings: [anApprovedRequest(back)] })).toMatchObject({ kind: 'wait' });
  });
});
