import { expect, test } from 'vitest';
import type { UpdateRequest } from '../../core/update-request.ts';
import { requestNews, shortImage, versionOf } from './request-news.ts';
import { rolloutView, troublesOf } from './rollout-view.ts';
import { CHAPTERS, laterChapter } from './story.ts';
import { columns, createTeller } from './teller.ts';
import { sampleCharts } from './releases.ts';
import { sampleImages } from './workloads.ts';

const clock = { now: () => 0 };

function requestIn(status: UpdateRequest['status'], requireApproval = true): UpdateRequest {
  return {
    apiVersion: 'headwind.sh/v1alpha1',
    kind: 'UpdateRequest',
    metadata: {
      name: 'web-1',
      namespace: 'shop',
      uid: 'u',
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
    spec: {
      targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', namespace: 'shop' },
      updateType: 'image',
      containerName: 'web',
      currentImage: '127.0.0.1:5000/web:1.0.0',
      newImage: '127.0.0.1:5000/web:1.0.1@sha256:0',
      policy: 'patch',
      requireApproval,
    },
    status,
  };
}

test.each([
  [{ phase: 'Pending' }, 'request-created', 'shop/web 1.0.0 -> 1.0.1: waits for approval (web-1)'],
  [{ phase: 'Approved', approvedBy: 'me' }, 'request-approved', 'shop/web 1.0.0 -> 1.0.1: approved by me'],
  [
    { phase: 'Completed', approvedBy: 'policy' },
    'request-applied',
    'shop/web 1.0.0 -> 1.0.1: applied (policy)',
  ],
  [
    { phase: 'Failed', message: 'no such container' },
    'request-failed',
    'shop/web 1.0.0 -> 1.0.1: failed: no such container',
  ],
  [{ phase: 'Expired' }, 'request-expired', 'shop/web 1.0.0 -> 1.0.1: expired'],
] as const)('a request with %o is told as %s', (status, event, message) => {
  expect(requestNews(requestIn(status))).toMatchObject({ event, message });
});

test('a request that no person has to approve does not say that it waits', () => {
  const { message } = requestNews(requestIn({ phase: 'Pending' }, false));
  expect(message).toBe('shop/web 1.0.0 -> 1.0.1: will be applied (web-1)');
});

test.each([
  ['127.0.0.1:5000/shop/web:1.2', '1.2', 'web:1.2'],
  ['127.0.0.1:5000/shop/web', 'latest', 'web'],
  ['nginx:1.25@sha256:00', '1.25', 'nginx:1.25'],
])('of %s one reads the version %s', (image, version, short) => {
  expect([versionOf(image), shortImage(image)]).toEqual([version, short]);
});

test.each([
  [
    'Deployment',
    { replicas: 2 },
    { observedGeneration: 2, replicas: 2, updatedReplicas: 2, readyReplicas: 2 },
    true,
  ],
  [
    'Deployment',
    { replicas: 2 },
    { observedGeneration: 1, replicas: 2, updatedReplicas: 2, readyReplicas: 2 },
    false,
  ],
  [
    'Deployment',
    { replicas: 2 },
    { observedGeneration: 2, replicas: 3, updatedReplicas: 2, readyReplicas: 2 },
    false,
  ],
  ['StatefulSet', { replicas: 1 }, { observedGeneration: 2, replicas: 1, readyReplicas: 1 }, false],
  [
    'DaemonSet',
    {},
    { observedGeneration: 2, desiredNumberScheduled: 1, updatedNumberScheduled: 1, numberAvailable: 1 },
    true,
  ],
  ['DaemonSet', {}, { observedGeneration: 2, desiredNumberScheduled: 1, updatedNumberScheduled: 1 }, false],
  ['HelmRelease', {}, { observedGeneration: 2, conditions: [{ type: 'Ready', status: 'True' }] }, true],
  ['HelmRelease', {}, { observedGeneration: 2, conditions: [{ type: 'Ready', status: 'Unknown' }] }, false],
  ['HelmRelease', {}, { observedGeneration: 1, conditions: [{ type: 'Ready', status: 'True' }] }, false],
])('a %s with %o and status %o is settled: %s', (kind, spec, status, settled) => {
  expect(rolloutView({ kind, metadata: { generation: 2 }, spec, status }).settled).toBe(settled);
});

test('a pod is in trouble when a container crashes again and again, or its image cannot be had', () => {
  const waiting = (reason: string): object => ({ image: 'web:1', state: { waiting: { reason } } });
  const pod = (...reasons: readonly string[]): object => ({
    status: { containerStatuses: reasons.map(waiting) },
  });
  expect(troublesOf(pod('ContainerCreating', 'ErrImagePull'))).toEqual([]);
  expect(troublesOf(pod('CrashLoopBackOff', 'ImagePullBackOff')).map(({ reason }) => reason)).toEqual([
    'CrashLoopBackOff',
    'ImagePullBackOff',
  ]);
});

test('text is for people: no colours unless they are wanted, explanations included', () => {
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(line);
  for (const colours of [false, true]) {
    const teller = createTeller({ write, format: 'text', colours, clock });
    teller.tell({ event: 'e', message: 'm', tone: 'bad' });
    teller.explain(['x']);
  }
  expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d  m$/);
  expect(lines[1]).toBe('x');
  expect(lines[2]).toContain('\u001B[31mm\u001B[0m');
});

test('JSON lines are for programs: explanations are left out', () => {
  const lines: string[] = [];
  const teller = createTeller({
    write: (line) => void lines.push(line),
    format: 'json',
    colours: true,
    clock,
  });
  teller.explain(['x']);
  teller.tell({ event: 'pushed', message: 'm', fields: { tag: '1' } });
  expect(lines.map((line): unknown => JSON.parse(line))).toEqual([
    { timestamp: '1970-01-01T00:00:00.000Z', event: 'pushed', message: 'm', tag: '1' },
  ]);
});

test('columns are as wide as their widest cell', () => {
  expect(
    columns([
      ['a', 'bb'],
      ['aaa', 'b'],
    ]),
  ).toEqual(['a    bb', 'aaa  b']);
});

test('no version of the story arrives twice, however long it goes on', () => {
  const later = Array.from({ length: 300 }, (_, index) => laterChapter(index));
  const names = [...sampleImages(), ...sampleCharts(), ...CHAPTERS, ...later].map(
    ({ repository, tag }) => `${repository}:${tag}`,
  );
  expect(new Set(names).size).toBe(names.length);
});
