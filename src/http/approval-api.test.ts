import { describe, expect, it } from 'vitest';
import { anApi, ApiAwayError } from '../../test/api-under-test.ts';
import { aRequest } from '../../test/builders.ts';
import { fail } from '../core/result.ts';
import { ActionAnswer, ProblemShape, UpdateRequestView } from './api-shapes.ts';
import type { Authenticator } from './auth.ts';
import { problem } from './problem.ts';

const COMPLETED = aRequest({ status: { phase: 'Completed', message: 'Update applied successfully' } });
const FAILED = aRequest({ status: { phase: 'Failed', message: 'Update failed: container is gone' } });
const ONE = '/api/v1/updates/shop/web-web-1-26-0-00000000';

async function problemOf(response: Response) {
  return ProblemShape.parse(await response.json());
}

describe('listing', () => {
  it('answers an array of whole objects, each with the flat members of the older shape', async () => {
    const { app } = anApi();
    const response = await app.request('/api/v1/updates');

    expect(response.status).toBe(200);
    expect(await response.json()).toEqual([
      {
        ...aRequest(),
        namespace: 'shop',
        name: 'web-web-1-26-0-00000000',
        deployment: 'web',
        currentImage: 'nginx:1.25.0',
        newImage: 'nginx:1.26.0',
        phase: 'Pending',
      },
    ]);
  });

  it.each([
    ['', {}],
    ['?phase=Pending', { phase: ['Pending'] }],
    ['?phase=pending,%20COMPLETED', { phase: ['Pending', 'Completed'] }],
    ['?phase=Pending&phase=Failed', { phase: ['Pending', 'Failed'] }],
    ['?namespace=shop&limit=50', { namespace: 'shop', limit: 50 }],
    ['?continue=Y29udGludWUgMjAyNiBzaG9wL3dlYg', { continue: '2026 shop/web' }],
    ['?unknown=1&__proto__=x', {}],
  ])('%j asks for %j', async (query, expected) => {
    const { app, calls } = anApi();

    expect((await app.request(`/api/v1/updates${query}`)).status).toBe(200);
    expect(calls).toEqual([{ method: 'list', argument: expected }]);
  });

  it.each([
    ['?phase=Sleeping', /^phase: must be one or several of Pending, Approved/],
    ['?phase=', /^phase: /],
    ['?phase=Pending,,', /^phase: /],
    ['?limit=0', /^limit: must be from 1 to 1000/],
    ['?limit=1001', /^limit: must be from 1 to 1000/],
    ['?limit=many', /^limit: must be a number/],
    ['?limit=1.5', /^limit: must be a whole number/],
    ['?limit=1&limit=2', /^limit: must be a number/],
    ['?namespace=No_Such', /^namespace: must be the name of a namespace/],
    ['?continue=', /^continue: must be a token as it was given/],
    ['?continue=MjAyNiBzaG9wL3dlYg', /^continue: must be a token as it was given/],
    ['?continue=Y29udGludWUgMjAyNiBzaG9wL3dlYg%3D', /^continue: must be a token as it was given/],
    ['?continue=%20', /^continue: must be a token as it was given/],
    [`?continue=${'x'.repeat(5000)}`, /^continue: /],
  ])('400 for %s', async (query, detail) => {
    const { app, calls } = anApi();
    const response = await app.request(`/api/v1/updates${query}`);

    expect(response.status).toBe(400);
    expect((await problemOf(response)).detail).toMatch(detail);
    expect(calls).toEqual([]);
  });

  it('says in headers where it goes on, and goes on there', async () => {
    const { app, calls } = anApi({ continue: '2026-01-01T11:00:00Z shop/web' });
    const response = await app.request('/api/v1/updates?phase=Pending&limit=1');
    const next = /^<([^>]+)>; rel="next"$/.exec(response.headers.get('link') ?? '')?.[1] ?? '';

    expect(new URL(next, 'http://a').searchParams.get('continue')).toBe(
      response.headers.get('x-headwind-continue'),
    );

    await app.request(next);

    expect(calls[1]?.argument).toEqual({
      phase: ['Pending'],
      limit: 1,
      continue: '2026-01-01T11:00:00Z shop/web',
    });
  });

  it.each([
    [new ApiAwayError('away'), 503, 'HW_UNAVAILABLE'],
    [new RangeError('old'), 410, 'HW_CONTINUE_EXPIRED'],
    [new Error('password=secret'), 500, 'HW_INTERNAL'],
  ])('%s: %i', async (listError, status, code) => {
    const { app } = anApi({ listError });
    const response = await app.request('/api/v1/updates');
    const text = await response.text();

    expect(response.status).toBe(status);
    expect(ProblemShape.parse(JSON.parse(text)).code).toBe(code);
    expect(text).not.toContain('secret');
  });
});

describe('one request', () => {
  it('is answered whole', async () => {
    const { app } = anApi();
    const response = await app.request(ONE);

    expect(UpdateRequestView.parse(await response.json())).toMatchObject({ ...aRequest(), phase: 'Pending' });
  });

  it.each(['/api/v1/updates/shop/nothing', '/api/v1/updates/elsewhere/web-web-1-26-0-00000000'])(
    '404 for %s',
    async (path) => {
      const { app } = anApi();
      const response = await app.request(path);

      expect(response.status).toBe(404);
      expect(await problemOf(response)).toMatchObject({
        code: 'HW_REQUEST_NOT_FOUND',
        error: `UpdateRequest not found: ${path.slice('/api/v1/updates/'.length)}`,
        instance: path,
      });
    },
  );

  it.each([
    '/api/v1/updates/shop/UPPER',
    '/api/v1/updates/shop/a%2Fb',
    '/api/v1/updates/shop/%00',
    '/api/v1/updates/..%2f..%2fsecrets/x',
    '/api/v1/updates/shop/%E0%A4%A',
    `/api/v1/updates/shop/${'a'.repeat(300)}`,
  ])('404 for %s, without asking Kubernetes', async (path) => {
    const { app, calls } = anApi();

    expect((await app.request(path)).status).toBe(404);
    expect((await app.request(`${path}/approve`, { method: 'POST' })).status).toBe(404);
    expect(calls).toEqual([]);
  });
});

describe('approving', () => {
  it('answers the whole request, a message and its name', async () => {
    const { post, calls, audited } = anApi({ outcome: { kind: 'done', request: COMPLETED } });
    const response = await post(`${ONE}/approve`, { approver: 'admin@example.com' });

    expect(response.status).toBe(200);
    expect(ActionAnswer.parse(await response.json())).toMatchObject({
      ...COMPLETED,
      phase: 'Completed',
      message: 'Update applied successfully',
      updateRequest: 'web-web-1-26-0-00000000',
    });
    expect(calls).toEqual([
      {
        method: 'approve',
        argument: { namespace: 'shop', name: 'web-web-1-26-0-00000000', identity: 'admin@example.com' },
      },
    ]);
    expect(audited).toEqual([
      {
        username: 'admin@example.com',
        action: 'approve',
        resourceType: 'Deployment',
        namespace: 'shop',
        name: 'web-web-1-26-0-00000000',
        result: 'success',
        reason: 'Update applied successfully',
      },
    ]);
  });

  it('200 for one whose application failed: the decision stands, the phase tells', async () => {
    const { post } = anApi({ outcome: { kind: 'done', request: FAILED } });
    const response = await post(`${ONE}/approve`, {});

    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      phase: 'Failed',
      message: 'Update failed: container is gone',
    });
  });

  it('202 while the applier has not finished', async () => {
    const request = aRequest({ status: { phase: 'Approved' } });
    const { post } = anApi({ outcome: { kind: 'accepted', request, message: 'Approved, not applied yet' } });
    const response = await post(`${ONE}/approve`);

    expect(response.status).toBe(202);
    expect(response.headers.get('location')).toBe(ONE);
    expect(await response.json()).toMatchObject({ phase: 'Approved', message: 'Approved, not applied yet' });
  });

  it.each([
    ['nothing', undefined, {}, 'unknown'],
    ['nothing, with a content type', '', { 'content-type': 'application/x-www-form-urlencoded' }, 'unknown'],
    ['an empty object', {}, {}, 'unknown'],
    ['null', 'null', {}, 'unknown'],
    ['null for a name', { approver: null }, {}, 'unknown'],
    ['an empty name', { approver: '  ' }, {}, 'unknown'],
    ['a name', { approver: ' alice ' }, {}, 'alice'],
    [
      'a name and more',
      { approver: 'alice', extra: 1 },
      { 'content-type': 'application/vnd.x+json' },
      'alice',
    ],
  ])('takes %s as a body', async (...[, body, headers, identity]) => {
    const { post, calls } = anApi();

    expect((await post(`${ONE}/approve`, body, headers)).status).toBe(200);
    expect(calls[0]?.argument).toMatchObject({ identity });
  });

  it('takes JSON that is not declared at all', async () => {
    const { app, calls } = anApi();
    const body = new TextEncoder().encode('{"approver":"alice"}');

    expect((await app.request(`${ONE}/approve`, { method: 'POST', body })).status).toBe(200);
    expect(calls[0]?.argument).toMatchObject({ identity: 'alice' });
  });

  it.each([
    ['a form', 'approver=alice', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['not JSON', 'approver', {}, 400],
    ['100,000 brackets', '['.repeat(50_000), {}, 400],
    ['a list', '[]', {}, 422],
    ['a name of the wrong type', { approver: 5 }, {}, 422],
    ['a name without end', { approver: 'x'.repeat(300) }, {}, 422],
    ['a huge body', { approver: 'x'.repeat(100_000) }, {}, 413],
  ])('refuses %s, and keeps a record of it', async (...[, body, headers, status]) => {
    const { post, calls, audited } = anApi();

    expect((await post(`${ONE}/approve`, body, headers)).status).toBe(status);
    expect(calls).toEqual([]);
    expect(audited).toMatchObject([{ username: 'unknown', action: 'approve', result: 'error' }]);
  });

  it('records the authenticated name, whatever the body says', async () => {
    const authenticator: Authenticator = {
      authenticate: () => Promise.resolve({ ok: true, value: { kind: 'known', username: 'carol' } }),
    };
    const { post, calls, audited } = anApi({ authenticator });
    await post(`${ONE}/approve`, { approver: 'mallory' });

    expect(calls[0]?.argument).toMatchObject({ identity: 'carol' });
    expect(audited[0]?.username).toBe('carol');
  });
});

describe('rejecting', () => {
  it('passes the reason on', async () => {
    const rejected = aRequest({ status: { phase: 'Rejected', rejectedBy: 'bob', message: 'Not ready' } });
    const { post, calls, audited } = anApi({ outcome: { kind: 'done', request: rejected } });
    const response = await post(`${ONE}/reject`, { approver: 'bob', reason: 'Not ready' });

    expect(await response.json()).toMatchObject({
      phase: 'Rejected',
      message: 'Update rejected',
      updateRequest: rejected.metadata.name,
    });
    expect(calls).toEqual([
      {
        method: 'reject',
        argument: { namespace: 'shop', name: rejected.metadata.name, identity: 'bob', reason: 'Not ready' },
      },
    ]);
    expect(audited).toMatchObject([{ action: 'reject', result: 'success', reason: 'Not ready' }]);
  });
});

describe('what does not succeed is never recorded as success', () => {
  it.each([
    ['404', { kind: 'not-found' }, 404, { code: 'HW_REQUEST_NOT_FOUND' }],
    [
      '409 in another phase',
      {
        kind: 'conflict',
        message: 'UpdateRequest is in Completed state, cannot approve',
        phase: 'Completed',
      },
      409,
      {
        code: 'HW_CONFLICT',
        current_phase: 'Completed',
        error: 'UpdateRequest is in Completed state, cannot approve',
      },
    ],
    [
      '409 when somebody else is writing',
      { kind: 'conflict', message: 'it keeps changing' },
      409,
      { detail: 'it keeps changing' },
    ],
    ['503 without Kubernetes', new ApiAwayError('away'), 503, { code: 'HW_UNAVAILABLE' }],
    ['500 for what nobody expected', new Error('password=secret'), 500, { code: 'HW_INTERNAL' }],
  ] as const)('%s', async (...[, outcome, status, body]) => {
    const { post, audited } = anApi({ outcome });
    const response = await post(`${ONE}/approve`, { approver: 'alice' });
    const answer = await problemOf(response);

    expect(response.status).toBe(status);
    expect(answer).toMatchObject(body);
    expect(JSON.stringify([answer, audited])).not.toContain('secret');
    expect(audited).toMatchObject([
      { username: 'alice', action: 'approve', resourceType: 'UpdateRequest', result: 'error' },
    ]);
  });
});

describe('pages of other sites', () => {
  it.each([
    ['a form on another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }, 403],
    [
      'a page on another port of the same site',
      { 'sec-fetch-site': 'same-site', origin: 'http://localhost:3000' },
      403,
    ],
    ['an older browser on another site', { origin: 'https://evil.example', host: 'localhost:8081' }, 403],
    ['a sandboxed frame', { origin: 'null', host: 'localhost:8081' }, 403],
    ['a page of this server', { 'sec-fetch-site': 'same-origin', origin: 'http://localhost:8081' }, 200],
    [
      'an older browser on a page of this server',
      { origin: 'http://localhost:8081', host: 'localhost:8081' },
      200,
    ],
    ['the address bar', { 'sec-fetch-site': 'none' }, 200],
    ['a program', {}, 200],
  ])('%s', async (_name, headers, status) => {
    const { post, calls } = anApi();

    expect((await post(`${ONE}/approve`, undefined, headers)).status).toBe(status);
    expect(calls).toHaveLength(status === 200 ? 1 : 0);
  });
});

describe('an authenticator that refuses', () => {
  const authenticator: Authenticator = {
    authenticate: () => Promise.resolve(fail(problem('HW_UNAUTHENTICATED', 'Missing Authorization header'))),
  };

  it.each([
    ['GET', '/api/v1/updates', 401],
    ['GET', ONE, 401],
    ['POST', `${ONE}/approve`, 401],
    ['POST', `${ONE}/reject`, 401],
    ['GET', '/api/v1/workloads', 401],
    ['GET', '/api/v1/whatever', 401],
    ['GET', '/health', 200],
    ['GET', '/livez', 200],
    ['GET', '/openapi.json', 200],
  ])('%s %s: %i', async (method, path, status) => {
    const { app, calls } = anApi({ authenticator });

    expect((await app.request(path, { method })).status).toBe(status);
    expect(calls).toEqual([]);
  });
});

describe('the rest', () => {
  it('lists workloads, of one namespace or all', async () => {
    const { app } = anApi();

    expect(await (await app.request('/api/v1/workloads')).json()).toMatchObject([{ namespace: 'shop' }]);
    expect(await (await app.request('/api/v1/workloads?namespace=other')).json()).toMatchObject([
      { namespace: 'other' },
    ]);
    expect((await app.request('/api/v1/workloads?namespace=..')).status).toBe(400);
  });

  it('is not ready while it is alive', async () => {
    const { app } = anApi();
    const ready = await app.request('/readyz');

    expect(ready.status).toBe(503);
    expect(await ready.json()).toEqual({
      status: 'unhealthy',
      checks: [{ name: 'caches', ok: false, message: 'not synced' }],
    });
    expect((await app.request('/livez')).status).toBe(200);
  });

  it.each([
    ['GET', `${ONE}/approve`, 'POST, OPTIONS'],
    ['DELETE', ONE, 'GET, HEAD, OPTIONS'],
    ['POST', '/api/v1/updates', 'GET, HEAD, OPTIONS'],
  ])('405 for %s %s', async (method, path, allow) => {
    const { app } = anApi();
    const response = await app.request(path, { method });

    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe(allow);
  });

  it('answers HEAD like GET without a body', async () => {
    const { app } = anApi();
    const response = await app.request('/api/v1/updates', { method: 'HEAD' });

    expect(response.status).toBe(200);
    expect(await response.text()).toBe('');
  });
});
