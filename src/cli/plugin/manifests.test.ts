import { describe, expect, it } from 'vitest';
import { FailedError } from '../exit.ts';
import { readSelector } from './label-selector.ts';
import { readManifests, type ReadManifests } from './manifests.ts';

const web = (extra = ''): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, ${extra} labels: { app: web, team: 7 }, annotations: { headwind.sh/policy: minor } }
spec: { template: { spec: { containers: [{ name: app, image: "nginx:1.25.0" }] } } }
`;
const DB = `
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: db }
spec: { template: { spec: { containers: [{ name: db, image: "postgres:16" }] } } }
`;
const RELEASE = `
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: podinfo, annotations: { headwind.sh/policy: minor } }
spec: { chart: { spec: { chart: podinfo, version: 6.5.0, sourceRef: { kind: HelmRepository, name: charts } } } }
`;
const SOURCE = `
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: { name: charts }
spec: { type: oci, url: "oci://ghcr.io/stefanprodan/charts" }
`;

function read(text: string, selector?: string): ReadManifests {
  return readManifests([{ name: 'all.yaml', text }], {
    namespace: 'shop',
    selector: selector === undefined ? undefined : readSelector(selector),
  });
}

describe('manifests', () => {
  it('hold several documents, of which workloads count', () => {
    const { workloads, withoutPolicy } = read([web(), '', DB, 'a: b', 'kind: 7'].join('\n---\n'));
    expect([...workloads.keys()]).toEqual(['Deployment/shop/web']);
    expect(withoutPolicy).toEqual(['StatefulSet/shop/db']);
  });

  it('say the namespace, or are applied to the one that is named', () => {
    expect([...read(web('namespace: prod,')).workloads.keys()]).toEqual(['Deployment/prod/web']);
  });

  it('may be lists, and JSON', () => {
    const list = `{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"apps/v1","kind":"DeploymentList","items":[
      {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","annotations":{"headwind.sh/policy":"all"}},
       "spec":{"template":{"spec":{"containers":[]}}}}]}]}`;
    expect([...read(list).workloads.keys()]).toEqual(['Deployment/shop/web']);
  });

  it('are narrowed by labels', () => {
    expect(read(web(), 'app=web,team=7').workloads.size).toBe(1);
    expect(read(web(), 'app=db').workloads.size).toBe(0);
  });

  it('tell releases where their charts come from, if that stands there too', () => {
    const { workloads } = read(`${RELEASE}---${SOURCE}`);
    expect(workloads.get('HelmRelease/shop/podinfo')?.artifacts).toMatchObject([
      {
        image: 'podinfo:6.5.0',
        release: { repository: { host: 'ghcr.io', path: 'stefanprodan/charts/podinfo' } },
      },
    ]);
    expect(read(RELEASE).workloads.get('HelmRelease/shop/podinfo')?.artifacts).toMatchObject([
      { image: 'podinfo:6.5.0' },
    ]);
  });

  it.each<[string, string, string]>([
    ['no YAML', 'a: [', 'all.yaml is not YAML'],
    [
      'a workload that is none',
      'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\nspec: {}',
      'all.yaml: Deployment web cannot be read: spec.template',
    ],
  ])('are refused where they hold %s', (_name, text, message) => {
    expect(() => read(text)).toThrow(FailedError);
    expect(() => read(text)).toThrow(message);
  });
});
