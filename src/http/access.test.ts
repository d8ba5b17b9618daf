import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { anApi, ApiAwayError } from '../../test/api-under-test.ts';
import { aRequest } from '../../test/builders.ts';
import { aDashboardOver } from '../../test/dashboard-under-test.ts';
import { fail, ok } from '../core/result.ts';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { createDoors, type AuthMode } from './auth/door.ts';
import type { Authenticator, Authorizer, Right } from './auth.ts';
import type { EdgeApp } from './edge.ts';
import { problem } from './problem.ts';

const CAROL: Authenticator = {
  authenticate: () => Promise.resolve(ok({ kind: 'known', username: 'carol' })),
};
const NOBODY: Authenticator = {
  authenticate: () => Promise.resolve(fail(problem('HW_UNAUTHENTICATED', 'Nobody is signed in.'))),
};
const ONE = '/api/v1/updates/shop/web-web-1-26-0-00000000';

const Filter = z.object({
  visible: z.custom<(namespace: string) => boolean>((value) => typeof value === 'function'),
});

/** Rights as `allows` says, and what was asked. */
function rights(allows: (right: Right) => boolean): { authorizer: Authorizer; asked: Right[] } {
  const asked: Right[] = [];
  const authorizer: Authorizer = {
    authorize: ({ identity: _identity, ...right }) => {
      asked.push(right);
      return Promise.resolve(allows(right) ? ok(undefined) : fail(problem('HW_FORBIDDEN', 'You may not.')));
    },
  };
  return { authorizer, asked };
}

/** Every route of an app with something in place of its parameters. */
function routesOf(app: EdgeApp): readonly (readonly [string, string])[] {
  const served = app.routes.filter(({ method }) => method !== 'ALL');
  const filled = served.map(({ method, path }) => [method, path.replaceAll(/:\w+/g, 'shop')] as const);
  return [...new Map(filled.map((route) => [route.join(' '), route])).values()];
}

/** Asks nobody who they are: what comes is signed by Slack, or refused. */
const SIGNED = '/slack/interactions';
const OPEN_TO_ALL = [
  SIGNED,
  '/health',
  '/livez',
  '/readyz',
  '/openapi.json',
  '/auth/sign-in',
  '/auth/sign-out',
  '/assets/shop',
  '/theme.js',
  '/favicon.svg',
];

function aDashboard(options: Parameters<typeof anApi>[0] = {}) {
  const api = anApi(options);
  const dashboard = aDashboardOver(api.dependencies);
  return { ...api, app: dashboard };
}

describe.each([
  ['the approval API', anApi],
  ['the dashboard', aDashboard],
] as const)('%s', (_name, make) => {
  it('lets nobody in whom it does not know, on no route', async () => {
    const { app, calls } = make({ authenticator: NOBODY });
    const routes = routesOf(app).filter(([, path]) => path === SIGNED || !OPEN_TO_ALL.includes(path));

    expect(routes.length).toBeGreaterThan(10);
    for (const [method, path] of routes)
      expect([method, path, (await app.request(path, { method })).status]).toEqual([method, path, 401]);
    expect(calls).toEqual([]);
  });

  it('lets nobody do what they have no right to, on no route, and keeps a record of each try', async () => {
    const { app, calls, audited } = make({
      authenticator: CAROL,
      authorizer: rights(() => false).authorizer,
    });
    const changing = routesOf(app).filter(([method]) => method !== 'GET');
    const single = changing.filter(([, path]) => !path.includes('/bulk/') && !OPEN_TO_ALL.includes(path));

    for (const [method, path] of single)
      expect([path, (await app.request(path, { method })).status]).toEqual([path, 403]);
    expect(calls).toEqual([]);
    expect(audited).toHaveLength(single.length);
    expect(new Set(audited.map(({ username, result }) => `${username} ${result}`))).toEqual(
      new Set(['carol error']),
    );
  });

  it('shows nobody what they have no right to see, on no route', async () => {
    const { app } = make({ authenticator: CAROL, authorizer: rights(() => false).authorizer });
    // Listings leave out what somebody may not see; who somebody is, and how the page behaves, they may always know.
    const narrowed = [
      '/api/v1/updates',
      '/api/v1/workloads',
      '/api/v1/holds',
      '/api/v1/notifications',
      '/api/v1/session',
      '/api/v1/dashboard/preferences',
      '/api/v1/dashboard/updates',
      '/api/v1/dashboard/selection',
      '/api/v1/dashboard/workloads',
      '/api/v1/dashboard/preferences',
    ];
    // The pages are the same for everybody; what they show they ask for.
    const reading = routesOf(app).filter(([method, path]) => method === 'GET' && path.startsWith('/api/'));

    for (const [, path] of reading.filter(([, path]) => !narrowed.includes(path)))
      expect([path, (await app.request(path)).status]).toEqual([path, 403]);
  });

  it('takes nothing from pages of other sites, on no route', async () => {
    const { app, calls } = make({ authenticator: CAROL });
    const changing = routesOf(app).filter(
      ([method, path]) => method !== 'GET' && !OPEN_TO_ALL.includes(path),
    );

    for (const [method, path] of changing)
      for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { origin: 'https://evil.example' }])
        expect([path, (await app.request(path, { method, headers })).status]).toEqual([path, 403]);
    expect(calls).toEqual([]);
  });
});

describe('a right', () => {
  it.each([
    ['POST', `${ONE}/approve`, { verb: 'approve', namespace: 'shop', name: 'web-web-1-26-0-00000000' }],
    ['POST', `${ONE}/reject`, { verb: 'reject', namespace: 'shop', name: 'web-web-1-26-0-00000000' }],
    ['GET', ONE, { verb: 'get', namespace: 'shop', name: 'web-web-1-26-0-00000000' }],
    ['GET', '/api/v1/updates', { verb: 'list', namespace: undefined }],
    ['GET', '/api/v1/updates?namespace=shop', { verb: 'list', namespace: 'shop' }],
    ['GET', '/api/v1/workloads?namespace=shop', { verb: 'list', namespace: 'shop' }],
    ['GET', '/api/v1/webhooks/recent', { verb: 'list', namespace: undefined }],
  ])('%s %s needs %j', async (method, path, right) => {
    const { authorizer, asked } = rights(() => true);
    const { app } = anApi({ authenticator: CAROL, authorizer });

    expect((await app.request(path, { method })).status).toBe(200);
    expect(asked).toEqual([right]);
  });

  it('to see some namespaces narrows a listing to them', async () => {
    const { authorizer } = rights(({ namespace }) => namespace === 'shop');
    const { app, calls } = anApi({ authenticator: CAROL, authorizer, namespaces: ['shop', 'blog', 'shop'] });

    expect((await app.request('/api/v1/updates')).status).toBe(200);
    const { visible } = Filter.parse(calls[0]?.argument);
    expect(['shop', 'blog', 'later'].map((namespace) => visible(namespace))).toEqual([true, false, false]);
  });

  it('is not asked for in one listing of more than 500 namespaces', async () => {
    const { authorizer, asked } = rights(() => false);
    const namespaces = Array.from({ length: 501 }, (_, at) => `n-${at}`);
    const { app } = anApi({ authenticator: CAROL, authorizer, namespaces });

    expect((await app.request('/api/v1/updates')).status).toBe(403);
    expect(asked).toHaveLength(1);
  });

  it('that cannot be asked about is none, and says so', async () => {
    const authorizer: Authorizer = { authorize: () => Promise.reject(new ApiAwayError('away')) };
    const { app, post, calls, audited } = anApi({ authenticator: CAROL, authorizer, namespaces: ['shop'] });

    for (const response of [
      await post(`${ONE}/approve`),
      await app.request(ONE),
      await app.request('/api/v1/updates'),
    ])
      expect(response.status).toBe(503);
    expect(calls).toEqual([]);
    expect(audited).toMatchObject([{ username: 'carol', result: 'error' }]);
  });

  it('that nobody could ask about for a reason that nobody expected is none either', async () => {
    const authenticator: Authenticator = { authenticate: () => Promise.reject(new Error('token=hunter2')) };
    const { app } = anApi({ authenticator });
    const response = await app.request('/api/v1/updates');

    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('hunter2');
  });
});

describe('the same decision about several requests', () => {
  const updates = [
    { namespace: 'shop', name: 'one' },
    { namespace: 'blog', name: 'two' },
  ];

  it('is judged, carried out and recorded for each by itself', async () => {
    const { authorizer } = rights(({ namespace }) => namespace === 'shop');
    const { post, calls, audited } = anApi({ authenticator: CAROL, authorizer });
    const response = await post('/api/v1/updates/bulk/reject', {
      updates,
      approver: 'mallory',
      reason: 'no',
    });

    expect(await response.json()).toEqual({
      success_count: 1,
      failed_count: 1,
      errors: ['blog/two: HTTP 403 Forbidden: You may not.'],
    });
    expect(calls.map(({ argument }) => argument)).toEqual([
      { namespace: 'shop', name: 'one', identity: 'carol', reason: 'no' },
    ]);
    expect(audited.toSorted((a, b) => (a.result < b.result ? 1 : -1))).toMatchObject([
      {
        username: 'carol',
        action: 'bulk_reject',
        namespace: 'shop',
        name: 'one',
        result: 'success',
        reason: 'no',
      },
      { username: 'carol', action: 'bulk_reject', namespace: 'blog', name: 'two', result: 'error' },
    ]);
  });

  it('counts a request that is named twice once', async () => {
    const { post, calls } = anApi();
    await post('/api/v1/updates/bulk/approve', { updates: [updates[0], updates[0]] });

    expect(calls).toHaveLength(1);
  });

  it('says what became of each where nothing succeeds', async () => {
    const outcome = {
      kind: 'conflict',
      message: 'UpdateRequest is in Failed state, cannot approve',
    } as const;
    const { post } = anApi({ outcome });
    const response = await post('/api/v1/updates/bulk/approve', { updates: [updates[0]] });

    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      failed_count: 1,
      errors: ['shop/one: HTTP 409 Conflict: UpdateRequest is in Failed state, cannot approve'],
    });
  });

  it.each([
    ['nothing', undefined],
    ['none', { updates: [] }],
    [
      'too many',
      { updates: Array.from({ length: 101 }, (_, at) => ({ namespace: 'shop', name: `r-${at}` })) },
    ],
    ['names of another type', { updates: [{ namespace: 'shop', name: 5 }] }],
  ])('422 for %s, and one record', async (_name, body) => {
    const { post, audited, calls } = anApi();

    expect((await post('/api/v1/updates/bulk/approve', body)).status).toBe(422);
    expect(calls).toEqual([]);
    expect(audited).toMatchObject([{ action: 'bulk_approve', result: 'error' }]);
  });
});

describe('the dashboard’s own routes', () => {
  it('take forms as they always did', async () => {
    const { app, calls } = aDashboard();
    const response = await app.request(`${ONE}/reject`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'approver=web-ui&reason=not+ready%21',
    });

    expect(response.status).toBe(200);
    expect(calls[0]?.argument).toMatchObject({ identity: 'web-ui', reason: 'not ready!' });
  });
});

describe('mode none', () => {
  it.each([
    ['a page of ours', 'http://localhost:8082', 'localhost:8082', 200],
    ['a page of ours at its own URL', 'https://headwind.example.com', 'headwind.example.com', 200],
    ['a program, by whatever name', undefined, 'anything.example', 200],
    ['a page of another site whose name points here', 'http://evil.example:8082', 'evil.example:8082', 403],
  ] as const)('%s', async (...[, origin, host, status]) => {
    const { ui } = createDoors({
      api: 'none',
      ui: 'none',
      ownUrls: ['https://headwind.example.com'],
      trustedProxies: [],
      proxyHeader: 'X-Forwarded-User',
      sessionSecrets: [],
      reviewToken: () => Promise.resolve(undefined),
      reviewAccess: () => Promise.resolve(false),
      clock: new FakeClock(),
      log: { warn: () => undefined },
    });
    const { post } = anApi({ authenticator: ui.authenticator });
    const headers = { host, ...(origin !== undefined && { origin }) };

    expect((await post(`${ONE}/approve`, {}, headers)).status).toBe(status);
  });
});

describe('signing in', () => {
  const TOKEN = 'right';

  function aDoor(mode: AuthMode = 'token') {
    const clock = new FakeClock();
    const api = anApi({ requests: [aRequest()] });
    const { ui } = createDoors({
      api: 'none',
      ui: mode,
      trustedProxies: [],
      proxyHeader: 'X-Forwarded-User',
      sessionSecrets: ['k'.repeat(40)],
      reviewToken: (token) => Promise.resolve(token === TOKEN ? { username: 'alice' } : undefined),
      reviewAccess: () => Promise.resolve(true),
      clock,
      log: { warn: () => undefined },
    });
    const { authenticator, authorizer, mountSignIn } = ui;
    const app = aDashboardOver({
      ...api.dependencies,
      authMode: mode,
      authenticator,
      authorizer,
      ...(mountSignIn && { mountSignIn }),
    });
    const signIn = async (fields: Record<string, string>, headers: Record<string, string> = {}) =>
      app.request('/auth/sign-in', {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
        body: new URLSearchParams(fields).toString(),
      });
    return { clock, app, signIn };
  }

  it.each([
    ['/', '/'],
    ['/updates/shop/web?tab=1', '/updates/shop/web?tab=1'],
    ['https://evil.example/', '/'],
    ['//evil.example/', '/'],
    ['/\\evil.example', '/'],
    ['/.//evil.example', '/'],
    ['javascript:alert(1)', '/'],
    ['/auth/sign-out', '/'],
    [`/${'x'.repeat(3000)}`, '/'],
  ])('leads from %s to %s', async (next, location) => {
    const { signIn } = aDoor();
    const response = await signIn({ token: TOKEN, next });

    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toBe(location);
  });

  it('shows a complaint and never the token', async () => {
    const { signIn } = aDoor();
    const response = await signIn({ token: 'wrong-<b>token</b>', next: '/"><script>' });
    const text = await response.text();

    expect(response.status).toBe(401);
    expect(text).toContain('role="alert"');
    expect(text).not.toMatch(/wrong-|<b>|<script/);
    expect(response.headers.has('set-cookie')).toBe(false);
  });

  it('is no use to a page of another site', async () => {
    const { signIn } = aDoor();

    expect((await signIn({ token: TOKEN }, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await signIn({ token: TOKEN }, { origin: 'null' })).status).toBe(403);
  });

  it('is not there in other modes', async () => {
    const { app } = aDoor('none');

    expect((await app.request('/auth/sign-in')).status).toBe(404);
  });

  it('lasts while the dashboard is used, by a cookie that is replaced every five minutes', async () => {
    const { clock, app, signIn } = aDoor();
    const cookieOf = (response: Response): string => response.headers.get('set-cookie')?.split(';')[0] ?? '';
    const cookie = cookieOf(await signIn({ token: TOKEN }));
    const ask = async (sent: string) => app.request('/api/v1/session', { headers: { cookie: sent } });

    expect((await ask(cookie)).headers.has('set-cookie')).toBe(false);
    await clock.advance(25 * 60_000);
    const renewed = cookieOf(await ask(cookie));
    expect(renewed).toMatch(/^headwind-session=./);
    await clock.advance(25 * 60_000);
    expect((await ask(renewed)).status).toBe(200);
    expect((await ask(cookie)).status).toBe(401);
  });

  it('sends browsers to the page, and programs away', async () => {
    const { app } = aDoor();
    const browser = await app.request('/?q=1', { headers: { accept: 'text/html,*/*' } });

    expect(browser.headers.get('location')).toBe('/auth/sign-in?next=%2F%3Fq%3D1');
    expect((await app.request('/')).status).toBe(401);
    expect((await app.request('/', { headers: { authorization: `Bearer ${TOKEN}` } })).status).toBe(200);
  });
});
