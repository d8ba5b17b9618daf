import { WORKLOAD_STATES, type WorkloadState } from '../../core/workload-state.ts';
import type { Viewpoint } from '../dashboard-shapes.ts';
import type { WorkloadList, WorkloadListQuery } from '../dashboard-workload-shapes.ts';
import { pageOf } from './page.ts';
import { compareText } from './update-list.ts';
import { toWorkloadRow, type WorkloadOutline } from './workload-rows.ts';

export interface WorkloadListInput {
  /** All that the caller may see. */
  readonly outlines: readonly WorkloadOutline[];
  readonly query: WorkloadListQuery;
  readonly viewpoint: Viewpoint;
}

/** One page of workloads under a filter, with what there is to filter by. */
export function listWorkloads({ outlines, query, viewpoint }: WorkloadListInput): WorkloadList {
  const words = (query.q ?? '')
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const wanted = outlines.filter(
    (outline) => matches(outline, query) && words.every((word) => mentions(outline, word)),
  );
  const { rows, page } = pageOf(wanted, ORDERS[query.sort], query);
  return {
    rows: rows.map(toWorkloadRow),
    total: wanted.length,
    page,
    size: query.size,
    states: countStates(outlines),
    facets: facetsOf(outlines),
    ...viewpoint,
  };
}

function matches({ workload, settings, state }: WorkloadOutline, query: WorkloadListQuery): boolean {
  if (query.state !== undefined && !query.state.includes(state)) return false;
  if (query.namespace !== undefined && !query.namespace.includes(workload.namespace)) return false;
  if (query.kind !== undefined && !query.kind.includes(workload.kind)) return false;
  return query.policy === undefined || query.policy.includes(settings.policy);
}

/** Whether the workload or one of its images has the lower-case word in its name. */
function mentions({ workload }: WorkloadOutline, word: string): boolean {
  const { namespace, name, artifacts } = workload;
  if (`${namespace}/${name}`.includes(word)) return true;
  return artifacts.some(
    (artifact) => artifact.image.toLowerCase().includes(word) || artifact.name.includes(word),
  );
}

type Order = (a: WorkloadOutline, b: WorkloadOutline) => number;

const byPlace: Order = ({ workload: a }, { workload: b }) =>
  compareText(a.namespace, b.namespace) || compareText(a.name, b.name) || compareText(a.kind, b.kind);
const byName: Order = (a, b) => compareText(a.workload.name, b.workload.name) || byPlace(a, b);
const URGENCY = new Map(WORKLOAD_STATES.map((state, index) => [state, index]));
const urgency = ({ state }: WorkloadOutline): number => URGENCY.get(state) ?? 0;

const ORDERS: Readonly<Record<WorkloadListQuery['sort'], Order>> = {
  namespace: byPlace,
  name: byName,
  state: (a, b) => urgency(a) - urgency(b) || byPlace(a, b),
  '-updated': (a, b) => (b.settings.lastUpdateMs ?? 0) - (a.settings.lastUpdateMs ?? 0) || byPlace(a, b),
};

function countStates(outlines: readonly WorkloadOutline[]): Record<WorkloadState, number> {
  const counts: Record<WorkloadState, number> = {
    invalid: 0,
    paused: 0,
    open: 0,
    held: 0,
    blocked: 0,
    unknown: 0,
    current: 0,
  };
  for (const { state } of outlines) counts[state] += 1;
  return counts;
}

function facetsOf(outlines: readonly WorkloadOutline[]): WorkloadList['facets'] {
  const [namespaces, kinds, policies] = [new Set<string>(), new Set<string>(), new Set<string>()];
  for (const { workload, settings } of outlines) {
    namespaces.add(workload.namespace);
    kinds.add(workload.kind);
    policies.add(settings.policy);
  }
  return { namespaces: [...namespaces].sort(), kinds: [...kinds].sort(), policies: [...policies].sort() };
}
