import { describe, expect, it } from 'vitest';
import { UsageError } from '../exit.ts';
import { formatWorkloadName, readRequestName, readWorkloadName } from './names.ts';

describe('the name of a workload', () => {
  it.each<[string, string | undefined, string]>([
    ['web', undefined, 'web'],
    ['deploy/web', 'Deployment', 'web'],
    ['deployment/web', 'Deployment', 'web'],
    ['deployments/web', 'Deployment', 'web'],
    ['deployment.apps/web', 'Deployment', 'web'],
    ['Deployment/web', 'Deployment', 'web'],
    ['deployment.v1.apps/web', 'Deployment', 'web'],
    ['sts/db', 'StatefulSet', 'db'],
    ['statefulset.apps/db', 'StatefulSet', 'db'],
    ['ds/agent', 'DaemonSet', 'agent'],
    ['hr/podinfo', 'HelmRelease', 'podinfo'],
    ['helmrelease.helm.toolkit.fluxcd.io/podinfo', 'HelmRelease', 'podinfo'],
    ['web.v2', undefined, 'web.v2'],
  ])('%s is understood', (text, kind, name) => {
    expect(readWorkloadName(text, undefined)).toEqual({ kind, name });
  });

  it.each(['Deployment', 'StatefulSet', 'DaemonSet', 'HelmRelease'] as const)(
    'of a %s is read as it is written',
    (kind) => {
      expect(readWorkloadName(formatWorkloadName({ kind, name: 'x' }), undefined)).toEqual({
        kind,
        name: 'x',
      });
    },
  );

  it.each(['', 'Web', 'job/web', 'a/b/c', 'deploy/', '/web', '-n', 'web;ls'])('cannot be %j', (text) => {
    expect(() => readWorkloadName(text, undefined)).toThrow(UsageError);
  });

  it('agrees with --kind', () => {
    expect(readWorkloadName('web', 'DaemonSet')).toEqual({ kind: 'DaemonSet', name: 'web' });
    expect(() => readWorkloadName('deploy/web', 'DaemonSet')).toThrow('"deploy/web" is a Deployment');
  });
});

describe('the name of a request', () => {
  it.each([
    'web-1',
    'ur/web-1',
    'upd/web-1',
    'updaterequest/web-1',
    'updaterequests.headwind.sh/web-1',
    'updaterequest.headwind.sh/web-1',
  ])('%s is understood', (text) => {
    expect(readRequestName(text)).toBe('web-1');
  });

  it.each(['', 'deploy/web', 'One', '../x', 'a/b/c'])('cannot be %j', (text) => {
    expect(() => readRequestName(text)).toThrow(UsageError);
  });
});
