import { describe, expect, it } from 'vitest';
import { isFiltered, listPath, tabOf, withoutFilters } from './query.ts';

describe('the list of updates', () => {
  it.each([
    [
      'what is open, where the address says nothing',
      {},
      '/api/v1/dashboard/updates?phase=Pending%2CApproved',
    ],
    ['everything', { phase: 'all' }, '/api/v1/dashboard/updates?'],
    [
      'what the filters say',
      { q: 'web', namespace: 'a,b', page: '2', phase: 'Failed' },
      '/api/v1/dashboard/updates?q=web&namespace=a%2Cb&page=2&phase=Failed',
    ],
  ])('is read from the server: %s', (_, query, path) => {
    expect(listPath(query)).toBe(path);
  });

  it.each([
    [{}, 'open'],
    [{ phase: 'all' }, 'all'],
    [{ phase: 'Failed' }, undefined],
  ])('stands under a tab: %j is %s', (query, id) => {
    expect(tabOf(query)?.id).toBe(id);
  });

  it('is filtered by everything but tab, order and page', () => {
    expect(isFiltered({ sort: 'created', page: '2', phase: 'all' })).toBe(false);
    expect(isFiltered({ q: 'web' })).toBe(true);
    expect(isFiltered({ phase: 'Failed' })).toBe(true);
    expect(withoutFilters({ q: 'web', kind: 'DaemonSet', sort: 'created', phase: 'all' })).toEqual({
      sort: 'created',
      phase: 'all',
    });
  });
});
