import type { KubernetesClient } from '../kubernetes/client.ts';
import type { RequestStore } from './request-store.ts';

/** This replica does not lead (any more): what it was about to do is another one's to do, from what stands in Kubernetes. */
export class NotLeadingError extends Error {
  override readonly name = 'NotLeadingError';
  constructor() {
    super('this replica does not lead');
  }
}

/**
 * The same client, through which nothing is changed unless this replica leads at that very moment. A process that was
 * stopped in the middle of its work goes on with it when it wakes up, before any timer or answer tells it what has
 * happened meanwhile; a resourceVersion alone would let it patch a workload for a request that was rejected since.
 */
export function fencedClient(
  client: Pick<KubernetesClient, 'request'>,
  isLeading: () => boolean,
): Pick<KubernetesClient, 'request'> {
  return {
    async request(call) {
      if (call.method !== 'GET') check(isLeading);
      return client.request(call);
    },
  };
}

/** The same requests, which nobody writes through this unless this replica leads at that very moment. */
export function fencedRequests(requests: RequestStore, isLeading: () => boolean): RequestStore {
  return {
    observe: (request) => requests.observe(request),
    forget: (gone, why) => requests.forget(gone, why),
    get: (key) => requests.get(key),
    all: () => requests.all(),
    get size() {
      return requests.size;
    },
    ofArtifact: (artifact) => requests.ofArtifact(artifact),
    fetch: (namespace, name) => requests.fetch(namespace, name),
    subscribe: (listener) => requests.subscribe(listener),
    followMoves: (listener) => requests.followMoves(listener),
    isUntold: (request) => requests.isUntold(request),
    async create(request) {
      check(isLeading);
      return requests.create(request);
    },
    async writeStatus(request, status) {
      check(isLeading);
      return requests.writeStatus(request, status);
    },
    async annotate(request, annotations) {
      check(isLeading);
      return requests.annotate(request, annotations);
    },
    async remove(request) {
      check(isLeading);
      return requests.remove(request);
    },
  };
}

function check(isLeading: () => boolean): void {
  if (!isLeading()) throw new NotLeadingError();
}
