import { useCallback, useMemo } from 'preact/hooks';
import { useLocation, useSearch } from 'wouter-preact';
import { changeQuery, readQuery, writeQuery, type Query } from './query.ts';

/** What the page's address says, and a function that changes it: what is typed replaces the address, a choice is a new one to come back from. */
export function useQuery(): readonly [
  Query,
  (change: Query, options?: { readonly replace?: boolean }) => void,
] {
  const search = useSearch();
  const [path, navigate] = useLocation();
  const query = useMemo(() => readQuery(search), [search]);
  const change = useCallback(
    (changes: Query, options: { readonly replace?: boolean } = {}) => {
      navigate(path + writeQuery(changeQuery(query, changes)), { replace: options.replace === true });
    },
    [navigate, path, query],
  );
  return [query, change];
}
