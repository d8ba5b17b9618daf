import { z } from 'zod';
import { refused, UNAUTHENTICATED, UNAVAILABLE, type DocumentedRoute } from './documented-route.ts';
import { NotificationsView, TestAnswer, TestBody } from './notification-shapes.ts';

const FORBIDDEN = refused('The caller lacks the right, or the request comes from a page of another site');

const test = (path: string): DocumentedRoute => ({
  method: 'post',
  path,
  summary: 'Send a test message to all targets of a channel, or to one target',
  body: TestBody,
  answers: {
    200: { description: 'It has arrived', shape: TestAnswer },
    400: refused('There is no such channel, or nothing is configured for it'),
    401: UNAUTHENTICATED,
    403: FORBIDDEN,
    413: refused('The body is too large'),
    415: refused('The body is not declared as JSON'),
    422: refused('The body does not have the expected shape'),
    500: refused('A target did not take it; the detail says which and why'),
    503: UNAVAILABLE,
  },
});

/** The routes of notifications, as the API's description has them. */
export const NOTIFICATION_ROUTES: readonly DocumentedRoute[] = [
  {
    method: 'get',
    path: '/api/v1/notifications',
    summary: 'Who is told of events, what waits, and what was given up',
    answers: {
      200: { description: 'All of it', shape: NotificationsView },
      401: UNAUTHENTICATED,
      403: FORBIDDEN,
      503: UNAVAILABLE,
    },
  },
  test('/api/v1/notifications/test'),
  test('/api/v1/settings/test-notification'),
];

/** What Slack posts when somebody presses a button. */
export const SLACK_ROUTE: DocumentedRoute = {
  method: 'post',
  path: '/slack/interactions',
  summary: 'For Slack alone, which signs what it posts: approve or reject by a button in a message',
  body: z.object({ payload: z.string() }),
  bodyType: 'application/x-www-form-urlencoded',
  answers: {
    200: { description: 'Taken; what came of it is posted to the response_url in the payload' },
    401: refused('The signature is missing, does not fit, is too old or came before; or no secret is set'),
    400: refused('The body ended before it was complete'),
    413: refused('The body is too large'),
    415: refused('The body is not declared as a form'),
    422: refused('The payload does not have the expected shape'),
    429: refused('Too much is in work; Retry-After says when to try again'),
  },
};
