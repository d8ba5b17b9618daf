import { describe, expect, it } from 'vitest';
import { WORKLOAD_KINDS, type WorkloadKindDescriptor } from './kinds.ts';

function descriptor(kind: string): WorkloadKindDescriptor {
  const found = WORKLOAD_KINDS.find((candidate) => candidate.kind === kind);
  if (found === undefined) throw new Error(`no ${kind}`);
  return found;
}

const deployment = descriptor('Deployment');

function anObject(change: { annotations?: unknown; template?: object } = {}): unknown {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: 'web',
      namespace: 'shop',
      uid: 'u1',
      resourceVersion: '42',
      managedFields: [{ manager: 'kubectl' }],
      annotations: {
        'headwind.sh/policy': 'minor',
        'headwind.sh/update-history': '[{"container":"app"}]',
        'kubectl.kubernetes.io/last-applied-configuration': '{…}',
      },
      ...('annotations' in change ? { annotations: change.annotations } : {}),
    },
    spec: {
      replicas: 3,
      template: {
        spec: {
          initContainers: [{ name: 'migrate', image: 'shop/migrate:1.0.0' }],
          containers: [
            { name: 'app', image: 'shop/app:1.0.0', env: [{ name: 'A', value: 'b' }] },
            { name: 'proxy', image: 'envoy:v1.30' },
          ],
          imagePullSecrets: [{ name: 'first' }, { name: 'second' }],
          serviceAccountName: 'builder',
          ...change.template,
        },
      },
    },
  };
}

describe('projecting a workload', () => {
  it('keeps what a decision needs and nothing else', () => {
    expect(deployment.project(anObject())).toEqual({
      kind: 'Deployment',
      apiVersion: 'apps/v1',
      namespace: 'shop',
      name: 'web',
      uid: 'u1',
      resourceVersion: '42',
      annotations: { 'headwind.sh/policy': 'minor' },
      artifacts: [
        { type: 'container', name: 'app', image: 'shop/app:1.0.0' },
        { type: 'container', name: 'proxy', image: 'envoy:v1.30' },
        { type: 'initContainer', name: 'migrate', image: 'shop/migrate:1.0.0' },
      ],
      pullSecrets: ['first', 'second'],
      serviceAccount: 'builder',
    });
  });

  it.each([
    ['has no annotations', {}],
    ['has annotations of others only', { 'keel.sh/policy': 'minor' }],
    ['has an annotation that is no text', { 'headwind.sh/policy': 7 }],
  ])('keeps nothing of an object that %s', (_name, annotations) => {
    expect(deployment.project(anObject({ annotations }))).toBeUndefined();
  });

  it('keeps a policy of any value: what it means is decided elsewhere', () => {
    const annotations = { 'headwind.sh/policy': 'nonsense' };
    expect(deployment.project(anObject({ annotations }))?.annotations).toEqual(annotations);
  });

  it('uses the default service account where none is named', () => {
    const template = { serviceAccountName: undefined, imagePullSecrets: undefined, initContainers: null };
    expect(deployment.project(anObject({ template }))).toMatchObject({
      serviceAccount: 'default',
      pullSecrets: [],
    });
  });

  it('loses one bad entry and not the workload', () => {
    const template = {
      containers: [7, { image: 'nameless:1' }, { name: 'app', image: 5 }, { name: 'ok', image: 'ok:1' }],
      initContainers: 'none',
      imagePullSecrets: [{}, { name: 'good' }, null],
      serviceAccountName: 9,
    };
    expect(deployment.project(anObject({ template }))).toMatchObject({
      artifacts: [
        { name: 'app', image: '' },
        { name: 'ok', image: 'ok:1' },
      ],
      pullSecrets: ['good'],
      serviceAccount: 'default',
    });
  });

  it.each([
    ['a text', 'x'],
    ['an object without metadata', {}],
    ['a workload without a pod template', { ...Object(anObject()), spec: {} }],
  ])('throws on %s', (_name, object) => {
    expect(() => deployment.project(object)).toThrow(/metadata|template|object/);
  });
});

describe('reading a workload in full', () => {
  it('includes the update history', () => {
    expect(deployment.read(anObject()).annotations).toEqual({
      'headwind.sh/policy': 'minor',
      'headwind.sh/update-history': '[{"container":"app"}]',
    });
  });

  it('does not ask for the policy annotation: it may have been taken away', () => {
    expect(deployment.read(anObject({ annotations: null })).annotations).toEqual({});
  });
});

describe('patching a workload', () => {
  it('names one container, the annotations and the state that it was decided on', () => {
    const patch = deployment.patch({
      artifact: { type: 'initContainer', name: 'migrate' },
      image: 'shop/migrate:1.1.0',
      annotations: { 'headwind.sh/last-update': '2026-01-01T00:00:00Z' },
      resourceVersion: '42',
    });
    expect(patch).toEqual({
      contentType: 'application/strategic-merge-patch+json',
      body: {
        metadata: {
          resourceVersion: '42',
          annotations: { 'headwind.sh/last-update': '2026-01-01T00:00:00Z' },
        },
        spec: { template: { spec: { initContainers: [{ name: 'migrate', image: 'shop/migrate:1.1.0' }] } } },
      },
    });
  });

  it('refuses a chart, which these kinds do not have', () => {
    const artifact = { type: 'chart', name: 'web' } as const;
    const change = { artifact, image: 'web:1', annotations: {}, resourceVersion: '1' };
    expect(() => deployment.patch(change)).toThrow(TypeError);
  });
});

describe('where workloads live', () => {
  it.each([
    ['Deployment', '/apis/apps/v1/deployments', '/apis/apps/v1/namespaces/shop/deployments/web'],
    ['StatefulSet', '/apis/apps/v1/statefulsets', '/apis/apps/v1/namespaces/shop/statefulsets/web'],
    ['DaemonSet', '/apis/apps/v1/daemonsets', '/apis/apps/v1/namespaces/shop/daemonsets/web'],
  ])('%s', (kind, list, object) => {
    expect(descriptor(kind).listPath()).toBe(list);
    expect(descriptor(kind).objectPath('shop', 'web')).toBe(object);
    expect(object.startsWith(descriptor(kind).listPath('shop'))).toBe(true);
  });
});

describe('where pods may land', () => {
  const term = { matchExpressions: [{ key: 'zone', operator: 'In', values: ['a'] }] };
  const affinity = {
    nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } },
  };

  it('is kept of selector and required affinity', () => {
    const template = { nodeSelector: { disk: 'ssd' }, affinity };
    expect(deployment.project(anObject({ template }))?.placement).toEqual({
      nodeSelector: { disk: 'ssd' },
      required: [{ labels: [{ key: 'zone', operator: 'In', values: ['a'] }], fields: [] }],
    });
  });

  it.each<[string, object]>([
    ['nothing binds them', {}],
    ['the selector is empty', { nodeSelector: {} }],
    [
      'the affinity is a preference',
      { affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } } },
    ],
    ['the affinity cannot be read', { affinity: { nodeAffinity: 'somewhere' } }],
  ])('is not kept where %s', (_name, template) => {
    expect(deployment.project(anObject({ template }))).not.toHaveProperty('placement');
  });
});
