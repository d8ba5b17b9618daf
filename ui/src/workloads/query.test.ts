import { expect, it } from 'vitest';
import { WORKLOAD_STATES } from '../../../src/core/workload-state.ts';
import { cleared, isFiltered, listPath, STATES } from './query.ts';
import { changeQuery } from '../state/query.ts';

it('every state has a card', () => {
  expect(STATES.map(({ state }) => state).sort()).toEqual([...WORKLOAD_STATES].sort());
});

it.each([
  [{}, '/api/v1/dashboard/workloads?', false],
  [{ sort: '-updated', page: '2' }, '/api/v1/dashboard/workloads?sort=-updated&page=2', false],
  [{ state: 'held', colour: 'red' }, '/api/v1/dashboard/workloads?state=held', true],
])('%j is read from %s', (query, path, filtered) => {
  expect([listPath(query), isFiltered(query)]).toEqual([path, filtered]);
});

it('what narrows the list can be taken away', () => {
  const query = {
    q: 'web',
    state: 'held',
    namespace: 'shop',
    kind: 'DaemonSet',
    policy: 'all',
    sort: 'name',
  };
  expect(changeQuery(query, cleared())).toEqual({ sort: 'name' });
});
