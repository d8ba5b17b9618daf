import { describe, expect, it } from 'vitest';
import { KubernetesError, KubernetesUnreachableError } from './errors.ts';
import { createReleaseKind } from './release-kind.ts';

const RELEASE = '/apis/helm.toolkit.fluxcd.io/v2/namespaces/shop/helmreleases/web';
const SOURCE = '/apis/source.toolkit.fluxcd.io/v1/namespaces/shop/ocirepositories/podinfo';
const kind = createReleaseKind(({ versions }) => versions[0]);

const metadata = (name: string, annotations: object = {}): object => ({
  name,
  namespace: 'shop',
  uid: `uid-of-${name}`,
  resourceVersion: '7',
  annotations,
});
const ofTemplate = {
  metadata: metadata('web', { 'headwind.sh/policy': 'minor' }),
  spec: {
    chart: { spec: { chart: 'nginx', version: '1.2.3', sourceRef: { kind: 'HelmRepository', name: 'x' } } },
  },
};
const ofReference = {
  metadata: metadata('web', { 'headwind.sh/policy': 'minor' }),
  spec: { chartRef: { kind: 'OCIRepository', name: 'podinfo' } },
};
const source = (tag: string, appliedBy?: string): object => ({
  metadata: metadata('podinfo', appliedBy === undefined ? {} : { 'headwind.sh/applied-request': appliedBy }),
  spec: { url: 'oci://reg.example.com/podinfo', ref: { tag } },
});

function reading(objects: Readonly<Record<string, object>>): (path: string) => Promise<unknown> {
  return (path) => {
    const object = objects[path];
    if (object !== undefined) return Promise.resolve(object);
    const gone = { message: 'gone', status: 404, details: { name: 'x' } };
    return Promise.reject(new KubernetesError(gone));
  };
}

const change = { annotations: { 'headwind.sh/last-update': 'now' }, resourceVersion: '7', appliedBy: 'r/1' };

describe('changing a release', () => {
  it('that sets its version itself is one guarded patch of that version and of our annotations', async () => {
    const release = await kind.fetch(reading({ [RELEASE]: ofTemplate }), 'shop', 'web');
    const artifact = { type: 'chart', name: 'nginx' } as const;
    expect(kind.writes(release, { ...change, artifact, image: 'nginx:1.3.0+up1' })).toEqual([
      {
        path: RELEASE,
        contentType: 'application/merge-patch+json',
        body: {
          metadata: { resourceVersion: '7', annotations: change.annotations },
          spec: { chart: { spec: { version: '1.3.0+up1' } } },
        },
      },
    ]);
  });

  const artifact = { type: 'chart', name: 'podinfo' } as const;

  it('by its OCIRepository sets the tag first, and then records it on the release', async () => {
    const objects = { [RELEASE]: ofReference, [SOURCE]: source('6.5.4') };
    const release = await kind.fetch(reading(objects), 'shop', 'web');
    expect(release.artifacts).toMatchObject([{ image: 'podinfo:6.5.4' }]);
    expect(kind.writes(release, { ...change, artifact, image: 'podinfo:6.6.0+up1' })).toEqual([
      {
        path: SOURCE,
        contentType: 'application/merge-patch+json',
        body: {
          metadata: { resourceVersion: '7', annotations: { 'headwind.sh/applied-request': 'r/1' } },
          spec: { ref: { tag: '6.6.0_up1' } },
        },
      },
      {
        path: RELEASE,
        contentType: 'application/merge-patch+json',
        body: { metadata: { resourceVersion: '7', annotations: change.annotations } },
      },
    ]);
  });

  it('does not set again what this very request has set, and only records it', async () => {
    const objects = { [RELEASE]: ofReference, [SOURCE]: source('6.6.0', 'r/1') };
    const release = await kind.fetch(reading(objects), 'shop', 'web');
    const writes = kind.writes(release, { ...change, artifact, image: 'podinfo:6.6.0' });
    expect(writes.map(({ path }) => path)).toEqual([RELEASE]);
  });

  it('is not possible where the OCIRepository is gone, which the release then says', async () => {
    const release = await kind.fetch(reading({ [RELEASE]: ofReference }), 'shop', 'web');
    expect(release.artifacts).toMatchObject([
      { release: { unresolved: true, obstacle: { code: 'chart-source' } } },
    ]);
  });

  it('waits where the cluster serves no releases (now)', async () => {
    const absent = createReleaseKind(() => undefined);
    await expect(absent.fetch(reading({}), 'shop', 'web')).rejects.toThrow(KubernetesUnreachableError);
  });
});
