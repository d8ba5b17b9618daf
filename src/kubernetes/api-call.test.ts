import { describe, expect, it } from 'vitest';
import { type ApiCall, requestTarget, verbOf } from './api-call.ts';

describe('the verb of a call', () => {
  const rows: readonly [string, Pick<ApiCall, 'method' | 'path' | 'query'>, string][] = [
    ['all objects of a core resource', { method: 'GET', path: '/api/v1/pods' }, 'list'],
    ['those of one namespace', { method: 'GET', path: '/apis/apps/v1/namespaces/shop/deployments' }, 'list'],
    ['one object', { method: 'GET', path: '/apis/apps/v1/namespaces/shop/deployments/web' }, 'get'],
    ['a namespace itself', { method: 'GET', path: '/api/v1/namespaces/shop' }, 'get'],
    ['all namespaces', { method: 'GET', path: '/api/v1/namespaces' }, 'list'],
    ['a subresource', { method: 'GET', path: '/apis/apps/v1/namespaces/shop/deployments/web/scale' }, 'get'],
    ['something beside the resources', { method: 'GET', path: '/version' }, 'get'],
    ['a watch', { method: 'GET', path: '/api/v1/pods', query: { watch: 'true' } }, 'watch'],
    ['a POST', { method: 'POST', path: '/api/v1/namespaces/shop/events' }, 'create'],
    ['a PATCH', { method: 'PATCH', path: '/api/v1/namespaces/shop/events/a' }, 'patch'],
  ];
  it.each(rows)('%s', (_name, call, verb) => {
    expect(verbOf(call)).toBe(verb);
  });
});

describe('the request line', () => {
  it('keeps the path below which a proxy serves the API, and leaves out what is undefined', () => {
    const target = requestTarget(new URL('https://rancher.example/k8s/clusters/c-1/'), {
      path: '/api/v1/pods',
      query: { limit: 100, continue: undefined, labelSelector: 'a=b,c' },
    });
    expect(target).toBe('/k8s/clusters/c-1/api/v1/pods?limit=100&labelSelector=a%3Db%2Cc');
  });
});
