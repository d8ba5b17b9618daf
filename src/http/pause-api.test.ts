import { describe, expect, it } from 'vitest';
import { anApi, ApiAwayError } from '../../test/api-under-test.ts';
import { ProblemShape } from './api-shapes.ts';
import { fail, ok } from '../core/result.ts';
import type { Authenticator, Authorizer } from './auth.ts';
import { PauseAnswer } from './pause-shapes.ts';
import { problem } from './problem.ts';

const WEB = '/api/v1/workloads/Deployment/shop/web';
const CAROL: Authenticator = {
  authenticate: () => Promise.resolve(ok({ kind: 'known', username: 'carol' })),
};

describe('pausing', () => {
  it.each([
    ['pause', true],
    ['resume', false],
  ])('%s asks for it, answers it and records it', async (verb, paused) => {
    const { post, calls, audited } = anApi({ authenticator: CAROL });
    const response = await post(`${WEB}/${verb}`, { reason: 'freeze', user: 'mallory' });

    expect(response.status).toBe(200);
    const answer = PauseAnswer.parse(await response.json());
    expect(answer).toMatchObject({ kind: 'Deployment', namespace: 'shop', name: 'web', paused });
    const workload = { kind: 'Deployment', namespace: 'shop', name: 'web' };
    expect(calls).toEqual([
      { method: 'pause', argument: { workload, paused, identity: 'carol', reason: 'freeze' } },
    ]);
    expect(audited).toEqual([
      {
        username: 'carol',
        action: verb,
        resourceType: 'Deployment',
        namespace: 'shop',
        name: 'web',
        result: 'success',
        reason: 'freeze',
      },
    ]);
  });

  it('knows kinds as kubectl does', async () => {
    const { post, calls } = anApi();
    expect((await post('/api/v1/workloads/sts/shop/web/pause')).status).toBe(200);
    expect(calls[0]).toMatchObject({ argument: { workload: { kind: 'StatefulSet' } } });
  });

  it.each([
    {
      what: 'an unknown kind',
      path: '/api/v1/workloads/Pod/shop/web/pause',
      pause: undefined,
      problem: [404, 'HW_WORKLOAD_NOT_FOUND'],
    },
    {
      what: 'a name that cannot be',
      path: '/api/v1/workloads/ds/shop/No/pause',
      pause: undefined,
      problem: [404, 'HW_WORKLOAD_NOT_FOUND'],
    },
    {
      what: 'a workload that is not there',
      path: `${WEB}/pause`,
      pause: { kind: 'no-workload' },
      problem: [404, 'HW_WORKLOAD_NOT_FOUND'],
    },
    {
      what: 'one that keeps changing',
      path: `${WEB}/pause`,
      pause: { kind: 'conflict', message: 'x' },
      problem: [409, 'HW_WORKLOAD_BUSY'],
    },
    {
      what: 'a refusing webhook',
      path: `${WEB}/pause`,
      pause: { kind: 'refused', message: 'no' },
      problem: [409, 'HW_PATCH_REFUSED'],
    },
    {
      what: 'no cluster',
      path: `${WEB}/resume`,
      pause: new ApiAwayError(),
      problem: [503, 'HW_UNAVAILABLE'],
    },
  ] as const)('refuses $what', async ({ path, pause, problem: [status, code] }) => {
    const { post, audited } = anApi(pause === undefined ? {} : { pause });
    const response = await post(path);

    expect(response.status).toBe(status);
    expect(ProblemShape.parse(await response.json()).code).toBe(code);
    expect(audited).toMatchObject([{ result: 'error' }]);
  });

  it('needs the right `pause` in the namespace', async () => {
    const asked: object[] = [];
    const authorizer: Authorizer = {
      authorize: ({ verb, namespace }) => {
        asked.push({ verb, namespace });
        return Promise.resolve(fail(problem('HW_FORBIDDEN', 'no')));
      },
    };
    const { post, calls } = anApi({ authenticator: CAROL, authorizer });

    expect((await post(`${WEB}/resume`)).status).toBe(403);
    expect(asked).toEqual([{ verb: 'pause', namespace: 'shop' }]);
    expect(calls).toEqual([]);
  });
});
