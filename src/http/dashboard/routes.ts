import type { UpdateRequest } from '../../core/update-request.ts';
import type { Access } from '../access.ts';
import { describeIssues } from '../api-shapes.ts';
import { UpdateListQuery, type Viewpoint } from '../dashboard-shapes.ts';
import { refuse, type EdgeApp, type EdgeContext } from '../edge.ts';
import { problem } from '../problem.ts';
import type { DashboardData } from './data.ts';
import { describeUpdate } from './update-detail.ts';
import { listUpdates, selectUpdates } from './update-list.ts';
import { createRowIndex } from './update-rows.ts';
import { mountWorkloadData } from './workload-routes.ts';

interface Seen {
  readonly requests: readonly UpdateRequest[];
  readonly query: UpdateListQuery;
  readonly viewpoint: Viewpoint;
}

/** The routes below `/api/v1/dashboard`: what the page needs in one answer, and no more of it. */
export function mountDashboardData(app: EdgeApp, access: Access, data: DashboardData): void {
  const rows = createRowIndex();

  /** What is asked for, among what the caller may see. */
  const look = async (c: EdgeContext): Promise<Seen | Response> => {
    const query = UpdateListQuery.safeParse({
      size: data.preferences().max_items_per_page,
      ...c.req.query(),
    });
    if (!query.success) return refuse(c, problem('HW_BAD_QUERY', `${describeIssues(query.error)}.`));
    const visible = await access.visible(c, data.namespaces);
    if (!visible.ok) return refuse(c, visible.error);
    const see = visible.value;
    const all = [...data.requests()];
    return {
      requests: see === undefined ? all : all.filter(({ metadata }) => see(metadata.namespace)),
      query: query.data,
      viewpoint: { synced: data.isSynced(), partial: see !== undefined },
    };
  };

  app.get('/api/v1/dashboard/updates', async (c) => {
    const seen = await look(c);
    if (seen instanceof Response) return seen;
    return c.json(listUpdates({ ...seen, rows, waitingFor: data.waitingFor }));
  });

  app.get('/api/v1/dashboard/selection', async (c) => {
    const seen = await look(c);
    return seen instanceof Response ? seen : c.json(selectUpdates({ ...seen, rows }));
  });

  app.get('/api/v1/dashboard/updates/:namespace/:name', async (c) => {
    const { namespace, name } = c.req.param();
    const allowed = await access.may(c, { verb: 'get', namespace });
    if (!allowed.ok) return refuse(c, allowed.error);
    const requests = [...data.requests()].filter(({ metadata }) => metadata.namespace === namespace);
    const request = requests.find(({ metadata }) => metadata.name === name);
    if (request === undefined)
      return refuse(c, problem('HW_NOT_FOUND', `There is no UpdateRequest ${namespace}/${name}.`));
    return c.json(describeUpdate({ request, requests, rows, waitingFor: data.waitingFor }));
  });

  mountWorkloadData(app, access, { ...data, rows });
}
