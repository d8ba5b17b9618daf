import { refused, UNAUTHENTICATED, UNAVAILABLE, type DocumentedRoute } from './documented-route.ts';
import { PauseAnswer, PauseBody } from './pause-shapes.ts';

const route = (verb: string, summary: string): DocumentedRoute => ({
  method: 'post',
  path: `/api/v1/workloads/{kind}/{namespace}/{name}/${verb}`,
  summary,
  body: PauseBody,
  answers: {
    200: { description: 'It is so now, or was before', shape: PauseAnswer },
    400: refused('The body is not JSON'),
    401: UNAUTHENTICATED,
    403: refused('The caller lacks the right, or the request comes from a page of another site'),
    404: refused('There is no such workload'),
    409: refused('It keeps changing, or Kubernetes refuses the change'),
    413: refused('The body is too large'),
    415: refused('The body is not declared as JSON'),
    422: refused('The body does not have the expected shape'),
    503: UNAVAILABLE,
  },
});

/** The routes that freeze a workload and let it go on, as the API's description has them. */
export const PAUSE_ROUTES: readonly DocumentedRoute[] = [
  route('pause', 'Set headwind.sh/paused: nothing of the workload is updated until somebody lets it go on'),
  route('resume', 'Take headwind.sh/paused away'),
];
