import type { Phase, UpdateRequest } from '../core/update-request.ts';
import {
  canBeNamed,
  mountActions,
  noSuchRequest,
  targetOf,
  type ActionDependencies,
  type Actions,
} from './approval-actions.ts';
import {
  describeIssues,
  toContinueToken,
  toView,
  UpdatesQuery,
  WorkloadsQuery,
  type WorkloadView,
} from './api-shapes.ts';
import type { Authenticator } from './auth.ts';
import type { Health, LabelledCounter, Log } from './dependencies.ts';
import { createEdge, refuse, remoteAddressOf, sealRoutes, type EdgeApp, type EdgeContext } from './edge.ts';
import { mountHealth } from './health.ts';
import { openApiDocument } from './openapi.ts';
import { problem, retryAfter, type Problem } from './problem.ts';
import type { RecentWebhooks } from './recent-webhooks.ts';

export interface UpdateFilter {
  readonly phase?: readonly Phase[] | undefined;
  readonly namespace?: string | undefined;
  readonly limit?: number | undefined;
  readonly continue?: string | undefined;
}

export interface UpdatePage {
  /** Newest first. */
  readonly items: readonly UpdateRequest[];
  /** Given back in the filter, it asks for what follows. */
  readonly continue?: string | undefined;
}

export interface Approvals extends Actions {
  list(filter: UpdateFilter): Promise<UpdatePage>;
  get(namespace: string, name: string): Promise<UpdateRequest | undefined>;
}

export interface WorkloadsView {
  list(filter: { readonly namespace?: string | undefined }): readonly WorkloadView[];
}

export interface ApprovalDependencies {
  readonly approvals: Approvals;
  readonly workloads: WorkloadsView;
  readonly recentWebhooks: Pick<RecentWebhooks, 'list'>;
  readonly authenticator: Authenticator;
  readonly audit: ActionDependencies['audit'];
  readonly health: Health;
  readonly metrics: { readonly httpRejectedTotal: LabelledCounter<'server' | 'reason'> };
  readonly log: Log;
  /** Headwind's version, for the API's description. */
  readonly version: string;
  /**
   * Tells apart what a failure of `approvals` means: that Kubernetes cannot be reached just now, that a continue token
   * is too old, or (undefined) that something is wrong.
   */
  readonly explain?: (error: unknown) => 'unavailable' | 'expired' | undefined;
}

const UNAVAILABLE_RETRY_SECONDS = 5;

/** The approval API (8081). */
export function createApprovalApp(dependencies: ApprovalDependencies): EdgeApp {
  const { approvals, workloads, recentWebhooks, authenticator, audit, health, metrics, log, version } =
    dependencies;
  const app = createEdge({ server: 'api', log, metrics });

  app.use('/api/*', async (c, next) => {
    const identity = await authenticator.authenticate({
      headers: c.req.raw.headers,
      remoteAddress: remoteAddressOf(c),
    });
    if (!identity.ok) return refuse(c, identity.error);
    c.set('identity', identity.value);
    return next();
  });

  const explain = (error: unknown): Problem | undefined => {
    const meaning = dependencies.explain?.(error);
    if (meaning === undefined) return undefined;
    if (meaning === 'expired')
      return problem('HW_CONTINUE_EXPIRED', 'The continue token is too old; list again from the start.');
    const detail = 'The Kubernetes API does not answer just now, or refuses Headwind a right; try again.';
    return retryAfter(UNAVAILABLE_RETRY_SECONDS, problem('HW_UNAVAILABLE', detail));
  };

  const explained = async (c: EdgeContext, run: () => Promise<Response>): Promise<Response> => {
    try {
      return await run();
    } catch (error) {
      const refused = explain(error);
      if (refused === undefined) throw error;
      log.warn({ error }, 'request could not be served');
      return refuse(c, refused);
    }
  };

  app.get('/api/v1/updates', (c) => {
    const query = UpdatesQuery.safeParse(queryOf(c));
    if (!query.success) return refuse(c, problem('HW_BAD_QUERY', `${describeIssues(query.error)}.`));
    return explained(c, async () => {
      const page = await approvals.list(query.data);
      if (page.continue !== undefined) announceNext(c, page.continue);
      return c.json(page.items.map(toView));
    });
  });

  app.get('/api/v1/updates/:namespace/:name', (c) =>
    explained(c, async () => {
      const target = targetOf(c);
      const request = canBeNamed(target) ? await approvals.get(target.namespace, target.name) : undefined;
      if (request === undefined) return refuse(c, noSuchRequest(target));
      return c.json(toView(request));
    }),
  );

  mountActions(app, { actions: approvals, audit, explain, log });

  app.get('/api/v1/workloads', (c) => {
    const query = WorkloadsQuery.safeParse(queryOf(c));
    if (!query.success) return refuse(c, problem('HW_BAD_QUERY', `${describeIssues(query.error)}.`));
    return c.json(workloads.list(query.data));
  });

  app.get('/api/v1/webhooks/recent', (c) => c.json(recentWebhooks.list()));

  const document = openApiDocument(version);
  app.get('/openapi.json', (c) => c.json(document));
  mountHealth(app, health);
  return sealRoutes(app);
}

/** A parameter that is given several times counts as one with commas. */
function queryOf(c: EdgeContext): Record<string, string> {
  return Object.fromEntries(
    Object.entries(c.req.queries()).map(([name, values]) => [name, values.join(',')]),
  );
}

/** The next page stands in headers, because the body is an array as it always was. */
function announceNext(c: EdgeContext, next: string): void {
  const token = toContinueToken(next);
  const query = new URLSearchParams({ ...queryOf(c), continue: token });
  c.header('link', `<${c.req.path}?${query.toString()}>; rel="next"`);
  c.header('x-headwind-continue', token);
}
