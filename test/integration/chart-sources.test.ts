import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { aChartBench, aChartSource, aSecret, told, type Secrets } from '../parts/chart-bench.ts';
import { startDockerRegistry, type DockerRegistry } from '../parts/docker-registry.ts';
import { pushChart } from '../parts/push-image.ts';
import type { ChartSource } from '../../src/core/chart-source.ts';
import type { ChartSources } from '../../src/helm/chart-sources.ts';

const LOGIN = { username: 'ci', password: 'hunter2-hunter2' };
const podinfo = new Set(['podinfo']);

describe('charts in a private docker-registry', () => {
  let docker: DockerRegistry;
  let source: ChartSource;
  beforeAll(async () => {
    docker = await startDockerRegistry({ auth: { htpasswd: { [LOGIN.username]: LOGIN.password } } });
    const place = { url: docker.url, repository: 'charts/podinfo', credentials: LOGIN };
    await pushChart({ ...place, tag: '6.4.0' });
    await pushChart({ ...place, tag: '6.5.0_build.7' });
    await docker.pushImage({ repository: 'charts/podinfo', tag: '9.9.9', credentials: LOGIN });
    source = aChartSource({ url: `oci://${docker.host}/charts`, insecure: true, secretName: 'login' });
  });
  afterAll(() => docker.stop());

  function sourcesWith(secret: unknown): ChartSources {
    const secrets: Secrets = { 'flux-system/login': secret };
    const { sources } = aChartBench({ secrets });
    onTestFinished(() => sources.close());
    return sources;
  }

  it.each([
    ['user and password', () => aSecret(LOGIN)],
    [
      'a Docker configuration',
      () =>
        aSecret(
          { '.dockerconfigjson': JSON.stringify({ auths: { [docker.host]: LOGIN } }) },
          'kubernetes.io/dockerconfigjson',
        ),
    ],
  ])('are listed with %s', async (_, secret) => {
    const listing = await sourcesWith(secret()).list({ source, charts: new Set(['podinfo', 'nobody']) });
    const [found = '', ...others] = told(listing);
    // The registry's order means nothing.
    expect(found.split(' ').toSorted()).toEqual(['6.4.0', '6.5.0+build.7', '9.9.9', 'podinfo:']);
    expect(others).toEqual(['nobody: missing']);
  });

  it('are not told to others', async () => {
    const sources = sourcesWith(aSecret({ ...LOGIN, password: 'wrong' }));
    expect(told(await sources.list({ source, charts: podinfo }))).toEqual(['podinfo: denied']);
    expect(await sources.confirm({ source, chart: 'podinfo', version: '6.4.0' })).toMatchObject({
      outcome: 'unavailable',
      denied: true,
    });
  });

  it('are told from an image of the same name', async () => {
    const sources = sourcesWith(aSecret(LOGIN));
    const confirm = (version: string): Promise<unknown> =>
      sources.confirm({ source, chart: 'podinfo', version });
    expect(await confirm('6.4.0')).toMatchObject({ outcome: 'found' });
    expect(await confirm('6.5.0+build.7')).toMatchObject({ outcome: 'found' });
    expect(await confirm('9.9.9')).toEqual({
      outcome: 'missing',
      isOther: true,
      message: `${docker.host}/charts/podinfo:9.9.9 is not a chart: its type is "application/vnd.oci.image.config.v1+json"`,
    });
    expect(await confirm('7.0.0')).toMatchObject({ outcome: 'missing' });
  });
});
