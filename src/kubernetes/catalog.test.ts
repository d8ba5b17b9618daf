import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Artifact, type Workload, type WorkloadKind, workloadKey } from '../core/workload.ts';
import { createCatalog } from './catalog.ts';

function aWorkload(name: string, images: readonly string[], kind: WorkloadKind = 'Deployment'): Workload {
  const artifacts: Artifact[] = images.map((image, index) => ({
    type: index === 0 ? 'container' : 'initContainer',
    name: `c${index}`,
    image,
  }));
  return {
    kind,
    apiVersion: 'apps/v1',
    namespace: 'shop',
    name,
    uid: `uid-${name}`,
    resourceVersion: '1',
    annotations: { 'headwind.sh/policy': 'minor' },
    artifacts,
    pullSecrets: [],
    serviceAccount: 'default',
  };
}

describe('the catalog', () => {
  it('finds artifacts by repository, whatever its spelling', () => {
    const catalog = createCatalog();
    catalog.upsert(aWorkload('web', ['nginx:1.25', 'docker.io/library/nginx:1.24', 'redis:7']));
    catalog.upsert(aWorkload('api', ['index.docker.io/nginx@sha256:' + 'a'.repeat(64)]));
    catalog.upsert(aWorkload('other', ['reg.example:5000/library/nginx:1.25']));
    const found = catalog.byRepository('docker.io/library/nginx');
    expect(found.map(({ workload, artifact }) => `${workload.name}/${artifact.name}`)).toEqual([
      'web/c0',
      'web/c1',
      'api/c0',
    ]);
  });

  it('follows a workload that changes its images, and forgets one that is removed', () => {
    const catalog = createCatalog();
    catalog.upsert(aWorkload('web', ['nginx:1.25']));
    catalog.upsert(aWorkload('web', ['redis:7']));
    expect(catalog.byRepository('docker.io/library/nginx')).toEqual([]);
    expect(catalog.byRepository('docker.io/library/redis')).toHaveLength(1);
    expect(catalog.count('Deployment')).toBe(1);
    catalog.remove('Deployment/shop/web');
    catalog.remove('Deployment/shop/web');
    expect(catalog.byRepository('docker.io/library/redis')).toEqual([]);
    expect(catalog.count('Deployment')).toBe(0);
    expect(catalog.get('Deployment/shop/web')).toBeUndefined();
  });

  it('keeps a workload whose image is not a reference, and finds its other artifacts', () => {
    const catalog = createCatalog();
    catalog.upsert(aWorkload('web', ['NOT AN IMAGE', 'nginx:1.25', '']));
    expect(catalog.get('Deployment/shop/web')?.artifacts).toHaveLength(3);
    expect(catalog.byRepository('docker.io/library/nginx')).toHaveLength(1);
  });

  it('tells kinds with the same name apart', () => {
    const catalog = createCatalog();
    catalog.upsert(aWorkload('web', ['nginx:1.25'], 'Deployment'));
    catalog.upsert(aWorkload('web', ['nginx:1.25'], 'StatefulSet'));
    catalog.remove('Deployment/shop/web');
    expect([...catalog.all()].map((workload) => workload.kind)).toEqual(['StatefulSet']);
    expect(catalog.byRepository('docker.io/library/nginx')).toHaveLength(1);
    expect(catalog.count('StatefulSet')).toBe(1);
  });

  it('never answers otherwise than a search through all workloads, after any changes', () => {
    const images = fc.array(fc.constantFrom('a:1', 'a:2', 'b:1', 'x/y:1', 'BAD'), { maxLength: 3 });
    const change = fc.tuple(fc.constantFrom('w1', 'w2', 'w3'), fc.option(images, { nil: undefined }));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 20 }), (changes) => {
        const catalog = createCatalog();
        const plain = new Map<string, Workload>();
        for (const [name, wanted] of changes) {
          const workload = aWorkload(name, wanted ?? []);
          if (wanted === undefined) {
            catalog.remove(workloadKey(workload));
            plain.delete(workloadKey(workload));
          } else {
            catalog.upsert(workload);
            plain.set(workloadKey(workload), workload);
          }
        }
        for (const [key, prefix] of [
          ['docker.io/library/a', 'a:'],
          ['docker.io/library/b', 'b:'],
          ['docker.io/x/y', 'x/y:'],
        ] as const) {
          const expected = [...plain.values()].flatMap((workload) =>
            workload.artifacts
              .filter((artifact) => artifact.image.startsWith(prefix))
              .map((artifact) => `${workload.name}/${artifact.name}`),
          );
          const found = catalog
            .byRepository(key)
            .map(({ workload, artifact }) => `${workload.name}/${artifact.name}`);
          expect(found.toSorted()).toEqual(expected.toSorted());
        }
        expect(catalog.count('Deployment')).toBe(plain.size);
      }),
    );
  });
});
