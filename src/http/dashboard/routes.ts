import type { Blocker } from '../../core/blocker.ts';
import type { UpdateRequest } from '../../core/update-request.ts';
import type { Access } from '../access.ts';
import { describeIssues } from '../api-shapes.ts';
import { UpdateListQuery } from '../dashboard-shapes.ts';
import { refuse, type EdgeApp, type EdgeContext } from '../edge.ts';
import { problem } from '../problem.ts';
import { describeUpdate } from './update-detail.ts';
import { listUpdates } from './update-list.ts';
import { createRowIndex } from './update-rows.ts';

/** What the dashboard shows beside what the API answers. */
export interface DashboardData {
  /** All requests that are known. */
  readonly requests: () => Iterable<UpdateRequest>;
  /** What the open request `namespace/name` waits for. */
  readonly waitingFor: (key: string) => readonly Blocker[];
  /** All namespaces with workloads or requests, for callers that may not see them all. */
  readonly namespaces: () => Iterable<string>;
}

/** The routes below `/api/v1/dashboard`: what the page needs in one answer, and no more of it. */
export function mountDashboardData(app: EdgeApp, access: Access, data: DashboardData): void {
  const rows = createRowIndex();

  const requestsFor = async (c: EdgeContext): Promise<readonly UpdateRequest[] | Response> => {
    const visible = await access.visible(c, data.namespaces);
    if (!visible.ok) return refuse(c, visible.error);
    const see = visible.value;
    const all = [...data.requests()];
    return see === undefined ? all : all.filter(({ metadata }) => see(metadata.namespace));
  };

  app.get('/api/v1/dashboard/updates', async (c) => {
    const query = UpdateListQuery.safeParse(c.req.query());
    if (!query.success) return refuse(c, problem('HW_BAD_QUERY', `${describeIssues(query.error)}.`));
    const requests = await requestsFor(c);
    if (requests instanceof Response) return requests;
    return c.json(listUpdates({ requests, query: query.data, rows, waitingFor: data.waitingFor }));
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
}
