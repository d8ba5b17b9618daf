import { describe, expect, it } from 'vitest';
import { isAbsent, KubernetesUnreachableError, lacksRight, toKubernetesError } from './errors.ts';

const refusal = (httpStatus: number, body: unknown): Error =>
  toKubernetesError({ what: 'GET /apis/apps/v1/namespaces/shop/deployments/web', httpStatus, body });
const status = (reason: string, message: string, details: object = {}): object => ({
  kind: 'Status',
  reason,
  message,
  details,
});

describe('isAbsent: only what names the object says that it is not there', () => {
  it.each([
    ['the object is named', 404, status('NotFound', 'not found', { name: 'web', kind: 'deployments' }), true],
    ['the path is not served', 404, status('NotFound', 'the server could not find the resource'), false],
    ['the path is not served, in plain text', 404, { message: '404 page not found' }, false],
    ['another status about a named object', 409, status('Conflict', 'modified', { name: 'web' }), false],
  ])('%s', (_, code, body, expected) => {
    expect(isAbsent(refusal(code, body))).toBe(expected);
  });

  it('no answer says nothing', () => {
    expect(isAbsent(new KubernetesUnreachableError('no answer'))).toBe(false);
  });
});

describe('lacksRight: told from a 403 that is about the object', () => {
  const forbidden = 'deployments.apps "web" is forbidden';
  it.each([
    ['not known', 401, 'Unauthorized', true],
    [
      'not allowed',
      403,
      `${forbidden}: User "system:serviceaccount:a:b" cannot patch resource "deployments" in API group "apps"`,
      true,
    ],
    ['not allowed a path', 403, 'forbidden: User "eve" cannot get path "/version"', true],
    ['a quota', 403, `${forbidden}: exceeded quota: small, requested: count=1, used: count=1`, false],
    [
      'an admission webhook',
      403,
      'admission webhook "guard.example.com" denied the request: not today',
      false,
    ],
    ['a namespace that is going', 403, `${forbidden}: unable to create new content in namespace shop`, false],
    ['another status', 422, 'User "eve" cannot patch resource', false],
  ])('%s', (_, code, message, expected) => {
    expect(lacksRight(refusal(code, status('Forbidden', message)))).toBe(expected);
  });
});
