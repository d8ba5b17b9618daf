import { describe, expect, it } from 'vitest';
import { anApi, ApiAwayError } from '../../test/api-under-test.ts';
import { aRequest } from '../../test/builders.ts';
import { ok } from '../core/result.ts';
import type { Authenticator } from './auth.ts';
import type { PlacedHold, ReleaseOutcome } from './holds-api.ts';

const HOLD: PlacedHold = {
  namespace: 'shop',
  kind: 'Deployment',
  workload: 'web',
  artifact: 'web',
  image: 'nginx:1.26.0',
  version: '1.26.0',
  why: 'rejected',
  by: 'bob',
  at: '2026-01-01T12:00:00Z',
  request: 'no',
};
const ONE = '/api/v1/holds/shop/no';
const REQUEST = aRequest({ name: 'no', status: { phase: 'Rejected' } });
const RELEASED: ReleaseOutcome = { kind: 'released', request: REQUEST };

describe('the holds', () => {
  it.each([
    ['', {}],
    ['?namespace=shop', { namespace: 'shop' }],
  ])('are listed%s', async (query, filter) => {
    const { app, calls } = anApi({ holds: [HOLD] });
    const response = await app.request(`/api/v1/holds${query}`);

    expect(response.status).toBe(200);
    expect(await response.json()).toEqual([HOLD]);
    expect(calls[0]).toMatchObject({ method: 'holds', argument: filter });
  });

  it('of a namespace that cannot be are not asked for', async () => {
    const { app, calls } = anApi();

    expect((await app.request('/api/v1/holds?namespace=No')).status).toBe(400);
    expect(calls).toEqual([]);
  });
});

describe('lifting a hold', () => {
  it.each([
    ['DELETE', ONE],
    ['POST', `${ONE}/release`],
  ])('%s %s', async (method, path) => {
    const { app, calls, audited } = anApi({ release: RELEASED });
    const body = JSON.stringify({ user: 'ann', reason: 'fixed' });
    const headers = { 'content-type': 'application/json' };
    const response = await app.request(path, { method, body, headers });

    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      message: 'nginx:1.26.0 may be proposed again',
      namespace: 'shop',
      request: 'no',
      image: 'nginx:1.26.0',
      user: 'ann',
    });
    expect(calls).toEqual([
      { method: 'release', argument: { namespace: 'shop', name: 'no', identity: 'ann', reason: 'fixed' } },
    ]);
    expect(audited).toMatchObject([
      { username: 'ann', action: 'release_hold', resourceType: 'Deployment', name: 'no', result: 'success' },
    ]);
  });

  it('needs no body, and may come twice', async () => {
    const { app } = anApi({ release: { kind: 'released-before', request: REQUEST } });
    const response = await app.request(ONE, { method: 'DELETE' });

    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ message: 'The hold was released before', user: 'unknown' });
  });

  it('records the authenticated name', async () => {
    const authenticator: Authenticator = {
      authenticate: () => Promise.resolve(ok({ kind: 'known', username: 'carol' })),
    };
    const { post, calls } = anApi({ release: RELEASED, authenticator });
    await post(`${ONE}/release`, { user: 'mallory' });

    expect(calls[0]?.argument).toMatchObject({ identity: 'carol' });
  });

  it.each<[string, string, unknown, ReleaseOutcome | Error, number, string]>([
    ['what is not there', ONE, {}, { kind: 'not-found' }, 404, 'HW_REQUEST_NOT_FOUND'],
    ['what cannot be there', '/api/v1/holds/shop/No', {}, RELEASED, 404, 'HW_REQUEST_NOT_FOUND'],
    ['what holds nothing', ONE, {}, { kind: 'conflict', message: 'Pending' }, 409, 'HW_NOT_A_HOLD'],
    ['a wrong body', ONE, [], RELEASED, 422, 'HW_UNEXPECTED_SHAPE'],
    ['an API server that is away', ONE, {}, new ApiAwayError('away'), 503, 'HW_UNAVAILABLE'],
  ])('is refused for %s, and recorded', async (...[, path, body, release, status, code]) => {
    const { post, audited } = anApi({ release });
    const response = await post(`${path}/release`, body);

    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ code });
    expect(audited).toMatchObject([{ action: 'release_hold', result: 'error' }]);
  });
});
