import type { WorkloadKind } from '../../core/workload.ts';
import { workloadKey } from '../../core/workload.ts';
import type { Access } from '../access.ts';
import { describeIssues } from '../api-shapes.ts';
import { WorkloadListQuery } from '../dashboard-workload-shapes.ts';
import { refuse, type EdgeApp } from '../edge.ts';
import { KindInPath } from '../pause-shapes.ts';
import { problem } from '../problem.ts';
import type { DashboardData } from './data.ts';
import type { RowIndex } from './update-rows.ts';
import { describeWorkload, type WorkloadDetailInput } from './workload-detail.ts';
import { listWorkloads } from './workload-list.ts';

/** `GET /api/v1/dashboard/workloads` and one of them. */
export function mountWorkloadData(
  app: EdgeApp,
  access: Access,
  data: DashboardData & { readonly rows: RowIndex },
): void {
  const historyOf = async (workload: {
    readonly kind: WorkloadKind;
    readonly namespace: string;
    readonly name: string;
  }): Promise<WorkloadDetailInput['history']> => {
    try {
      const history = await data.history(workload);
      return history.kind === 'found' ? history : { problem: 'The workload is not there any more.' };
    } catch (error) {
      // The rest is known all the same.
      const known = data.explain(error);
      if (known === undefined) throw error;
      return { problem: known.detail };
    }
  };

  app.get('/api/v1/dashboard/workloads', async (c) => {
    const query = WorkloadListQuery.safeParse({
      size: data.preferences().max_items_per_page,
      ...c.req.query(),
    });
    if (!query.success) return refuse(c, problem('HW_BAD_QUERY', `${describeIssues(query.error)}.`));
    const visible = await access.visible(c, data.namespaces);
    if (!visible.ok) return refuse(c, visible.error);
    const viewpoint = { synced: data.isSynced(), partial: visible.value !== undefined };
    await data.workloads.prepare();
    const outlines = data.workloads.outlines({ visible: visible.value });
    return c.json(listWorkloads({ outlines, query: query.data, viewpoint }));
  });

  app.get('/api/v1/dashboard/workloads/:kind/:namespace/:name', async (c) => {
    const { kind: kindName, namespace, name } = c.req.param();
    const allowed = await access.may(c, { verb: 'get', namespace });
    if (!allowed.ok) return refuse(c, allowed.error);
    const kind = KindInPath.safeParse(kindName).data;
    const outline =
      kind === undefined ? undefined : data.workloads.outline(workloadKey({ kind, namespace, name }));
    if (kind === undefined || outline === undefined) {
      const shown = `${kindName} ${namespace}/${name}`.slice(0, 512);
      const detail = `There is no ${shown} that carries headwind.sh/policy.`;
      return refuse(c, problem('HW_WORKLOAD_NOT_FOUND', detail));
    }
    const requests = [...data.requests()].filter(({ metadata }) => metadata.namespace === namespace);
    const history = await historyOf({ kind, namespace, name });
    return c.json(
      describeWorkload({ outline, requests, history, rows: data.rows, waitingFor: data.waitingFor }),
    );
  });
}
