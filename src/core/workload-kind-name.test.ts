import { expect, it } from 'vitest';
import { parseKind } from './workload-kind-name.ts';

it.each([
  ['Deployment', 'Deployment'],
  ['deploy', 'Deployment'],
  ['deployments.apps', 'Deployment'],
  ['STS', 'StatefulSet'],
  ['daemonset', 'DaemonSet'],
  ['helmreleases.helm.toolkit.fluxcd.io', 'HelmRelease'],
  ['pod', undefined],
  ['', undefined],
  ['constructor', undefined],
])('%j means %s', (text, kind) => {
  expect(parseKind(text)).toBe(kind);
});
