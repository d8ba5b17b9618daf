import { describe, expect, it } from 'vitest';
import { aChart, anApprovedRequest, aRequest, NOON } from '../../test/builders.ts';
import { parseAnnotations } from './annotations.ts';
import { nextStep, type Target } from './next-step.ts';
import { chartSourceBlocker, fluxOwnsRange } from './release-chart.ts';
import type { UpdateRequest, UpdateRequestSpec } from './update-request.ts';

const SPEC = {
  targetRef: {
    apiVersion: 'helm.toolkit.fluxcd.io/v2',
    kind: 'HelmRelease',
    name: 'web',
    namespace: 'shop',
  },
  updateType: 'helmChart',
  containerName: 'nginx',
  currentImage: 'nginx:1.25.0',
  newImage: 'nginx:1.26.0',
} as const;
const approved = (spec: Partial<UpdateRequestSpec> = {}): UpdateRequest =>
  anApprovedRequest({ spec: { ...SPEC, ...spec } });
const pending = aRequest({ spec: SPEC });
const aTarget = (change: Partial<Target> = {}): Target => ({
  ...parseAnnotations({ 'headwind.sh/policy': 'minor' }, 'HelmRelease'),
  annotated: true,
  artifact: aChart(),
  appliedByThis: false,
  sameRollout: false,
  ...change,
});
const unresolved = aChart({
  name: 'podinfo',
  image: 'podinfo',
  release: { setIn: 'source', unresolved: true, obstacle: chartSourceBlocker('it is not there') },
});

describe('the next step of a request for a chart', () => {
  it.each<[string, UpdateRequest, Partial<Target>, object]>([
    ['is to apply it', approved(), {}, { kind: 'apply' }],
    [
      'is to wait while Flux leaves the release alone, even where a person has approved',
      approved(),
      { suspended: true },
      { kind: 'wait', blockers: [{ code: 'suspended' }], wakeAtMs: undefined },
    ],
    [
      'is to wait while its source is not known',
      approved(),
      { artifact: unresolved },
      { kind: 'wait', blockers: [{ code: 'chart-source' }] },
    ],
    [
      'is nothing new while its source is not known and nobody has approved',
      pending,
      { artifact: unresolved },
      { kind: 'wait', blockers: [{ code: 'awaiting-approval' }] },
    ],
    [
      'is to wait where the version cannot be set any more',
      approved(),
      { artifact: aChart({ release: { obstacle: chartSourceBlocker('a digest comes first') } }) },
      { kind: 'wait', blockers: [{ code: 'chart-source' }] },
    ],
    [
      'is its end where the release has moved on to a range',
      approved(),
      {
        artifact: aChart({ image: 'nginx:1.x', release: { obstacle: fluxOwnsRange('f', '1.x', undefined) } }),
      },
      { kind: 'moved', to: 'Failed' },
    ],
    [
      'is to finish what it has begun, though the version is set',
      approved(),
      { halfAppliedByThis: true, artifact: aChart({ image: 'nginx:1.26.0' }) },
      { kind: 'apply' },
    ],
    [
      'is to finish what it has begun, though somebody has set another version since',
      approved(),
      { halfAppliedByThis: true, artifact: aChart({ image: 'nginx:1.25.0' }) },
      { kind: 'apply' },
    ],
    [
      'is only to be recorded where the history has it',
      approved(),
      { appliedByThis: true, halfAppliedByThis: true },
      { kind: 'complete' },
    ],
    [
      'is only to be recorded where the release has it already',
      approved(),
      { artifact: aChart({ image: 'nginx:1.26.0' }) },
      { kind: 'complete' },
    ],
  ])('%s', (_, request, target, expected) => {
    const step = nextStep({ request, target: aTarget(target), siblings: [], nowMs: NOON });
    expect(step).toMatchObject(expected);
  });

  it.each<[string, Partial<UpdateRequestSpec>, string]>([
    ['another chart', { newImage: 'redis:1.26.0' }, 'nginx:1.25.0'],
    ['no version', { newImage: 'nginx' }, 'names no version'],
    ['an image', { updateType: 'image' }, 'spec.updateType is image'],
    ['a Deployment', { targetRef: { ...SPEC.targetRef, kind: 'Deployment' } }, 'the target a Deployment'],
    ['another namespace', { targetRef: { ...SPEC.targetRef, namespace: 'other' } }, 'namespace other'],
    ['nothing readable', { newImage: ':1' }, 'spec.newImage'],
  ])('is its end where it is about %s', (_, spec, message) => {
    const step = nextStep({ request: approved(spec), target: aTarget(), siblings: [], nowMs: NOON });
    expect(step).toMatchObject({
      kind: 'change',
      change: { to: 'Failed', message: expect.stringContaining(message) },
    });
  });
});
