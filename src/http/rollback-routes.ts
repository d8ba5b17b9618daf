import { z } from 'zod';
import {
  NAMESPACE,
  NO_REQUEST,
  refused,
  UNAUTHENTICATED,
  UNAVAILABLE,
  type DocumentedRoute,
} from './documented-route.ts';
import {
  EntriesView,
  HistoryView,
  HoldView,
  ReleaseAnswer,
  ReleaseBody,
  RollbackAnswer,
  RollbackBody,
} from './rollback-shapes.ts';

const KIND = {
  description: 'The kind, where workloads of several kinds have the name',
  schema: { type: 'string' },
};
const CONTAINER = { description: "Only this container's", schema: { type: 'string' } };
const FORBIDDEN = refused('The caller lacks the right, or the request comes from a page of another site');

const history = (path: string, shape: z.ZodType): DocumentedRoute => ({
  method: 'get',
  path,
  summary: 'What the containers of a workload were given, newest first',
  query: { kind: KIND, container: CONTAINER },
  answers: {
    200: { description: 'The entries, and what runs', shape },
    400: refused('A query parameter has a value that it cannot have'),
    401: UNAUTHENTICATED,
    403: FORBIDDEN,
    404: refused('There is no such workload or container'),
    409: refused('Workloads of several kinds have the name; kinds lists them'),
    503: UNAVAILABLE,
  },
});

const rollback = (path: string, summary: string): DocumentedRoute => ({
  method: 'post',
  path,
  summary,
  query: { kind: KIND },
  body: RollbackBody,
  answers: {
    200: { description: 'Done; or with dryRun, what it would do', shape: RollbackAnswer },
    202: {
      description: 'Recorded; applying waits or takes longer',
      shape: RollbackAnswer,
      headers: ['Location'],
    },
    400: refused('The body is not JSON, or a container has to be named'),
    401: UNAUTHENTICATED,
    403: FORBIDDEN,
    404: refused('There is no such workload, container or entry'),
    409: refused(
      'That runs already, or is another repository; workloads of several kinds have the name; or somebody else was first',
    ),
    413: refused('The body is too large'),
    415: refused('The body is not declared as JSON'),
    422: refused('The body does not have the expected shape'),
    500: refused('The rollback could not be carried out'),
    503: UNAVAILABLE,
  },
});

const release = (method: 'post' | 'delete', path: string): DocumentedRoute => ({
  method,
  path,
  summary: 'Lift a hold: its version may be proposed again',
  body: ReleaseBody,
  answers: {
    200: { description: 'It is lifted', shape: ReleaseAnswer },
    400: refused('The body is not JSON'),
    401: UNAUTHENTICATED,
    403: FORBIDDEN,
    404: NO_REQUEST,
    409: refused('It holds nothing back'),
    413: refused('The body is too large'),
    415: refused('The body is not declared as JSON'),
    422: refused('The body does not have the expected shape'),
    503: UNAVAILABLE,
  },
});

const WORKLOAD = '/api/v1/rollback/{namespace}/{name}';
const HOLD = '/api/v1/holds/{namespace}/{request}';

/** The routes of histories, rollbacks and holds, as the API's description has them. */
export const ROLLBACK_ROUTES: readonly DocumentedRoute[] = [
  history(WORKLOAD, EntriesView),
  history(`${WORKLOAD}/history`, HistoryView),
  rollback(WORKLOAD, 'Roll a container back to a version of its history'),
  rollback(
    `${WORKLOAD}/{container}`,
    'The same with the container in the path; without a body to the previous version',
  ),
  {
    method: 'get',
    path: '/api/v1/holds',
    summary: 'Versions that are not proposed, because somebody or a failed rollout said no to them',
    query: { namespace: NAMESPACE },
    answers: {
      200: { description: 'All of them', shape: z.array(HoldView) },
      400: refused('A query parameter has a value that it cannot have'),
      401: UNAUTHENTICATED,
      403: FORBIDDEN,
      503: UNAVAILABLE,
    },
  },
  release('delete', HOLD),
  release('post', `${HOLD}/release`),
];
