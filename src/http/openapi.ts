import { z } from 'zod';
import { PHASES } from '../core/update-request.ts';
import { ACCESS_ROUTES } from './access-routes.ts';
import {
  ActionAnswer,
  ActionBody,
  BlockerShape,
  BulkAnswer,
  BulkBody,
  HealthShape,
  ProblemShape,
  SessionView,
  UpdateRequestView,
  WebhookDeliveryView,
  WorkloadShape,
} from './api-shapes.ts';
import {
  NAMESPACE,
  NO_REQUEST,
  refused,
  UNAUTHENTICATED,
  UNAVAILABLE,
  type DocumentedAnswer,
  type DocumentedRoute,
} from './documented-route.ts';
import { NOTIFICATION_ROUTES, SLACK_ROUTE } from './notification-routes.ts';
import { NotificationsView, TestAnswer, TestBody } from './notification-shapes.ts';
import { PAUSE_ROUTES } from './pause-routes.ts';
import { PauseAnswer, PauseBody } from './pause-shapes.ts';
import { ROLLBACK_ROUTES } from './rollback-routes.ts';
import {
  EntriesView,
  HistoryView,
  HoldView,
  ReleaseAnswer,
  ReleaseBody,
  RollbackAnswer,
  RollbackBody,
} from './rollback-shapes.ts';

const FORBIDDEN = refused('The caller lacks the right to see that');

const action = (verb: string, effect: string): DocumentedRoute => ({
  method: 'post',
  path: `/api/v1/updates/{namespace}/{name}/${verb}`,
  summary: effect,
  body: ActionBody,
  answers: {
    200: { description: 'Done; status.phase tells what came of it', shape: ActionAnswer },
    202: { description: 'Recorded; applying takes longer', shape: ActionAnswer, headers: ['Location'] },
    400: refused('The body is not JSON'),
    401: UNAUTHENTICATED,
    403: refused('The caller lacks the right, or the request comes from a page of another site'),
    404: NO_REQUEST,
    409: refused('It is not Pending, as current_phase tells, or somebody else was first'),
    413: refused('The body is too large'),
    415: refused('The body is not declared as JSON'),
    422: refused('The body does not have the expected shape'),
    503: UNAVAILABLE,
  },
});

const health = (path: string, summary: string): DocumentedRoute => ({
  method: 'get',
  path,
  summary,
  answers: {
    200: { description: 'Yes; `OK` where text/plain is asked for', shape: HealthShape },
    503: { description: 'No', shape: HealthShape },
  },
});

/** Every route of the approval API; a test holds it against the app. */
export const API_ROUTES: readonly DocumentedRoute[] = [
  {
    method: 'get',
    path: '/api/v1/updates',
    summary: 'UpdateRequests of all phases, newest first',
    query: {
      phase: {
        description: 'Only in these phases, separated by commas',
        schema: { type: 'array', items: { enum: PHASES } },
      },
      namespace: NAMESPACE,
      limit: { description: 'At most so many', schema: { type: 'integer', minimum: 1, maximum: 1000 } },
      continue: { description: 'X-Headwind-Continue of the page before', schema: { type: 'string' } },
    },
    answers: {
      200: {
        description: 'One page',
        shape: z.array(UpdateRequestView),
        headers: ['Link', 'X-Headwind-Continue'],
      },
      400: refused('A query parameter has a value that it cannot have'),
      401: UNAUTHENTICATED,
      403: FORBIDDEN,
      410: refused('The continue token is too old'),
      503: UNAVAILABLE,
    },
  },
  {
    method: 'get',
    path: '/api/v1/updates/{namespace}/{name}',
    summary: 'One UpdateRequest',
    answers: {
      200: { description: 'The request', shape: UpdateRequestView },
      401: UNAUTHENTICATED,
      403: FORBIDDEN,
      404: NO_REQUEST,
      503: UNAVAILABLE,
    },
  },
  action('approve', 'Approve an UpdateRequest, which applies it'),
  action('reject', 'Reject an UpdateRequest and hold its version'),
  ...ACCESS_ROUTES,
  ...ROLLBACK_ROUTES,
  ...PAUSE_ROUTES,
  ...NOTIFICATION_ROUTES,
  SLACK_ROUTE,
  {
    method: 'get',
    path: '/api/v1/workloads',
    summary: 'Workloads with each artifact, its last decision and its blockers',
    query: { namespace: NAMESPACE },
    answers: {
      200: { description: 'All of them', shape: z.array(WorkloadShape) },
      400: refused('A query parameter has a value that it cannot have'),
      401: UNAUTHENTICATED,
      403: FORBIDDEN,
    },
  },
  {
    method: 'get',
    path: '/api/v1/webhooks/recent',
    summary: 'The last 200 webhooks and what came of them, newest first',
    answers: {
      200: { description: 'All of them', shape: z.array(WebhookDeliveryView) },
      401: UNAUTHENTICATED,
      403: FORBIDDEN,
    },
  },
  {
    method: 'get',
    path: '/openapi.json',
    summary: 'This document',
    answers: { 200: { description: 'OpenAPI 3.1', shape: z.looseObject({ openapi: z.string() }) } },
  },
  health('/health', 'Whether Headwind is alive'),
  health('/livez', 'Whether Headwind is alive'),
  health('/readyz', 'Whether Headwind can serve'),
];

const SCHEMAS: Readonly<Record<string, z.ZodType>> = {
  UpdateRequest: UpdateRequestView,
  ActionAnswer,
  ActionBody,
  BulkBody,
  BulkAnswer,
  Session: SessionView,
  Blocker: BlockerShape,
  Workload: WorkloadShape,
  WebhookDelivery: WebhookDeliveryView,
  Problem: ProblemShape,
  Health: HealthShape,
  WorkloadEntries: EntriesView,
  WorkloadHistory: HistoryView,
  RollbackBody,
  RollbackAnswer,
  Hold: HoldView,
  ReleaseBody,
  ReleaseAnswer,
  PauseBody,
  PauseAnswer,
  Notifications: NotificationsView,
  TestBody,
  TestAnswer,
};

/** The OpenAPI 3.1 document of the approval API. */
export function openApiDocument(version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of API_ROUTES) (paths[route.path] ??= {})[route.method] = toOperation(route);
  return {
    openapi: '3.1.0',
    info: { title: 'Headwind approval API', version, license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: '/' }],
    paths,
    components: { schemas: toComponents() },
  };
}

function toComponents(): object {
  const registry = z.registry<{ id: string }>();
  for (const [id, shape] of Object.entries(SCHEMAS)) registry.add(shape, { id });
  const { schemas } = z.toJSONSchema(registry, { uri: toReference, override: simplify });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $schema: _dialect, $id: _id, ...schema }]) => [id, schema]),
  );
}

/** Leaves room for members to come, and `format` to say what a date is. */
function simplify({ jsonSchema }: { readonly jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
  if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
  delete jsonSchema.readOnly;
}

function toReference(id: string): string {
  return `#/components/schemas/${id}`;
}

function idOf(shape: z.ZodType): string | undefined {
  return Object.entries(SCHEMAS).find(([, known]) => known === shape)?.[0];
}

function toOperation({ path, summary, query, body, bodyType, answers }: DocumentedRoute): object {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const inQuery = Object.entries(query ?? {}).map(([name, { description, schema }]) => ({
    name,
    in: 'query',
    description,
    schema,
    ...('items' in schema && { style: 'form', explode: false }),
  }));
  return {
    summary,
    parameters: [...inPath, ...inQuery],
    ...(body && { requestBody: { required: false, content: toContent(body, bodyType) } }),
    responses: Object.fromEntries(
      Object.entries(answers).map(([status, answer]) => [status, toResponse(answer)]),
    ),
  };
}

function toResponse({ description, shape, contentType, headers }: DocumentedAnswer): object {
  return {
    description,
    ...(headers && {
      headers: Object.fromEntries(headers.map((name) => [name, { schema: { type: 'string' } }])),
    }),
    ...(shape && { content: toContent(shape, contentType) }),
  };
}

function toContent(shape: z.ZodType, contentType = 'application/json'): object {
  return { [contentType]: { schema: toSchema(shape) } };
}

function toSchema(shape: z.ZodType): object {
  const id = idOf(shape);
  if (id !== undefined) return { $ref: toReference(id) };
  if (shape instanceof z.ZodArray && shape.element instanceof z.ZodType)
    return { type: 'array', items: toSchema(shape.element) };
  const { $schema: _dialect, ...schema } = z.toJSONSchema(shape, { override: simplify });
  return schema;
}
