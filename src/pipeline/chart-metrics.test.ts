import { expect, it } from 'vitest';
import { aRequest } from '../../test/builders.ts';
import type { Blocker } from '../core/blocker.ts';
import type { Phase } from '../core/update-request.ts';
import { countChartDecision, countChartTransition, type ChartCounters } from './chart-metrics.ts';

function counters(): { readonly metrics: ChartCounters; readonly counted: string[] } {
  const counted: string[] = [];
  const counter = (name: string): { inc(): void } => ({ inc: () => void counted.push(name) });
  const metrics = {
    helmUpdatesFoundTotal: counter('found'),
    helmUpdatesApprovedTotal: counter('approved'),
    helmUpdatesRejectedTotal: counter('rejected'),
    helmUpdatesAppliedTotal: counter('applied'),
  };
  return { metrics, counted };
}

it.each<[string, readonly (Blocker['code'] | 'update')[], readonly string[]]>([
  ['a version that is proposed', ['update'], ['found', 'approved']],
  ['a version that the policy refuses', ['policy'], ['found', 'rejected']],
  [
    'a version that the pattern refuses, among other things',
    ['event-source', 'pattern'],
    ['found', 'rejected'],
  ],
  ['nothing newer', ['up-to-date'], []],
  ['a range', ['flux-owns-range'], []],
])('counts %s', (_, outcomes, expected) => {
  const { metrics, counted } = counters();
  countChartDecision(metrics, outcomes);
  expect(counted).toEqual(expected);
});

it.each<['image' | 'helmChart', Phase, readonly string[]]>([
  ['helmChart', 'Completed', ['applied']],
  ['helmChart', 'Failed', []],
  ['image', 'Completed', []],
])('counts a request of type %s that becomes %s', (updateType, phase, expected) => {
  const { metrics, counted } = counters();
  countChartTransition(metrics, aRequest({ spec: { updateType }, status: { phase } }));
  expect(counted).toEqual(expected);
});
