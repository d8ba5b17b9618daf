import { BulkAnswer, BulkBody, SessionView } from './api-shapes.ts';
import { refused, UNAUTHENTICATED, UNAVAILABLE, type DocumentedRoute } from './documented-route.ts';

const bulk = (verb: string): DocumentedRoute => ({
  method: 'post',
  path: `/api/v1/updates/bulk/${verb}`,
  summary: `The same as ${verb} for each of up to 100 requests`,
  body: BulkBody,
  answers: {
    200: { description: 'What came of them; errors names those that failed', shape: BulkAnswer },
    400: refused('The body is not JSON'),
    401: UNAUTHENTICATED,
    403: refused('The request comes from a page of another site, or lacks the CSRF token of its session'),
    413: refused('The body is too large'),
    415: refused('The body is not declared as JSON'),
    422: refused('The body does not have the expected shape'),
    503: UNAVAILABLE,
  },
});

/** Who asks, and decisions about many requests at once. */
export const ACCESS_ROUTES: readonly DocumentedRoute[] = [
  bulk('approve'),
  bulk('reject'),
  {
    method: 'get',
    path: '/api/v1/session',
    summary: 'Who asks, and what they may do',
    query: {
      namespace: { description: 'In this namespace; in all of them without it', schema: { type: 'string' } },
    },
    answers: {
      200: { description: 'Who asks', shape: SessionView },
      400: refused('A query parameter has a value that it cannot have'),
      401: UNAUTHENTICATED,
      503: UNAVAILABLE,
    },
  },
];
