import { expect, test } from 'vitest';
import { humanDuration, selectorText } from './cells.ts';
import { podStatus } from './pod-columns.ts';

const S = 1000;
const M = 60 * S;
const H = 60 * M;
const D = 24 * H;

test.each([
  [-5 * S, '<invalid>'],
  [0, '0s'],
  [119 * S, '119s'],
  [2 * M, '2m'],
  [3 * M + 20 * S, '3m20s'],
  [10 * M + 30 * S, '10m'],
  [179 * M, '179m'],
  [3 * H, '3h'],
  [7 * H + 5 * M, '7h5m'],
  [8 * H + 59 * M, '8h'],
  [47 * H, '47h'],
  [2 * D, '2d'],
  [3 * D + 4 * H, '3d4h'],
  [8 * D + 23 * H, '8d'],
  [729 * D, '729d'],
  [2 * 365 * D, '2y'],
  [2 * 365 * D + 3 * D, '2y3d'],
  [8 * 365 * D + 3 * D, '8y'],
])('%d milliseconds are %s', (milliseconds, text) => {
  expect(humanDuration(milliseconds)).toBe(text);
});

test.each([
  [{}, '<none>'],
  [{ matchLabels: { b: '2', a: '1' } }, 'a=1,b=2'],
  [
    {
      matchLabels: { a: '1' },
      matchExpressions: [
        { key: 'b', operator: 'In', values: ['x', 'y'] },
        { key: 'c', operator: 'NotIn', values: ['z'] },
        { key: 'd', operator: 'Exists' },
        { key: 'e', operator: 'DoesNotExist' },
      ],
    },
    'a=1,b in (x,y),c notin (z),d,!e',
  ],
])('the selector %j reads %s', (selector, text) => {
  expect(selectorText(selector)).toBe(text);
});

const waiting = (reason: string): object => ({ state: { waiting: { reason } } });
const terminated = (state: object): object => ({ state: { terminated: state } });
const running = { state: { running: {} } };

test.each([
  ['its phase', { status: { phase: 'Running', containerStatuses: [running] } }, 'Running'],
  ['why it was evicted', { status: { phase: 'Failed', reason: 'Evicted' } }, 'Evicted'],
  [
    'why a container waits',
    { status: { phase: 'Running', containerStatuses: [running, waiting('CrashLoopBackOff')] } },
    'CrashLoopBackOff',
  ],
  [
    'how a container ended',
    { status: { phase: 'Running', containerStatuses: [terminated({ reason: 'Error', exitCode: 1 })] } },
    'Error',
  ],
  [
    'the exit code for want of a reason',
    { status: { phase: 'Running', containerStatuses: [terminated({ exitCode: 3 })] } },
    'ExitCode:3',
  ],
  [
    'the signal for want of a reason',
    { status: { phase: 'Running', containerStatuses: [terminated({ exitCode: 137, signal: 9 })] } },
    'Signal:9',
  ],
  [
    'that one of two still runs',
    { status: { phase: 'Running', containerStatuses: [terminated({ reason: 'Completed' }), running] } },
    'Running',
  ],
  [
    'how far its init containers are',
    {
      spec: { initContainers: [{}, {}] },
      status: {
        phase: 'Pending',
        initContainerStatuses: [terminated({ exitCode: 0 }), waiting('PodInitializing')],
      },
    },
    'Init:1/2',
  ],
  [
    'what is wrong with an init container',
    {
      spec: { initContainers: [{}] },
      status: { phase: 'Pending', initContainerStatuses: [waiting('ImagePullBackOff')] },
    },
    'Init:ImagePullBackOff',
  ],
  ['that it is going', { metadata: { deletionTimestamp: 'x' }, status: { phase: 'Running' } }, 'Terminating'],
])('a pod shows %s', (_what, pod, status) => {
  expect(podStatus(pod)).toBe(status);
});
