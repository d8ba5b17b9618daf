import { describe, expect, it } from 'vitest';
import { aContainer, aRequest, aWorkload, NOON } from '../../../test/builders.ts';
import { anApi, ApiAwayError } from '../../../test/api-under-test.ts';
import { aDashboardOver } from '../../../test/dashboard-under-test.ts';
import { fail, ok } from '../../core/result.ts';
import { createWorkloadsView } from '../../pipeline/workloads-view.ts';
import { artifactKeyOf } from '../../pipeline/request-store.ts';
import type { UpdateRequest } from '../../core/update-request.ts';
import { workloadKey, type Workload } from '../../core/workload.ts';
import type { EdgeApp } from '../edge.ts';
import { WorkloadDetailShape, WorkloadListShape } from '../dashboard-workload-shapes.ts';
import { problem } from '../problem.ts';
import { SelectionShape } from '../dashboard-shapes.ts';

const UP_TO_DATE = [{ code: 'up-to-date', message: 'nginx:1.25.0 runs already' }] as const;

/** The dashboard over real views of these workloads and requests. */
function aDashboard(
  workloads: readonly Workload[],
  requests: readonly UpdateRequest[] = [],
  api: Parameters<typeof anApi>[0] = {},
): EdgeApp {
  const view = createWorkloadsView({
    catalog: {
      all: () => workloads,
      get: (key) => workloads.find((workload) => workloadKey(workload) === key),
    },
    requests: { ofArtifact: (key) => requests.filter((request) => artifactKeyOf(request) === key) },
    decisions: {
      get: (key) =>
        key.includes('/quiet#')
          ? undefined
          : {
              at: '2026-01-01T11:00:00Z',
              action: 'stay',
              candidate: '1.25.0',
              verified: true,
              reason: 'it runs already',
              blockers: UP_TO_DATE,
            },
    },
    troublesOf: () => [],
    waitingFor: () => [{ code: 'awaiting-approval', message: 'Somebody has to approve it' }],
    clock: { now: () => NOON, elapsed: () => NOON, after: () => () => undefined },
  });
  return aDashboardOver(anApi({ requests, ...api }).dependencies, {
    requests,
    outlines: view.outlines({}),
  });
}

const ESTATE: readonly Workload[] = [
  aWorkload({ name: 'web' }),
  aWorkload({ name: 'api', kind: 'StatefulSet', namespace: 'bank', artifacts: [aContainer({ name: 'db' })] }),
  aWorkload({ name: 'quiet' }),
  aWorkload({ name: 'still', annotations: { 'headwind.sh/paused': 'true' } }),
  aWorkload({ name: 'wrong', annotations: { 'headwind.sh/policy': 'sometimes' } }),
  aWorkload({ name: 'none', annotations: { 'headwind.sh/policy': 'none' } }),
  aWorkload({ name: 'held' }),
  aWorkload({
    name: 'fresh',
    annotations: { 'headwind.sh/policy': 'minor', 'headwind.sh/last-update': '2026-01-01T10:00:00Z' },
  }),
];
const target = (name: string) => ({ apiVersion: 'apps/v1', kind: 'Deployment', name, namespace: 'shop' });
const REQUESTS = [
  aRequest({ name: 'open' }),
  aRequest({
    name: 'no',
    spec: { targetRef: target('held') },
    status: { phase: 'Rejected', rejectedBy: 'ann' },
  }),
];

async function listed(query: string): Promise<ReturnType<typeof WorkloadListShape.parse>> {
  const response = await aDashboard(ESTATE, REQUESTS).request(`/api/v1/dashboard/workloads${query}`);
  expect(response.status).toBe(200);
  return WorkloadListShape.parse(await response.json());
}

async function namesUnder(query: string): Promise<readonly string[]> {
  return (await listed(query)).rows.map(({ name }) => name);
}

describe('the list of workloads', () => {
  it('says how each stands, and how many stand so', async () => {
    const { rows, states, total, facets } = await listed('');
    expect(Object.fromEntries(rows.map(({ name, state }) => [name, state]))).toEqual({
      api: 'current',
      fresh: 'current',
      held: 'held',
      none: 'blocked',
      quiet: 'unknown',
      still: 'paused',
      web: 'open',
      wrong: 'invalid',
    });
    expect(states).toEqual({ invalid: 1, paused: 1, open: 1, held: 1, blocked: 1, unknown: 1, current: 2 });
    expect(total).toBe(8);
    expect(facets).toEqual({
      namespaces: ['bank', 'shop'],
      kinds: ['Deployment', 'StatefulSet'],
      policies: ['minor', 'none'],
    });
  });

  it('says why an artifact does not update', async () => {
    const [web] = (await listed('?q=shop/web')).rows;
    expect(web?.artifacts).toEqual([
      {
        name: 'web',
        type: 'container',
        image: 'nginx',
        version: '1.25.0',
        decision: {
          at: '2026-01-01T11:00:00Z',
          action: 'stay',
          candidate: '1.25.0',
          verified: true,
          reason: 'it runs already',
        },
        blockers: [{ code: 'awaiting-approval', message: 'Somebody has to approve it' }],
        openRequest: 'open',
        held: 0,
      },
    ]);
  });

  it.each([
    ['?state=paused,held', ['held', 'still']],
    ['?namespace=bank', ['api']],
    ['?kind=StatefulSet', ['api']],
    ['?policy=none', ['none', 'wrong']],
    ['?q=SHOP%20fre', ['fresh']],
    ['?q=nginx:1.26', []],
    ['?sort=name&size=2', ['api', 'fresh']],
    ['?sort=name&size=2&page=2', ['held', 'none']],
    ['?sort=state&size=3', ['wrong', 'still', 'web']],
    ['?sort=-updated&size=1', ['fresh']],
  ])('is narrowed and ordered by %s', async (query, names) => {
    expect(await namesUnder(query)).toEqual(names);
  });

  it('answers the last page to whoever asks for one behind it', async () => {
    expect(await listed('?size=5&page=9')).toMatchObject({ page: 2, total: 8 });
  });

  it.each(['?state=gone', '?sort=colour', '?page=0', '?size=5000'])('refuses %s', async (query) => {
    expect((await aDashboard(ESTATE).request(`/api/v1/dashboard/workloads${query}`)).status).toBe(400);
  });

  it('leaves out what the caller may not see, and says so', async () => {
    const app = aDashboard(ESTATE, [], {
      namespaces: ['bank', 'shop'],
      authorizer: {
        authorize: ({ namespace }) =>
          Promise.resolve(namespace === 'bank' ? ok(undefined) : fail(problem('HW_FORBIDDEN', 'no'))),
      },
    });
    const list = WorkloadListShape.parse(await (await app.request('/api/v1/dashboard/workloads')).json());
    expect(list.rows.map(({ name }) => name)).toEqual(['api']);
    expect(list).toMatchObject({ partial: true, facets: { namespaces: ['bank'] } });
  });
});

describe('one workload', () => {
  const PATH = '/api/v1/dashboard/workloads/Deployment/shop/held';
  const ENTRY = { container: 'web', image: 'nginx:1.25.0', timestamp: '2026-01-01T10:00:00Z', index: 0 };

  it('is told with its settings, holds, history and requests', async () => {
    const app = aDashboard(ESTATE, REQUESTS, {
      history: {
        kind: 'found',
        workload: { kind: 'Deployment', namespace: 'shop', name: 'held' },
        containers: [],
        entries: [ENTRY],
      },
    });
    const detail = WorkloadDetailShape.parse(await (await app.request(PATH)).json());
    expect(detail.row).toMatchObject({ name: 'held', state: 'held' });
    expect(detail.settings).toMatchObject({ requireApproval: true, eventSource: 'webhook' });
    expect(detail.artifacts).toMatchObject([
      {
        reference: 'nginx:1.25.0',
        registryPage: expect.stringContaining('hub.docker.com'),
        holds: [{ request: 'no', why: 'rejected', by: 'ann' }],
      },
    ]);
    expect(detail.history).toEqual([{ ...ENTRY, version: '1.25.0' }]);
    expect(detail.requests.map(({ name }) => name)).toEqual(['no']);
  });

  it('is told without its history where the cluster does not answer', async () => {
    const app = aDashboard(ESTATE, [], { history: new ApiAwayError() });
    const detail = WorkloadDetailShape.parse(await (await app.request(PATH)).json());
    expect(detail.history).toBeUndefined();
    expect(detail.historyProblem).toContain('does not answer');
  });

  it.each(['Deployment/shop/other', 'Pod/shop/held', 'Deployment/bank/held'])(
    'is not found at %s',
    async (path) => {
      const response = await aDashboard(ESTATE).request(`/api/v1/dashboard/workloads/${path}`);
      expect(response.status).toBe(404);
    },
  );
});

describe('a selection', () => {
  it('names all that wait under a filter, and counts what goes far', async () => {
    const requests = [
      aRequest({ name: 'a' }),
      aRequest({ name: 'b', spec: { newImage: 'nginx:2.0.0' } }),
      aRequest({ name: 'c', status: { phase: 'Approved' } }),
      aRequest({ name: 'd', spec: { policy: 'major' } }),
    ];
    const response = await aDashboard([], requests).request('/api/v1/dashboard/selection?policy=minor');
    expect(SelectionShape.parse(await response.json())).toEqual({
      updates: [
        { namespace: 'shop', name: 'a' },
        { namespace: 'shop', name: 'b' },
      ],
      majors: 1,
    });
  });
});
