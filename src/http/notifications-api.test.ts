import { describe, expect, it } from 'vitest';
import { anApi } from '../../test/api-under-test.ts';
import { fail, ok } from '../core/result.ts';
import { ProblemShape } from './api-shapes.ts';
import type { Authorizer } from './auth.ts';
import type { DeadLetter, Notifications, TargetState } from './notifications-api.ts';
import { problem } from './problem.ts';

const TARGETS: readonly TargetState[] = [
  { id: 'slack', channel: 'slack', waiting: 2, failures: 3, trouble: 'hooks.slack.com answered 503' },
  { id: 'hook-a', channel: 'webhook', waiting: 0, failures: 0, trouble: undefined },
  { id: 'hook-b', channel: 'webhook', waiting: 0, failures: 0 },
];
const LETTER: DeadLetter = {
  id: 'uid.update_completed',
  target: 'slack',
  channel: 'slack',
  event: 'update_completed',
  workload: { kind: 'Deployment', namespace: 'shop', name: 'web', container: 'web' },
  updateRequestName: 'web-web-1-26-0',
  reason: 'hooks.slack.com answered 404',
  attempts: 1,
  atMs: Date.UTC(2026, 0, 1, 12),
};

/** Tests of `hook-b` fail. */
function notifications(): Notifications & { readonly tested: string[] } {
  const tested: string[] = [];
  return {
    tested,
    targets: () => TARGETS,
    deadLetters: () => [LETTER],
    test: (target) => {
      tested.push(target);
      const verdict =
        target === 'hook-b' ? { outcome: 'later', reason: 'b.example refused' } : { outcome: 'delivered' };
      return Promise.resolve(verdict);
    },
  };
}

/** Lets everybody do what `allowed` says. */
function anAuthorizer(allowed: Parameters<Authorizer['authorize']>[0]['verb']): Authorizer {
  return {
    authorize: ({ verb, namespace }) =>
      Promise.resolve(
        verb === allowed && namespace !== undefined ? ok(undefined) : fail(problem('HW_FORBIDDEN', 'no')),
      ),
  };
}

async function problemOf(response: Response) {
  return ProblemShape.parse(await response.json());
}

describe('GET /api/v1/notifications', () => {
  it('shows targets without their addresses, and what was given up', async () => {
    const { app } = anApi({ notifications: notifications() });
    const response = await app.request('/api/v1/notifications');
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      targets: [
        { id: 'slack', channel: 'slack', waiting: 2, failures: 3, trouble: 'hooks.slack.com answered 503' },
        { id: 'hook-a', channel: 'webhook', waiting: 0, failures: 0 },
        { id: 'hook-b', channel: 'webhook', waiting: 0, failures: 0 },
      ],
      deadLetters: [
        {
          id: 'uid.update_completed',
          target: 'slack',
          channel: 'slack',
          event: 'update_completed',
          kind: 'Deployment',
          namespace: 'shop',
          name: 'web',
          container: 'web',
          updateRequest: 'web-web-1-26-0',
          reason: 'hooks.slack.com answered 404',
          attempts: 1,
          at: '2026-01-01T12:00:00Z',
        },
      ],
    });
  });

  it('shows nobody what was about a namespace that they may not see', async () => {
    const authorizer = anAuthorizer('list');
    const { app } = anApi({ notifications: notifications(), authorizer, namespaces: ['other'] });
    expect(await (await app.request('/api/v1/notifications')).json()).toMatchObject({ deadLetters: [] });
  });
});

describe.each(['/api/v1/notifications/test', '/api/v1/settings/test-notification'])('POST %s', (path) => {
  it.each([
    ['a type', { type: 'slack' }, ['slack'], 'Test Slack notification sent successfully'],
    ['a channel', { channel: 'slack' }, ['slack'], 'Test Slack notification sent successfully'],
    ['a target', { target: 'hook-a' }, ['hook-a'], 'Test webhook notification sent successfully'],
  ])('sends one to %s', async (_, body, tested, message) => {
    const api = notifications();
    const { post, audited } = anApi({ notifications: api });
    const response = await post(path, body);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ message, results: [{ result: 'delivered' }] });
    expect(api.tested).toEqual(tested);
    expect(audited).toMatchObject([{ action: 'test_notification', result: 'success' }]);
  });

  it('says which of several targets did not take it, and why', async () => {
    const response = await anApi({ notifications: notifications() }).post(path, { type: 'webhook' });
    expect(response.status).toBe(500);
    expect((await problemOf(response)).error).toBe(
      'Failed to send Webhook notification: hook-b: b.example refused',
    );
  });

  it.each([
    ['another type', { type: 'pager' }, "Invalid notification type. Must be 'slack', 'teams', or 'webhook'"],
    ['nothing', {}, "Invalid notification type. Must be 'slack', 'teams', or 'webhook'"],
    ['a channel without targets', { type: 'teams' }, 'Teams not configured: there is no such target'],
    [
      'an unknown target',
      { channel: 'webhook', target: 'hook-c' },
      'Webhook not configured: there is no target hook-c; there are: hook-a, hook-b',
    ],
  ])('answers 400 for %s', async (_, body, error) => {
    const api = notifications();
    const { post, audited } = anApi({ notifications: api });
    const response = await post(path, body);
    expect(response.status).toBe(400);
    expect((await problemOf(response)).error).toBe(error);
    expect(api.tested).toEqual([]);
    expect(audited).toMatchObject([{ result: 'error', reason: error }]);
  });

  it('needs the right to change settings', async () => {
    const api = notifications();
    const refused = await anApi({ notifications: api, authorizer: anAuthorizer('approve') }).post(path, {
      type: 'slack',
    });
    expect(refused.status).toBe(403);
    expect(api.tested).toEqual([]);
    const may = anApi({ notifications: api, authorizer: anAuthorizer('update') });
    expect((await may.post(path, { type: 'slack' })).status).toBe(200);
  });
});
