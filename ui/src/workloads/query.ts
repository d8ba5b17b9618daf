import type { WorkloadRow } from '../../../src/http/dashboard-workload-shapes.ts';
import type { Query } from '../state/query.ts';

type State = WorkloadRow['state'];

/** How a workload's state is called, what it means, and its colour; in the order of the cards. */
export const STATES: readonly {
  readonly state: State;
  readonly label: string;
  readonly tone: string;
  readonly meaning: string;
}[] = [
  {
    state: 'current',
    label: 'Up to date',
    tone: 'ok',
    meaning: 'It runs the newest version that its policy admits.',
  },
  { state: 'open', label: 'Update open', tone: 'accent', meaning: 'An update waits or is being applied.' },
  { state: 'blocked', label: 'Blocked', tone: 'warn', meaning: 'Something keeps it from being updated.' },
  { state: 'held', label: 'Held', tone: 'warn', meaning: 'A version was rejected or rolled back.' },
  { state: 'paused', label: 'Paused', tone: 'violet', meaning: 'Somebody has frozen it.' },
  {
    state: 'invalid',
    label: 'Invalid',
    tone: 'danger',
    meaning: 'An annotation or an image cannot be read.',
  },
  {
    state: 'unknown',
    label: 'No news yet',
    tone: '',
    meaning: 'Nothing was heard of it since Headwind started.',
  },
];

const FILTERS = ['q', 'namespace', 'kind', 'policy', 'state'] as const;

/** The path to read the list from, for what the address says. */
export function listPath(query: Query): string {
  const { q, namespace, kind, policy, state, sort, page, size } = query;
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries({ q, namespace, kind, policy, state, sort, page, size }))
    if (value !== undefined) parameters.set(key, value);
  return `/api/v1/dashboard/workloads?${parameters.toString()}`;
}

/** Whether anything narrows the list. */
export function isFiltered(query: Query): boolean {
  return FILTERS.some((name) => query[name] !== undefined);
}

/** The change that takes all filters away. */
export function cleared(): Query {
  return Object.fromEntries(FILTERS.map((name) => [name, '']));
}

/** The address of a workload's page. */
export function pageOf({ kind, namespace, name }: Pick<WorkloadRow, 'kind' | 'namespace' | 'name'>): string {
  return `/workloads/${kind}/${namespace}/${name}`;
}
