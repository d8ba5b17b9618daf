import { ok, type Result } from '../core/result.ts';
import type { Phase, UpdateRequest } from '../core/update-request.ts';
import { createAccess, type Access, type AccessDependencies } from './access.ts';
import { canBeNamed, mountActions, noSuchRequest, targetOf, type Actions } from './approval-actions.ts';
import {
  describeIssues,
  toContinueToken,
  toView,
  UpdatesQuery,
  WorkloadsQuery,
  type WorkloadView,
} from './api-shapes.ts';
import type { Health, LabelledCounter, Log } from './dependencies.ts';
import { createEdge, refuse, sealRoutes, type EdgeApp, type EdgeContext } from './edge.ts';
import type { AuthMode } from './auth/door.ts';
import { mountBulkActions } from './bulk-actions.ts';
import { mountHealth } from './health.ts';
import { mountHolds, type Holds } from './holds-api.ts';
import { mountNotifications, type Notifications } from './notifications-api.ts';
import { openApiDocument } from './openapi.ts';
import { problem, retryAfter, type Problem } from './problem.ts';
import type { RecentWebhooks } from './recent-webhooks.ts';
import { mountPauses, type Pauses } from './pause-api.ts';
import { mountSession } from './session-route.ts';
import type { SlackAnswers } from './slack-answers.ts';
import { mountSlack } from './slack-route.ts';
import { mountRollbacks, type Rollbacks } from './rollback-api.ts';

export interface UpdateFilter {
  readonly phase?: readonly Phase[] | undefined;
  readonly namespace?: string | undefined;
  readonly limit?: number | undefined;
  readonly continue?: string | undefined;
  /** Where it is there: only in namespaces that it is true for. */
  readonly visible?: ((namespace: string) => boolean) | undefined;
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
  list(filter: Pick<UpdateFilter, 'namespace' | 'visible'>): readonly WorkloadView[];
}

export interface ApprovalDependencies {
  readonly approvals: Approvals;
  readonly workloads: WorkloadsView;
  readonly rollbacks: Rollbacks;
  readonly holds: Holds;
  readonly pauses: Pauses;
  readonly notifications: Notifications;
  /** What people do by Slack's buttons; nobody may without it. */
  readonly slack?: SlackAnswers | undefined;
  readonly recentWebhooks: Pick<RecentWebhooks, 'list'>;
  /** All namespaces with workloads or requests, for callers that may not see them all; none unless told. */
  readonly namespaces?: (() => Iterable<string>) | undefined;
  readonly authenticator: AccessDependencies['authenticator'];
  readonly authorizer?: AccessDependencies['authorizer'];
  /** How people are let in, for those who ask; `none` unless told. */
  readonly authMode?: AuthMode;
  /** Where Headwind itself runs: whoever has rights on settings there has them. */
  readonly ownNamespace?: string;
  /** Whether actions take forms beside JSON, as the dashboard's routes always did. */
  readonly forms?: boolean;
  readonly audit: AccessDependencies['audit'];
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
export const DEFAULT_NAMESPACE = 'headwind-system';

/** The approval API (8081). */
export function createApprovalApp(dependencies: ApprovalDependencies): EdgeApp {
  const { health, metrics, log, version } = dependencies;
  const app = createEdge({ server: 'api', log, metrics });
  const access = mountApi(app, dependencies);
  const { slack, ownNamespace = DEFAULT_NAMESPACE } = dependencies;
  mountSlack(app, { access, slack, ownNamespace });
  const document = openApiDocument(version);
  app.get('/openapi.json', (c) => c.json(document));
  mountHealth(app, health);
  return sealRoutes(app);
}

/** The routes below `/api/v1`, for whoever the authenticator and the authorizer let in. */
export function mountApi(app: EdgeApp, dependencies: ApprovalDependencies): Access {
  const { approvals, workloads, recentWebhooks, authenticator, authorizer, audit, log } = dependencies;
  const explain = explainerOf(dependencies);
  const access = createAccess({ authenticator, authorizer, audit, explain, log });
  access.guard(app);

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

  /** The filter, narrowed to what the caller may see. */
  const narrowed = async <T extends Pick<UpdateFilter, 'namespace'>>(
    c: EdgeContext,
    filter: T,
  ): Promise<Result<T & Pick<UpdateFilter, 'visible'>, Problem>> => {
    const { namespace } = filter;
    if (namespace !== undefined) {
      const allowed = await access.may(c, { verb: 'list', namespace });
      return allowed.ok ? ok(filter) : allowed;
    }
    const visible = await access.visible(c, () => dependencies.namespaces?.() ?? []);
    return visible.ok ? ok({ ...filter, visible: visible.value }) : visible;
  };

  app.get('/api/v1/updates', (c) => {
    const query = UpdatesQuery.safeParse(queryOf(c));
    if (!query.success) return refuse(c, problem('HW_BAD_QUERY', `${describeIssues(query.error)}.`));
    return explained(c, async () => {
      const filter = await narrowed(c, query.data);
      if (!filter.ok) return refuse(c, filter.error);
      const page = await approvals.list(filter.value);
      if (page.continue !== undefined) announceNext(c, page.continue);
      return c.json(page.items.map(toView));
    });
  });

  app.get('/api/v1/updates/:namespace/:name', (c) =>
    explained(c, async () => {
      const target = targetOf(c);
      const allowed = await access.may(c, { verb: 'get', ...target });
      if (!allowed.ok) return refuse(c, allowed.error);
      const request = canBeNamed(target) ? await approvals.get(target.namespace, target.name) : undefined;
      if (request === undefined) return refuse(c, noSuchRequest(target));
      return c.json(toView(request));
    }),
  );

  mountActions(app, { actions: approvals, access, forms: dependencies.forms });
  mountBulkActions(app, { actions: approvals, access, explain, log });
  mountRollbacks(app, { rollbacks: dependencies.rollbacks, access, explained });
  mountHolds(app, { holds: dependencies.holds, access, explained, narrowed });
  mountPauses(app, { pauses: dependencies.pauses, access });
  const ownNamespace = dependencies.ownNamespace ?? DEFAULT_NAMESPACE;
  const { notifications } = dependencies;
  mountNotifications(app, { notifications, access, ownNamespace, explained, narrowed });

  app.get('/api/v1/workloads', (c) => {
    const query = WorkloadsQuery.safeParse(queryOf(c));
    if (!query.success) return refuse(c, problem('HW_BAD_QUERY', `${describeIssues(query.error)}.`));
    return explained(c, async () => {
      const filter = await narrowed(c, query.data);
      return filter.ok ? c.json(workloads.list(filter.value)) : refuse(c, filter.error);
    });
  });

  // Pushes for every namespace, and for none: only for those who may see them all.
  app.get('/api/v1/webhooks/recent', (c) =>
    explained(c, async () => {
      const allowed = await access.may(c, { verb: 'list', namespace: undefined });
      return allowed.ok ? c.json(recentWebhooks.list()) : refuse(c, allowed.error);
    }),
  );
  mountSession(app, {
    access,
    mode: dependencies.authMode ?? 'none',
    ownNamespace,
  });
  return access;
}

/** The problem that a failure stands for, where it is one that is to be expected. */
export function explainerOf({
  explain,
}: Pick<ApprovalDependencies, 'explain'>): (error: unknown) => Problem | undefined {
  return (error) => {
    const meaning = explain?.(error);
    if (meaning === undefined) return undefined;
    if (meaning === 'expired')
      return problem('HW_CONTINUE_EXPIRED', 'The continue token is too old; list again from the start.');
    const detail = 'The Kubernetes API does not answer just now, or refuses Headwind a right; try again.';
    return retryAfter(UNAVAILABLE_RETRY_SECONDS, problem('HW_UNAVAILABLE', detail));
  };
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
