import { changeQuery, type Query } from '../state/query.ts';

/** What the list is asked for where the address says nothing: what still waits for somebody. */
export const OPEN_PHASES = 'Pending,Approved';

/** The tabs of the page: each is a set of phases. */
export const TABS = [
  { id: 'open', label: 'Open', phases: OPEN_PHASES },
  { id: 'done', label: 'Finished', phases: 'Completed,Failed,Rejected,RolledBack,Expired,Superseded' },
  { id: 'all', label: 'All', phases: 'all' },
] as const;
export type Tab = (typeof TABS)[number];

/** The path to read the list from, for what the address says. */
export function listPath(query: Query): string {
  const { phase = OPEN_PHASES, q, namespace, kind, policy, sort, page, size } = query;
  const asked = { q, namespace, kind, policy, sort, page, size, phase: phase === 'all' ? undefined : phase };
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(asked)) if (value !== undefined) parameters.set(key, value);
  return `/api/v1/dashboard/updates?${parameters.toString()}`;
}

/** The tab that the address stands for; undefined where it names phases of its own. */
export function tabOf({ phase = OPEN_PHASES }: Query): Tab | undefined {
  return TABS.find(({ phases }) => phases === phase);
}

/** Whether anything but the tab, the order and the page narrows the list. */
export function isFiltered({ q, namespace, kind, policy, ...rest }: Query): boolean {
  return [q, namespace, kind, policy].some((value) => value !== undefined) || tabOf(rest) === undefined;
}

/** The query without what narrows the list. */
export function withoutFilters(query: Query): Query {
  return changeQuery(query, {
    q: '',
    namespace: '',
    kind: '',
    policy: '',
    phase: tabOf(query)?.phases ?? '',
  });
}
