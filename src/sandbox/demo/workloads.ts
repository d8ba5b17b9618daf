import { ANNOTATION } from '../../core/annotations.ts';
import type { ObjectStore } from '../kubernetes/store.ts';

type Kind = 'Deployment' | 'StatefulSet' | 'DaemonSet';

export interface SampleContainer {
  readonly name: string;
  /** Path in the embedded registry. */
  readonly repository: string;
  readonly tag: string;
}

export interface SampleWorkload {
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
  readonly replicas?: number;
  readonly annotations: Readonly<Record<string, string>>;
  readonly containers: readonly SampleContainer[];
  readonly initContainers?: readonly SampleContainer[];
  /** What Headwind does with it, in few words. */
  readonly about: string;
}

/** Updates at once, and does not wait the usual five minutes between two of them: a demo is watched for less. */
export const AT_ONCE = { [ANNOTATION.requireApproval]: 'false', [ANNOTATION.minUpdateInterval]: '2s' };

/** Is taken back soon when it fails. */
const VERIFIED = {
  [ANNOTATION.autoRollback]: 'true',
  [ANNOTATION.rollbackTimeout]: '60s',
  [ANNOTATION.healthCheckRetries]: '2',
};

/** What runs in the demo: one workload for each thing that an annotation can say. */
export const SAMPLE_WORKLOADS: readonly SampleWorkload[] = [
  {
    kind: 'Deployment',
    namespace: 'shop',
    name: 'checkout',
    replicas: 3,
    annotations: { [ANNOTATION.policy]: 'minor' },
    containers: [{ name: 'checkout', repository: 'shop/checkout', tag: '1.4.2' }],
    initContainers: [{ name: 'migrate', repository: 'shop/migrations', tag: '0.9.0' }],
    about: 'minor versions, after approval',
  },
  {
    kind: 'Deployment',
    namespace: 'shop',
    name: 'storefront',
    replicas: 4,
    annotations: { [ANNOTATION.policy]: 'patch', ...AT_ONCE, ...VERIFIED },
    containers: [{ name: 'storefront', repository: 'shop/storefront', tag: '2.3.4' }],
    about: 'patches, at once; taken back if they fail',
  },
  {
    kind: 'StatefulSet',
    namespace: 'shop',
    name: 'orders',
    replicas: 2,
    annotations: { [ANNOTATION.policy]: 'minor' },
    containers: [{ name: 'orders', repository: 'shop/orders', tag: '15.3' }],
    about: 'minor versions, after approval',
  },
  {
    kind: 'Deployment',
    namespace: 'shop',
    name: 'cart',
    replicas: 1,
    annotations: { [ANNOTATION.policy]: 'all', [ANNOTATION.paused]: 'true' },
    containers: [{ name: 'cart', repository: 'shop/cart', tag: '0.9.1' }],
    about: 'paused: nothing is applied',
  },
  {
    kind: 'DaemonSet',
    namespace: 'platform',
    name: 'log-agent',
    annotations: { [ANNOTATION.policy]: 'minor', ...AT_ONCE },
    containers: [{ name: 'log-agent', repository: 'platform/log-agent', tag: '2.1.0' }],
    about: 'minor versions, at once',
  },
  {
    kind: 'Deployment',
    namespace: 'platform',
    name: 'reports',
    replicas: 1,
    annotations: { [ANNOTATION.policy]: 'glob', [ANNOTATION.pattern]: 'nightly-*' },
    containers: [{ name: 'reports', repository: 'platform/reports', tag: 'nightly-2026-03-01' }],
    about: 'nightly builds, after approval',
  },
  {
    kind: 'Deployment',
    namespace: 'platform',
    name: 'gateway',
    replicas: 2,
    annotations: { [ANNOTATION.policy]: 'patch' },
    containers: [{ name: 'gateway', repository: 'platform/gateway', tag: '3.2.1' }],
    about: 'patches only: the 4.0.0 that comes is none',
  },
  {
    kind: 'Deployment',
    namespace: 'platform',
    name: 'wiki',
    replicas: 1,
    annotations: {},
    containers: [{ name: 'wiki', repository: 'platform/wiki', tag: '7.0.0' }],
    about: 'no annotation: not Headwind’s business',
  },
];

const PLURALS = { Deployment: 'deployments', StatefulSet: 'statefulsets', DaemonSet: 'daemonsets' } as const;

/** Every image that the sample workloads start with. */
export function sampleImages(): readonly SampleContainer[] {
  return SAMPLE_WORKLOADS.flatMap(({ containers, initContainers = [] }) => [
    ...containers,
    ...initContainers,
  ]);
}

/** Creates namespaces and workloads; `registry` is `host:port`. */
export function createSampleWorkloads(store: ObjectStore, registry: string): void {
  for (const name of new Set(SAMPLE_WORKLOADS.map(({ namespace }) => namespace)))
    store.create('namespaces', { metadata: { name } });
  for (const sample of SAMPLE_WORKLOADS) {
    const labels = { app: sample.name };
    const imagesOf = (containers: readonly SampleContainer[]): readonly object[] =>
      containers.map(({ name, repository, tag }) => ({ name, image: `${registry}/${repository}:${tag}` }));
    const init = imagesOf(sample.initContainers ?? []);
    store.create(PLURALS[sample.kind], {
      metadata: {
        name: sample.name,
        namespace: sample.namespace,
        labels,
        annotations: sample.annotations,
      },
      spec: {
        ...(sample.replicas === undefined ? {} : { replicas: sample.replicas }),
        ...(sample.kind === 'StatefulSet' ? { serviceName: sample.name } : {}),
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            containers: imagesOf(sample.containers),
            ...(init.length === 0 ? {} : { initContainers: init }),
          },
        },
      },
    });
  }
}
