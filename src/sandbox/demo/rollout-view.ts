import { arrayAt, numberAt, objectAt, stringAt } from '../kubernetes/json.ts';

/** What the demo keeps of a workload. */
export interface RolloutView {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** Of a release the one chart, with its version. */
  readonly images: readonly string[];
  /** Whether all pods are of the present template and available, or Flux has installed the chart. */
  readonly settled: boolean;
}

/** Reads a Deployment, StatefulSet, DaemonSet or HelmRelease. */
export function rolloutView(object: unknown): RolloutView {
  const kind = stringAt(object, 'kind');
  return {
    kind,
    namespace: stringAt(object, 'metadata', 'namespace'),
    name: stringAt(object, 'metadata', 'name'),
    images: kind === 'HelmRelease' ? [chartOf(object)] : imagesOf(object),
    settled: isSettled(object),
  };
}

function imagesOf(object: unknown): readonly string[] {
  return ['initContainers', 'containers'].flatMap((list) =>
    arrayAt(object, 'spec', 'template', 'spec', list).map((container) => stringAt(container, 'image')),
  );
}

function chartOf(object: unknown): string {
  const template = objectAt(object, 'spec', 'chart', 'spec');
  return `${stringAt(template, 'chart')}:${stringAt(template, 'version')}`;
}

function isSettled(object: unknown): boolean {
  const status = (field: string): number => numberAt(object, 'status', field);
  if (status('observedGeneration') < numberAt(object, 'metadata', 'generation')) return false;
  if (stringAt(object, 'kind') === 'HelmRelease') return isReady(object);
  if (stringAt(object, 'kind') === 'DaemonSet')
    return (
      status('updatedNumberScheduled') === status('desiredNumberScheduled') &&
      status('numberAvailable') === status('desiredNumberScheduled')
    );
  const wanted = numberAt(object, 'spec', 'replicas');
  return (
    status('updatedReplicas') === wanted &&
    status('readyReplicas') === wanted &&
    status('replicas') === wanted
  );
}

function isReady(object: unknown): boolean {
  return arrayAt(object, 'status', 'conditions').some(
    (condition) => stringAt(condition, 'type') === 'Ready' && stringAt(condition, 'status') === 'True',
  );
}

/** A container that does not come up. */
export interface Trouble {
  readonly namespace: string;
  readonly pod: string;
  readonly image: string;
  readonly reason: string;
}

const TROUBLES: ReadonlySet<string> = new Set(['CrashLoopBackOff', 'ImagePullBackOff']);

/** The containers of a pod that cannot start or stay up. */
export function troublesOf(pod: unknown): readonly Trouble[] {
  return ['initContainerStatuses', 'containerStatuses']
    .flatMap((list) => arrayAt(pod, 'status', list))
    .map((status) => ({
      namespace: stringAt(pod, 'metadata', 'namespace'),
      pod: stringAt(pod, 'metadata', 'name'),
      image: stringAt(status, 'image'),
      reason: stringAt(status, 'state', 'waiting', 'reason'),
    }))
    .filter(({ reason }) => TROUBLES.has(reason));
}
