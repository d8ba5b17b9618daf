import type { Blocker } from '../../core/blocker.ts';
import { registryPage } from '../../core/registry-page.ts';
import { requestKey, type UpdateRequest } from '../../core/update-request.ts';
import type { WorkloadDetail } from '../dashboard-workload-shapes.ts';
import type { History } from '../rollback-api.ts';
import { withWaits, type RowIndex } from './update-rows.ts';
import { toWorkloadRow, versionOf, type WorkloadOutline } from './workload-rows.ts';

export interface WorkloadDetailInput {
  readonly outline: WorkloadOutline;
  /** All requests in its namespace. */
  readonly requests: Iterable<UpdateRequest>;
  readonly rows: RowIndex;
  readonly waitingFor: (key: string) => readonly Blocker[];
  /** What the containers were given so far, or why that cannot be read. */
  readonly history: Pick<History, 'entries'> | { readonly problem: string };
}

const MAX_REQUESTS = 50;

/** Everything about one workload: what it runs, why it does not update, what it ran, and what was asked for. */
export function describeWorkload({
  outline,
  requests,
  rows,
  waitingFor,
  history,
}: WorkloadDetailInput): WorkloadDetail {
  const { workload, settings } = outline;
  const row = toWorkloadRow(outline);
  const typeOf = (container: string): (typeof row.artifacts)[number]['type'] =>
    row.artifacts.find(({ name }) => name === container)?.type ?? 'container';
  const own = Array.from(requests)
    .filter(({ spec }) => spec.targetRef.kind === workload.kind && spec.targetRef.name === workload.name)
    .map((request) => ({ request, indexed: rows.rowOf(request) }))
    .sort((a, b) => b.indexed.createdAtMs - a.indexed.createdAtMs)
    .slice(0, MAX_REQUESTS);
  return {
    row,
    settings: {
      ...(settings.pattern === undefined ? {} : { pattern: settings.pattern }),
      requireApproval: settings.requireApproval,
      eventSource: settings.eventSource,
      minUpdateIntervalMs: settings.minUpdateIntervalMs,
      images: settings.images,
      autoRollback: settings.autoRollback,
      prerelease: settings.prerelease,
      trackDigest: settings.trackDigest,
    },
    artifacts: outline.view().artifacts.map(({ name, type, image, holds }) => {
      const page = type === 'chart' ? undefined : registryPage(image);
      return { name, reference: image, ...(page === undefined ? {} : { registryPage: page }), holds };
    }),
    ...('problem' in history
      ? { historyProblem: history.problem }
      : {
          history: history.entries.map((entry) => ({
            ...entry,
            ...versionOf(typeOf(entry.container), entry.image),
            image: entry.image,
          })),
        }),
    requests: own.map(({ request, indexed }) => withWaits(indexed, waitingFor(requestKey(request)))),
  };
}
