import { requestKey, type UpdateRequest } from '../core/update-request.ts';
import { workloadKey, type Workload } from '../core/workload.ts';
import { artifactKey, type RequestStore } from './request-store.ts';

export interface ShardOptions {
  /** Those that are watched; empty for all. */
  readonly namespaces: readonly string[];
  /** Narrows which workloads are watched. */
  readonly labelSelector: string | undefined;
  readonly catalog: { get(key: string): Workload | undefined };
}

/** Which requests are ours, where several Headwinds share a cluster: those for workloads that we watch. */
export interface Shard {
  readonly concerns: (request: UpdateRequest) => boolean;
  /** Hands what the watch of requests says to the store, as far as it concerns us. */
  feed(requests: Pick<RequestStore, 'observe' | 'forget' | 'ofArtifact'>): ShardFeed;
}

export interface ShardFeed {
  observe(request: UpdateRequest): void;
  forget(gone: UpdateRequest): void;
  /** A workload is watched from now on: its requests are ours. */
  workloadCame(workload: Workload): void;
  /** It is not watched any more: its requests are another's, or about to be deleted with it. */
  workloadWent(workload: Workload): void;
}

/** Requests do not carry the labels of their workloads: whether they are ours shows when the workload is known. */
export function createShard({ namespaces, labelSelector, catalog }: ShardOptions): Shard {
  const isSelective = labelSelector !== undefined;
  const inScope = ({ metadata }: UpdateRequest): boolean =>
    namespaces.length === 0 || namespaces.includes(metadata.namespace);
  const isWatched = ({ spec }: UpdateRequest): boolean =>
    catalog.get(workloadKey(spec.targetRef)) !== undefined;
  const concerns = (request: UpdateRequest): boolean =>
    inScope(request) && (!isSelective || isWatched(request));

  return {
    concerns,
    feed(requests) {
      // By key, by workload: requests that are there and not ours. Empty where nothing is selected.
      const others = new Map<string, Map<string, UpdateRequest>>();
      // Invariant: under which workload each of them is.
      const places = new Map<string, string>();
      const drop = (key: string): void => {
        const workload = places.get(key) ?? '';
        const group = others.get(workload);
        places.delete(key);
        group?.delete(key);
        if (group?.size === 0) others.delete(workload);
      };
      const setAside = (request: UpdateRequest): void => {
        const key = requestKey(request);
        // What a request is about never changes, but another one of its name may be about something else.
        drop(key);
        const workload = workloadKey(request.spec.targetRef);
        const group = others.get(workload) ?? new Map<string, UpdateRequest>();
        others.set(workload, group.set(key, request));
        places.set(key, workload);
      };
      return {
        observe(request) {
          if (concerns(request)) {
            requests.observe(request);
            return;
          }
          setAside(request);
          // Where its artifact went before its workload, it is still known.
          requests.forget(request, 'left');
        },
        forget(gone) {
          drop(requestKey(gone));
          requests.forget(gone);
        },
        workloadCame(workload) {
          for (const request of others.get(workloadKey(workload))?.values() ?? []) {
            drop(requestKey(request));
            requests.observe(request);
          }
        },
        workloadWent(workload) {
          if (!isSelective) return;
          for (const { name } of workload.artifacts) {
            for (const request of requests.ofArtifact(artifactKey(workload, name))) {
              setAside(request);
              requests.forget(request, 'left');
            }
          }
        },
      };
    },
  };
}
