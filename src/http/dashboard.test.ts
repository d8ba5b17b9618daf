import { describe, expect, it } from 'vitest';
import { anApi } from '../../test/api-under-test.ts';
import { aRequest } from '../../test/builders.ts';
import { aDashboardOver } from '../../test/dashboard-under-test.ts';
import type { UpdateRequest } from '../core/update-request.ts';
import { UpdateDetailShape, UpdateListShape } from './dashboard-shapes.ts';
import type { EdgeApp } from './edge.ts';

function aDashboard(requests: readonly UpdateRequest[] = [], isBuilt = true): EdgeApp {
  return aDashboardOver(anApi({ requests }).dependencies, { requests, isBuilt });
}

describe('the page', () => {
  it.each([
    '/',
    '/updates/shop/web-1',
    '/workloads',
    '/workloads/Deployment/shop/web',
    '/observability',
    '/settings',
  ])('is served at %s', async (path) => {
    const response = await aDashboard().request(path);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('content of /index.html');
  });

  it.each(['/assets/app-1.js', '/theme.js', '/favicon.svg'])('has its file %s', async (path) => {
    expect(await (await aDashboard().request(path)).text()).toBe(`content of ${path}`);
  });

  it.each(['/assets/other.js', '/unknown', '/index.html', '/assets/../theme.css'])(
    'has nothing at %s',
    async (path) => {
      expect((await aDashboard().request(path)).status).toBe(404);
    },
  );

  it('forbids everything that does not come from here', async () => {
    const { headers } = await aDashboard().request('/');
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).not.toContain('unsafe');
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("require-trusted-types-for 'script'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('says how to build it where it is not', async () => {
    const response = await aDashboard([], false).request('/');
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ detail: expect.stringContaining('make build') });
  });
});

describe('the list of updates', () => {
  const requests = Array.from({ length: 45 }, (_, index) =>
    aRequest({ name: `web-${index}`, status: { phase: index % 2 === 0 ? 'Pending' : 'Completed' } }),
  );

  async function listed(query: string): Promise<ReturnType<typeof UpdateListShape.parse>> {
    const response = await aDashboard(requests).request(`/api/v1/dashboard/updates${query}`);
    expect(response.status).toBe(200);
    return UpdateListShape.parse(await response.json());
  }

  it('comes in pages of 20, with what there is to filter by', async () => {
    const page = await listed('');
    expect(page).toMatchObject({ total: 45, page: 1, size: 20, phases: { Pending: 23, Completed: 22 } });
    expect(page.rows).toHaveLength(20);
    expect(page.facets).toEqual({ namespaces: ['shop'], kinds: ['Deployment'], policies: ['minor'] });
  });

  it('is narrowed by phase, words and namespace', async () => {
    expect((await listed('?phase=Pending&page=2')).rows).toHaveLength(3);
    expect((await listed('?q=WEB-44')).total).toBe(1);
    expect((await listed('?namespace=other')).total).toBe(0);
  });

  it('answers the last page to whoever asks for one behind it', async () => {
    expect(await listed('?page=99')).toMatchObject({ page: 3 });
  });

  it.each(['?phase=Lost', '?sort=colour', '?page=0', '?size=5000'])('refuses %s', async (query) => {
    expect((await aDashboard().request(`/api/v1/dashboard/updates${query}`)).status).toBe(400);
  });
});

describe('one update', () => {
  it('is told whole: what changes, what happened, the others of its artifact', async () => {
    const request = aRequest({ name: 'web-2' });
    const app = aDashboard([aRequest({ name: 'web-1', status: { phase: 'Superseded' } }), request]);
    const response = await app.request(`/api/v1/dashboard/updates/${request.metadata.namespace}/web-2`);
    const detail = UpdateDetailShape.parse(await response.json());
    expect(detail.row.name).toBe('web-2');
    expect(detail.others.map(({ name }) => name)).toEqual(['web-1']);
    expect(detail.story[0]).toMatchObject({ what: 'proposed' });
    expect(detail.yaml).toContain('kind: UpdateRequest');
  });

  it('is not found where there is none', async () => {
    expect((await aDashboard().request('/api/v1/dashboard/updates/shop/none')).status).toBe(404);
  });
});
