import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { anApi, ApiAwayError } from '../../test/api-under-test.ts';
import { aRequest } from '../../test/builders.ts';
import { fail } from '../core/result.ts';
import type { ActionOutcome } from './approval-actions.ts';
import type { DocumentedRoute } from './documented-route.ts';
import type { PlacedHold } from './holds-api.ts';
import type { History, Missing, NamedWorkload, RollbackOutcome, RollbackPlan } from './rollback-api.ts';
import { API_ROUTES, openApiDocument } from './openapi.ts';
import { problem } from './problem.ts';

const ONE = '/api/v1/updates/shop/web-web-1-26-0-00000000';
const DOCUMENT = openApiDocument('1.2.3');

const ROLLBACK = '/api/v1/rollback/shop/web';
const HOLDS = '/api/v1/holds/shop/no';
const WORKLOAD: NamedWorkload = { kind: 'Deployment', namespace: 'shop', name: 'web' };
const SEVERAL: Missing = { kind: 'several-kinds', kinds: ['Deployment', 'DaemonSet'] };
const HISTORY: History = {
  kind: 'found',
  workload: WORKLOAD,
  containers: [{ container: 'web', image: 'nginx:1.26' }],
  entries: [{ container: 'web', image: 'nginx:1.26', timestamp: '2026-01-01T12:00:00Z', index: 0 }],
};
const PLAN: RollbackPlan = {
  workload: WORKLOAD,
  container: 'web',
  previousImage: 'nginx:1.26',
  image: 'nginx:1.25',
  index: 1,
  takesBack: [],
};
const HOLD: PlacedHold = {
  namespace: 'shop',
  kind: 'Deployment',
  workload: 'web',
  artifact: 'web',
  image: 'nginx:1.26',
  version: '1.26',
  why: 'rejected',
  request: 'no',
};

function settled(outcome: ActionOutcome): RollbackOutcome {
  return { kind: 'settled', plan: PLAN, outcome };
}

function refusedFor(kind: 'ambiguous' | 'no-entry'): RollbackOutcome {
  return { kind: 'refused', workload: WORKLOAD, refusal: { kind, container: 'web', message: 'no' } };
}

function find(method: string, path: string): DocumentedRoute | undefined {
  return API_ROUTES.find(
    (route) =>
      route.method === method.toLowerCase() &&
      new RegExp(`^${route.path.replace(/\{\w+\}/g, '[^/]+')}$`).test(path),
  );
}

/** All `$ref`s in a document. */
function references(value: unknown): string[] {
  if (typeof value !== 'object' || value == null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === '$ref' && typeof inner === 'string' ? [inner] : references(inner),
  );
}

describe('the OpenAPI document', () => {
  it('has every route of the app, and the app has every route of it', () => {
    const { app } = anApi();
    const served = app.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method.toLowerCase()} ${path.replace(/:(\w+)/g, '{$1}')}`);
    const documented = API_ROUTES.map(({ method, path }) => `${method} ${path}`);

    expect([...new Set(served)].sort()).toEqual(documented.sort());
  });

  it('is served as it is', async () => {
    const { app } = anApi();

    expect(await (await app.request('/openapi.json')).json()).toEqual(
      JSON.parse(JSON.stringify(openApiDocument('0.0.0-test'))),
    );
  });

  it('refers only to what it defines, and defines nothing in vain', () => {
    const { components } = z
      .object({ components: z.object({ schemas: z.record(z.string(), z.looseObject({})) }) })
      .parse(DOCUMENT);
    const defined = Object.keys(components.schemas).map((name) => `#/components/schemas/${name}`);

    expect([...new Set(references(DOCUMENT))].sort()).toEqual(defined.sort());
    expect(JSON.stringify(DOCUMENT)).not.toContain('$schema');
  });

  it('declares every parameter in a path', () => {
    const Operation = z.object({ parameters: z.array(z.object({ name: z.string(), in: z.string() })) });
    const { paths } = z
      .object({ paths: z.record(z.string(), z.record(z.string(), Operation)) })
      .parse(DOCUMENT);
    for (const [path, operations] of Object.entries(paths))
      for (const { parameters } of Object.values(operations))
        expect(
          parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => `{${name}}`),
        ).toEqual(path.match(/\{\w+\}/g) ?? []);
  });
});

describe('real answers are documented, and have the documented shape', () => {
  const accepted = aRequest({ status: { phase: 'Approved' } });
  const done = aRequest({ status: { phase: 'Completed' } });
  const nobody = { authenticate: () => Promise.resolve(fail(problem('HW_UNAUTHENTICATED', 'who are you'))) };

  it.each([
    ['GET', '/api/v1/updates', {}, undefined, 200],
    ['GET', '/api/v1/updates', { continue: 'there' }, undefined, 200],
    ['GET', '/api/v1/updates?limit=x', {}, undefined, 400],
    ['GET', '/api/v1/updates', { authenticator: nobody }, undefined, 401],
    ['GET', '/api/v1/updates', { listError: new RangeError('old') }, undefined, 410],
    ['GET', '/api/v1/updates', { listError: new ApiAwayError('away') }, undefined, 503],
    ['GET', ONE, {}, undefined, 200],
    ['GET', `${ONE}-not`, {}, undefined, 404],
    ['POST', `${ONE}/approve`, {}, '{}', 200],
    [
      'POST',
      `${ONE}/approve`,
      { outcome: { kind: 'accepted', request: accepted, message: 'later' } },
      '{}',
      202,
    ],
    ['POST', `${ONE}/approve`, {}, '{', 400],
    ['POST', `${ONE}/approve`, { authenticator: nobody }, '{}', 401],
    ['POST', `${ONE}/approve`, { outcome: { kind: 'not-found' } }, '{}', 404],
    ['POST', `${ONE}/approve`, { outcome: { kind: 'conflict', message: 'no', phase: 'Failed' } }, '{}', 409],
    ['POST', `${ONE}/approve`, {}, `"${'x'.repeat(70_000)}"`, 413],
    ['POST', `${ONE}/approve`, {}, '[]', 422],
    ['POST', `${ONE}/approve`, { outcome: new ApiAwayError('away') }, '{}', 503],
    ['POST', `${ONE}/reject`, {}, '{"reason":"no"}', 200],
    ['POST', `${ONE}/reject`, { outcome: { kind: 'conflict', message: 'no' } }, '{}', 409],
    ['GET', ROLLBACK, { history: HISTORY }, undefined, 200],
    ['GET', `${ROLLBACK}?kind=pod`, {}, undefined, 400],
    ['GET', ROLLBACK, {}, undefined, 404],
    ['GET', ROLLBACK, { history: SEVERAL }, undefined, 409],
    ['GET', `${ROLLBACK}/history`, { history: HISTORY }, undefined, 200],
    ['POST', ROLLBACK, { rollback: { kind: 'planned', plan: PLAN } }, '{"dryRun":true}', 200],
    ['POST', ROLLBACK, { rollback: settled({ kind: 'done', request: done }) }, '{}', 200],
    [
      'POST',
      ROLLBACK,
      { rollback: settled({ kind: 'accepted', request: accepted, message: 'later' }) },
      '{}',
      202,
    ],
    ['POST', ROLLBACK, { rollback: refusedFor('ambiguous') }, '{}', 400],
    ['POST', ROLLBACK, { rollback: refusedFor('no-entry') }, '{"index":7}', 404],
    ['POST', ROLLBACK, { rollback: SEVERAL }, '{}', 409],
    ['POST', ROLLBACK, {}, '[]', 422],
    ['POST', ROLLBACK, { rollback: settled({ kind: 'not-found' }) }, '{}', 500],
    ['POST', `${ROLLBACK}/web`, { rollback: settled({ kind: 'done', request: done }) }, undefined, 200],
    ['GET', '/api/v1/holds', { holds: [HOLD] }, undefined, 200],
    ['POST', `${HOLDS}/release`, { release: { kind: 'released', request: done } }, '{}', 200],
    ['POST', `${HOLDS}/release`, { release: { kind: 'conflict', message: 'no' } }, '{}', 409],
    ['GET', '/api/v1/workloads', {}, undefined, 200],
    ['GET', '/api/v1/workloads?namespace=_', {}, undefined, 400],
    ['GET', '/openapi.json', {}, undefined, 200],
    ['GET', '/health', {}, undefined, 200],
    ['GET', '/livez', {}, undefined, 200],
    ['GET', '/readyz', {}, undefined, 503],
  ] as const)('%s %s (%j) %s', async (...[method, path, options, body, status]) => {
    const { app, post } = anApi(options);
    const response = await (method === 'POST' ? post(path, body) : app.request(path));
    const answer = find(method, path.replace(/\?.*/, ''))?.answers[status];

    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe(answer?.contentType ?? 'application/json');
    // What is not documented would be stripped.
    const received = await response.json();
    expect(answer?.shape?.parse(received)).toEqual(received);
    const told = [...response.headers.keys()].filter((name) =>
      /^(?:link|location|x-headwind-.*)$/.test(name),
    );
    const documented = (answer?.headers ?? []).map((name) => name.toLowerCase());
    expect(told.filter((name) => !documented.includes(name))).toEqual([]);
  });
});
