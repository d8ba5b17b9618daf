import type { Blocker } from '../../core/blocker.ts';
import { PHASES, type Phase, type UpdateRequest } from '../../core/update-request.ts';
import type { Selection, UpdateList, UpdateListQuery, Viewpoint } from '../dashboard-shapes.ts';
import { withWaits, type IndexedRow, type RowIndex } from './update-rows.ts';

export interface UpdateListInput {
  /** All that the caller may see. */
  readonly requests: Iterable<UpdateRequest>;
  readonly query: UpdateListQuery;
  readonly rows: RowIndex;
  /** What the open request `namespace/name` waits for. */
  readonly waitingFor: (key: string) => readonly Blocker[];
  readonly viewpoint: Viewpoint;
}

/** One page of requests under a filter, with what there is to filter by. */
export function listUpdates({ requests, query, rows, waitingFor, viewpoint }: UpdateListInput): UpdateList {
  const all = Array.from(requests, (request) => rows.rowOf(request));
  const wanted = all.filter((candidate) => matches(candidate, query)).sort(ORDERS[query.sort]);
  const pages = Math.max(1, Math.ceil(wanted.length / query.size));
  const page = Math.min(query.page, pages);
  const shown = wanted.slice((page - 1) * query.size, page * query.size);
  return {
    rows: shown.map((indexed) => withWaits(indexed, waitingFor(keyOf(indexed)))),
    total: wanted.length,
    page,
    size: query.size,
    phases: countPhases(all),
    facets: facetsOf(all),
    ...viewpoint,
  };
}

/** All requests under a filter that wait for a decision, for whoever decides about them together. */
export function selectUpdates({
  requests,
  query,
  rows,
}: Pick<UpdateListInput, 'requests' | 'query' | 'rows'>): Selection {
  const wanted = Array.from(requests, (request) => rows.rowOf(request))
    .filter((candidate) => candidate.row.phase === 'Pending' && matches(candidate, query))
    .sort(ORDERS[query.sort]);
  const majors = wanted.filter(({ row }) => ['major', 'downgrade'].includes(row.change.kind)).length;
  return { updates: wanted.map(({ row }) => ({ namespace: row.namespace, name: row.name })), majors };
}

function matches({ row, haystack }: IndexedRow, query: UpdateListQuery): boolean {
  const { namespace, kind, policy, phase, q } = query;
  if (phase !== undefined && !phase.includes(row.phase)) return false;
  if (namespace !== undefined && !namespace.includes(row.namespace)) return false;
  if (kind !== undefined && !kind.includes(row.kind)) return false;
  if (policy !== undefined && !policy.includes(row.policy)) return false;
  const words = (q ?? '').toLowerCase().split(/\s+/);
  return words.every((word) => haystack.includes(word));
}

const newestFirst = (a: IndexedRow, b: IndexedRow): number =>
  b.createdAtMs - a.createdAtMs || compareText(keyOf(a), keyOf(b));

const ORDERS: Readonly<Record<UpdateListQuery['sort'], (a: IndexedRow, b: IndexedRow) => number>> = {
  '-created': newestFirst,
  created: (a, b) => a.createdAtMs - b.createdAtMs || compareText(keyOf(a), keyOf(b)),
  '-updated': (a, b) => b.updatedAtMs - a.updatedAtMs || newestFirst(a, b),
  namespace: (a, b) => compareText(a.row.namespace, b.row.namespace) || newestFirst(a, b),
  resource: (a, b) => compareText(a.row.workload, b.row.workload) || newestFirst(a, b),
};

function keyOf({ row }: IndexedRow): string {
  return `${row.namespace}/${row.name}`;
}

/** By code unit: names in Kubernetes are ASCII, and this costs a tenth of a locale's order. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function countPhases(all: readonly IndexedRow[]): Record<Phase, number> {
  const counts = new Map<Phase, number>(PHASES.map((phase) => [phase, 0]));
  for (const { row } of all) counts.set(row.phase, (counts.get(row.phase) ?? 0) + 1);
  const of = (phase: Phase): number => counts.get(phase) ?? 0;
  return {
    Pending: of('Pending'),
    Approved: of('Approved'),
    Rejected: of('Rejected'),
    Completed: of('Completed'),
    Failed: of('Failed'),
    Expired: of('Expired'),
    Superseded: of('Superseded'),
    RolledBack: of('RolledBack'),
  };
}

function facetsOf(all: readonly IndexedRow[]): UpdateList['facets'] {
  const sorted = (values: Iterable<string>): string[] => [...new Set(values)].sort();
  return {
    namespaces: sorted(all.map(({ row }) => row.namespace)),
    kinds: sorted(all.map(({ row }) => row.kind)),
    policies: sorted(all.map(({ row }) => row.policy)),
  };
}
