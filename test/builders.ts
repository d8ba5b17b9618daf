import type { UpdateRequest, UpdateRequestSpec, UpdateRequestStatus } from '../src/core/update-request.ts';
import type { Artifact, ReleaseChart, Workload } from '../src/core/workload.ts';

/** Builders for tests: a sensible object, and what this test is about as changes to it. */
export const NOON = Date.parse('2026-01-01T12:00:00Z');

type RequestChange = {
  readonly name?: string;
  readonly namespace?: string;
  readonly created?: string;
  readonly annotations?: Record<string, string>;
  readonly spec?: Partial<UpdateRequestSpec>;
  readonly status?: Partial<UpdateRequestStatus>;
};

/** A pending request that moves container `web` of Deployment shop/web from nginx:1.25.0 to nginx:1.26.0. */
export function aRequest(change: RequestChange = {}): UpdateRequest {
  const name = change.name ?? 'web-web-1-26-0-00000000';
  return {
    apiVersion: 'headwind.sh/v1alpha1',
    kind: 'UpdateRequest',
    metadata: {
      name,
      namespace: change.namespace ?? 'shop',
      uid: `uid-of-${name}`,
      resourceVersion: '7',
      creationTimestamp: change.created ?? '2026-01-01T11:00:00Z',
      ...(change.annotations === undefined ? {} : { annotations: change.annotations }),
    },
    spec: {
      targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', namespace: 'shop' },
      updateType: 'image',
      containerName: 'web',
      currentImage: 'nginx:1.25.0',
      newImage: 'nginx:1.26.0',
      policy: 'minor',
      requireApproval: true,
      ...change.spec,
    },
    status: { phase: 'Pending', ...change.status },
  };
}

/** A request that a person has approved. */
export function anApprovedRequest(change: RequestChange = {}): UpdateRequest {
  return aRequest({ ...change, status: { phase: 'Approved', approvedBy: 'alice', ...change.status } });
}

type WorkloadChange = Partial<Omit<Workload, 'annotations'>> & {
  readonly annotations?: Record<string, string>;
};

/** Deployment shop/web with container `web` at nginx:1.25.0 and policy minor. */
export function aWorkload({ annotations, ...change }: WorkloadChange = {}): Workload {
  return {
    kind: 'Deployment',
    apiVersion: 'apps/v1',
    namespace: 'shop',
    name: 'web',
    uid: 'uid-of-web',
    resourceVersion: '3',
    annotations: { 'headwind.sh/policy': 'minor', ...annotations },
    artifacts: [aContainer()],
    pullSecrets: [],
    serviceAccount: 'default',
    ...change,
  };
}

/** Container `web` at nginx:1.25.0. */
export function aContainer(change: Partial<Artifact> = {}): Artifact {
  return { type: 'container', name: 'web', image: 'nginx:1.25.0', ...change };
}

/** HelmRelease shop/web with chart nginx at 1.25.0 from HelmRepository flux/charts, and policy minor. */
export function aRelease({ annotations, ...change }: WorkloadChange = {}): Workload {
  return {
    ...aWorkload(annotations === undefined ? {} : { annotations }),
    kind: 'HelmRelease',
    apiVersion: 'helm.toolkit.fluxcd.io/v2',
    artifacts: [aChart()],
    ...change,
  };
}

/** Chart nginx at 1.25.0; `release` adds to what is known of it. */
export function aChart({
  release,
  ...change
}: Partial<Omit<Artifact, 'release'>> & { readonly release?: Partial<ReleaseChart> } = {}): Artifact {
  const source = { kind: 'HelmRepository', namespace: 'flux', name: 'charts' } as const;
  return {
    type: 'chart',
    name: 'nginx',
    image: 'nginx:1.25.0',
    release: { setIn: 'release', source, ...release },
    ...change,
  };
}
