import { describe, expect, it } from 'vitest';
import { anApi, ApiAwayError } from '../../test/api-under-test.ts';
import { aRequest } from '../../test/builders.ts';
import { fail, ok } from '../core/result.ts';
import type { Authenticator } from './auth.ts';
import { ProblemShape } from './api-shapes.ts';
import { problem } from './problem.ts';
import type { History, NamedWorkload, RollbackOutcome, RollbackPlan } from './rollback-api.ts';
import { EntriesView, HistoryView, RollbackAnswer } from './rollback-shapes.ts';

const WEB = '/api/v1/rollback/shop/web';
const TIME = '2026-01-01T12:00:00Z';
const WORKLOAD: NamedWorkload = { kind: 'StatefulSet', namespace: 'shop', name: 'web' };
const ENTRIES = [
  {
    container: 'web',
    image: 'nginx:1.26',
    timestamp: TIME,
    updateRequestName: 'r2',
    approvedBy: 'ann',
    index: 0,
  },
  { container: 'proxy', image: 'envoy:2', timestamp: TIME, index: 0 },
  { container: 'web', image: 'nginx:1.25', timestamp: TIME, index: 1 },
];
const HISTORY: History = {
  kind: 'found',
  workload: WORKLOAD,
  containers: [
    { container: 'web', image: 'nginx:1.26' },
    { container: 'proxy', image: 'envoy:2' },
  ],
  entries: ENTRIES,
};
const PLAN: RollbackPlan = {
  workload: WORKLOAD,
  container: 'web',
  previousImage: 'nginx:1.26',
  image: 'nginx:1.25',
  index: 1,
  takesBack: ['r2'],
};
const REQUEST = aRequest({ name: 'undo', spec: { rollback: true }, status: { phase: 'Completed' } });
const DONE: RollbackOutcome = { kind: 'settled', plan: PLAN, outcome: { kind: 'done', request: REQUEST } };
const MALLORY: Authenticator = {
  authenticate: () => Promise.resolve(ok({ kind: 'known', username: 'carol' })),
};

async function problemOf(response: Response) {
  return ProblemShape.parse(await response.json());
}

describe('the history', () => {
  it('is answered newest first, with what runs', async () => {
    const { app, calls } = anApi({ history: HISTORY });
    const response = await app.request(WEB);

    expect(response.status).toBe(200);
    expect(EntriesView.parse(await response.json())).toEqual({
      kind: 'StatefulSet',
      containers: HISTORY.containers,
      entries: ENTRIES,
    });
    expect(calls).toEqual([
      { method: 'history', argument: { namespace: 'shop', name: 'web', kind: undefined } },
    ]);
  });

  it('of one container is newest first as well', async () => {
    const { app } = anApi({ history: HISTORY });
    const body = EntriesView.parse(await (await app.request(`${WEB}?container=web`)).json());

    expect(body.entries.map(({ image }) => image)).toEqual(['nginx:1.26', 'nginx:1.25']);
    expect(body.containers).toEqual([{ container: 'web', image: 'nginx:1.26' }]);
  });

  it('is answered in the other shape too', async () => {
    const { app } = anApi({ history: HISTORY });
    const response = await app.request(`${WEB}/history`);

    expect(HistoryView.parse(await response.json())).toEqual({
      deployment: 'web',
      namespace: 'shop',
      kind: 'StatefulSet',
      containers: HISTORY.containers,
      history: ENTRIES,
    });
  });

  it('of a kind is asked for that kind, in any of its names', async () => {
    const { app, calls } = anApi({ history: HISTORY });
    await app.request(`${WEB}?kind=sts`);

    expect(calls[0]?.argument).toMatchObject({ kind: 'StatefulSet' });
  });

  it.each([
    ['an unknown container', `${WEB}?container=cache`, HISTORY, 404, 'HW_CONTAINER_NOT_FOUND'],
    ['an unknown workload', WEB, { kind: 'no-workload' }, 404, 'HW_WORKLOAD_NOT_FOUND'],
    [
      'several workloads of the name',
      `${WEB}/history`,
      { kind: 'several-kinds', kinds: ['Deployment', 'DaemonSet'] },
      409,
      'HW_KIND_AMBIGUOUS',
    ],
    ['an unknown kind', `${WEB}?kind=pod`, HISTORY, 400, 'HW_BAD_QUERY'],
    ['an API server that is away', WEB, new ApiAwayError('away'), 503, 'HW_UNAVAILABLE'],
    ['what nobody expected', WEB, new Error('secret'), 500, 'HW_INTERNAL'],
  ] as const)('%s', async (...[, path, history, status, code]) => {
    const { app } = anApi({ history });
    const response = await app.request(path);

    expect(response.status).toBe(status);
    expect((await problemOf(response)).code).toBe(code);
  });

  it('of what Kubernetes could not name is not asked for', async () => {
    const { app, calls } = anApi({ history: HISTORY });

    expect((await app.request('/api/v1/rollback/shop/No%00pe')).status).toBe(404);
    expect(calls).toEqual([]);
  });

  it('lists the kinds that have the name', async () => {
    const { app } = anApi({ history: { kind: 'several-kinds', kinds: ['Deployment', 'DaemonSet'] } });

    expect(await problemOf(await app.request(WEB))).toMatchObject({
      kinds: ['Deployment', 'DaemonSet'],
      detail: 'There are several workloads shop/web: Deployment, DaemonSet; say which with ?kind=.',
    });
  });
});

describe('a rollback', () => {
  it('answers all members of both shapes, and leaves a record', async () => {
    const { post, calls, audited } = anApi({ rollback: DONE });
    const response = await post(WEB, { container: 'web', index: 1, user: 'ann', reason: 'broken' });

    expect(response.status).toBe(200);
    expect(RollbackAnswer.parse(await response.json())).toEqual({
      message: 'Rollback successful',
      deployment: 'web',
      namespace: 'shop',
      kind: 'StatefulSet',
      container: 'web',
      image: 'nginx:1.25',
      rolledBackTo: 'nginx:1.25',
      previousImage: 'nginx:1.26',
      index: 1,
      user: 'ann',
      reason: 'broken',
      dryRun: false,
      updateRequest: 'undo',
      phase: 'Completed',
      takesBack: ['r2'],
    });
    expect(calls).toEqual([
      {
        method: 'rollBack',
        argument: {
          workload: { namespace: 'shop', name: 'web', kind: undefined },
          container: 'web',
          wish: { index: 1 },
          dryRun: false,
          identity: 'ann',
          reason: 'broken',
        },
      },
    ]);
    expect(audited).toEqual([
      {
        username: 'ann',
        action: 'rollback',
        resourceType: 'StatefulSet',
        namespace: 'shop',
        name: 'web',
        result: 'success',
        reason: 'broken',
      },
    ]);
  });

  it.each<[string, string, unknown, object]>([
    [
      'the container in the path, without a body',
      `${WEB}/proxy`,
      undefined,
      { container: 'proxy', wish: { index: 1 } },
    ],
    ['a container named history', `${WEB}/history`, undefined, { container: 'history' }],
    ['no container', WEB, {}, { container: undefined, wish: { index: 1 } }],
    ['an empty body', WEB, undefined, { container: undefined, wish: { index: 1 }, dryRun: false }],
    ['an index', WEB, { index: 3 }, { wish: { index: 3 } }],
    ['an image', WEB, { image: '1.25' }, { wish: { image: '1.25' } }],
    ['null for what is not said', WEB, { container: null, index: null, user: null }, { identity: 'unknown' }],
    ['the same container twice', `${WEB}/web`, { container: 'web' }, { container: 'web' }],
    ['a kind in the body', WEB, { kind: 'Deployment' }, { workload: { kind: 'Deployment' } }],
    ['a kind in the query', `${WEB}/web?kind=ds`, undefined, { workload: { kind: 'DaemonSet' } }],
    ['a dry run', WEB, { dryRun: true }, { dryRun: true }],
  ])('takes %s', async (_name, path, body, expected) => {
    const { post, calls } = anApi({ rollback: DONE });

    expect((await post(path, body)).status).toBe(200);
    expect(calls[0]?.argument).toMatchObject(expected);
  });

  it('that is a dry run answers what it would do', async () => {
    const { post, audited } = anApi({ rollback: { kind: 'planned', plan: PLAN } });
    const response = await post(WEB, { dryRun: true });

    expect(RollbackAnswer.parse(await response.json())).toMatchObject({
      message: 'Would roll back web from nginx:1.26 to nginx:1.25',
      dryRun: true,
      updateRequest: null,
      phase: null,
    });
    expect(audited).toMatchObject([
      { result: 'success', reason: expect.stringContaining('Would roll back') },
    ]);
  });

  it('that waits is accepted, and says where to look', async () => {
    const request = aRequest({ name: 'undo', status: { phase: 'Approved' } });
    const outcome = { kind: 'accepted', request, message: 'Approved, not applied yet: paused' } as const;
    const { post } = anApi({ rollback: { kind: 'settled', plan: PLAN, outcome } });
    const response = await post(WEB, {});

    expect(response.status).toBe(202);
    expect(response.headers.get('location')).toBe('/api/v1/updates/shop/undo');
    expect(await response.json()).toMatchObject({ phase: 'Approved', message: outcome.message });
  });

  it('records the authenticated name, whatever the body says', async () => {
    const { post, calls, audited } = anApi({ rollback: DONE, authenticator: MALLORY });
    await post(WEB, { user: 'mallory' });

    expect(calls[0]?.argument).toMatchObject({ identity: 'carol' });
    expect(audited[0]?.username).toBe('carol');
  });

  const refused = (
    kind: 'ambiguous' | 'unknown-container' | 'no-entry' | 'runs-already' | 'other-repository',
  ) =>
    ({
      kind: 'refused',
      workload: WORKLOAD,
      refusal: { kind, container: 'web', message: `so: ${kind}` },
    }) as const;
  const failed = aRequest({ status: { phase: 'Failed', message: 'Update failed: admission refused it' } });

  it.each<[string, RollbackOutcome | Error, number, object]>([
    ['no workload', { kind: 'no-workload' }, 404, { code: 'HW_WORKLOAD_NOT_FOUND' }],
    [
      'several kinds',
      { kind: 'several-kinds', kinds: ['Deployment', 'DaemonSet'] },
      409,
      { code: 'HW_KIND_AMBIGUOUS' },
    ],
    ['several containers', refused('ambiguous'), 400, { code: 'HW_CONTAINER_AMBIGUOUS' }],
    ['an unknown container', refused('unknown-container'), 404, { code: 'HW_CONTAINER_NOT_FOUND' }],
    [
      'no entry',
      refused('no-entry'),
      404,
      { code: 'HW_HISTORY_NOT_FOUND', error: 'so: no-entry', deployment: 'web', container: 'web', index: 7 },
    ],
    ['what runs', refused('runs-already'), 409, { code: 'HW_ROLLBACK_IMPOSSIBLE' }],
    ['another repository', refused('other-repository'), 409, { code: 'HW_ROLLBACK_IMPOSSIBLE' }],
    [
      'a refusing cluster',
      { kind: 'settled', plan: PLAN, outcome: { kind: 'done', request: failed } },
      500,
      {
        code: 'HW_ROLLBACK_FAILED',
        error: 'Rollback failed: Update failed: admission refused it',
        deployment: 'web',
        container: 'web',
      },
    ],
    [
      'somebody who was first',
      { kind: 'settled', plan: PLAN, outcome: { kind: 'conflict', message: 'it moved', phase: 'Rejected' } },
      409,
      { code: 'HW_CONFLICT', current_phase: 'Rejected' },
    ],
    [
      'a request that is gone',
      { kind: 'settled', plan: PLAN, outcome: { kind: 'not-found' } },
      500,
      { code: 'HW_ROLLBACK_FAILED' },
    ],
    ['an API server that is away', new ApiAwayError('away'), 503, { code: 'HW_UNAVAILABLE' }],
    ['what nobody expected', new Error('secret'), 500, { code: 'HW_INTERNAL' }],
  ])('is never recorded as success with %s', async (_name, rollback, status, expected) => {
    const { post, audited } = anApi({ rollback });
    const response = await post(WEB, { index: 7 });
    const text = await response.text();

    expect(response.status).toBe(status);
    expect(JSON.parse(text)).toMatchObject(expected);
    expect(text).not.toContain('secret');
    expect(audited).toMatchObject([{ action: 'rollback', result: 'error', namespace: 'shop', name: 'web' }]);
  });

  it.each<[string, string, unknown, number]>([
    ['not JSON', WEB, '{', 400],
    ['a list', WEB, [], 422],
    ['half an index', WEB, { index: 0.5 }, 422],
    ['an index below zero', WEB, { index: -1 }, 422],
    ['an index in quotes', WEB, { index: '1' }, 422],
    ['index and image', WEB, { index: 1, image: 'x' }, 422],
    ['two containers', `${WEB}/web`, { container: 'proxy' }, 422],
    ['an unknown kind', WEB, { kind: 'pod' }, 422],
    ['an endless name', WEB, { user: 'x'.repeat(300) }, 422],
    ['a huge body', WEB, { reason: 'x'.repeat(100_000) }, 413],
  ])('refuses %s, and keeps a record of it', async (_name, path, body, status) => {
    const { post, calls, audited } = anApi({ rollback: DONE });

    expect((await post(path, body)).status).toBe(status);
    expect(calls).toEqual([]);
    expect(audited).toMatchObject([{ action: 'rollback', result: 'error' }]);
  });

  it('is refused to whoever is not signed in', async () => {
    const authenticator: Authenticator = {
      authenticate: () => Promise.resolve(fail(problem('HW_UNAUTHENTICATED', 'who are you'))),
    };
    const { post, app, calls, audited } = anApi({ rollback: DONE, authenticator });

    expect((await post(`${WEB}/web`)).status).toBe(401);
    expect((await app.request(WEB)).status).toBe(401);
    expect(calls).toEqual([]);
    expect(audited).toMatchObject([{ action: 'rollback', result: 'error' }]);
  });

  it('is refused to a page of another site', async () => {
    const { post, calls } = anApi({ rollback: DONE });

    expect((await post(`${WEB}/web`, undefined, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect(calls).toEqual([]);
  });
});
