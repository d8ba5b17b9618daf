import { describe, expect, it } from 'vitest';
import { chartRepository } from './chart-source.ts';

describe('the repository of a chart', () => {
  it.each([
    ['HelmRepository', 'oci://ghcr.io/team/charts', 'ghcr.io', 'team/charts/podinfo'],
    ['HelmRepository', 'oci://Registry.test:5000/', 'registry.test:5000', 'podinfo'],
    ['HelmRepository', 'oci://registry-1.docker.io/bitnamicharts', 'docker.io', 'bitnamicharts/podinfo'],
    ['OCIRepository', 'oci://ghcr.io/team/charts/podinfo', 'ghcr.io', 'team/charts/podinfo'],
  ] as const)('of a %s at %s', (kind, url, host, path) => {
    expect(chartRepository({ kind, url }, 'podinfo')).toEqual({ ok: true, value: { host, path } });
  });

  it.each(['https://ghcr.io/team', 'oci://', 'oci:///x', 'oci://ghcr.io/Team'])('%s has none', (url) => {
    expect(chartRepository({ kind: 'HelmRepository', url }, 'podinfo').ok).toBe(false);
  });
});
