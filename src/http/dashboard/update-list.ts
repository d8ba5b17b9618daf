import type { Blocker } from '../../core/blocker.ts';
import { requestKey, type Phase, type UpdateRequest } from '../../core/update-request.ts';
import type { Selection, UpdateList, UpdateListQuery, Viewpoint } from '../dashboard-shapes.ts';
import { pageOf } from './page.ts';
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
  const isWanted = matcher(query);
  const wanted = all.filter(isWanted);
  const { rows: shown, page } = pageOf(wanted, ORDERS[query.sort], query);
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
  const isWanted = matcher(query);
  const wanted = Array.from(requests)
    .filter(({ status }) => status.phase === 'Pending')
    .map((request) => rows.rowOf(request))
    .filter(isWanted)
    .sort(ORDERS[query.sort]);
  const majors = wanted.filter(({ row }) => ['major', 'downgrade'].includes(row.change.kind)).length;
  return { updates: wanted.map(({ row }) => ({ namespace: row.namespace, name: row.name })), majors };
}

/** Whether a request is one of those that are asked for. */
function matcher({ namespace, kind, policy, phase, q = '' }: UpdateListQuery): (row: IndexedRow) => boolean {
  const words = q
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return (indexed) => {
    const { metadata, spec, status } = indexed.request;
    if (phase !== undefined && !phase.includes(status.phase)) return false;
    if (namespace !== undefined && !namespace.includes(metadata.namespace)) return false;
    if (kind !== undefined && !kind.includes(spec.targetRef.kind)) return false;
    if (policy !== undefined && !policy.includes(spec.policy)) return false;
    return words.every((word) => indexed.haystack.includes(word));
  };
}

const newestFirst = (a: IndexedRow, b: IndexedRow): number =>
  b.createdAtMs - a.createdAtMs || compareText(keyOf(a), keyOf(b));

const ORDERS: Readonly<Record<UpdateListQuery['sort'], (a: IndexedRow, b: IndexedRow) => number>> = {
  '-created': newestFirst,
  created: (a, b) => a.createdAtMs - b.createdAtMs || compareText(keyOf(a), keyOf(b)),
  '-updated': (a, b) => b.updatedAtMs - a.updatedAtMs || newestFirst(a, b),
  namespace: (a, b) =>
    compareText(a.request.metadata.namespace, b.request.metadata.namespace) || newestFirst(a, b),
  resource: (a, b) =>
    compareText(a.request.spec.targetRef.name, b.request.spec.targetRef.name) || newestFirst(a, b),
};

function keyOf({ request }: IndexedRow): string {
  return requestKey(request);
}

/** By code unit: names in Kubernetes are ASCII, and this costs a tenth of a locale's order. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function countPhases(all: readonly IndexedRow[]): Record<Phase, number> {
  const counts: Record<Phase, number> = {
    Pending: 0,
    Approved: 0,
    Rejected: 0,
    Completed: 0,
    Failed: 0,
    Expired: 0,
    Superseded: 0,
    RolledBack: 0,
  };
  for (const { request } of all) counts[request.status.phase] += 1;
  return counts;
}

function facetsOf(all: readonly IndexedRow[]): UpdateList['facets'] {
  const [namespaces, kinds, policies] = [new Set<string>(), new Set<string>(), new Set<string>()];
  for (const { request } of all) {
    namespaces.add(request.metadata.namespace);
    kinds.add(request.spec.targetRef.kind);
    policies.add(request.spec.policy);
  }
  return { namespaces: [...namespaces].sort(), kinds: [...kinds].sort(), policies: [...policies].sort() };
}
