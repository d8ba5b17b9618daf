import type { Clock } from '../core/clock.ts';
import { workloadKey, type Workload, type WorkloadKind } from '../core/workload.ts';
import type { Log } from '../telemetry/log.ts';
import type { Catalog } from './catalog.ts';
import type { KubernetesClient } from './client.ts';
import { WORKLOAD_KINDS } from './kinds.ts';
import { createReflector, type Reflector, type ReflectorEvent } from './reflector.ts';

export interface WorkloadWatchOptions {
  readonly client: Pick<KubernetesClient, 'list' | 'stream'>;
  /** Empty for all. */
  readonly namespaces: readonly string[];
  readonly labelSelector: string | undefined;
  /** Is kept up to date. */
  readonly catalog: Catalog;
  /** A workload is new (`before` is undefined) or has changed; the catalog knows it already. */
  readonly onChanged: (workload: Workload, before: Workload | undefined) => void;
  /** A workload is gone, or no longer carries a policy. */
  readonly onRemoved: (workload: Workload) => void;
  /** How many workloads of a kind there are now. */
  readonly onCount: (kind: WorkloadKind, count: number) => void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly onEvent: (event: ReflectorEvent) => void;
}

/** Follows all workloads: one reflector per kind, and per namespace where the operator is narrowed to some. */
export function createWorkloadWatch(options: WorkloadWatchOptions): readonly Reflector<Workload>[] {
  const { catalog, labelSelector } = options;
  const query = labelSelector === undefined ? {} : { labelSelector };
  return WORKLOAD_KINDS.flatMap((kind) =>
    scopesOf(options.namespaces).map((namespace) =>
      createReflector<Workload>({
        ...options,
        query,
        resource: kind.plural,
        path: kind.listPath(namespace),
        project: (object) => kind.project(object),
        onChange({ type, item }) {
          const key = workloadKey(item);
          const before = catalog.get(key);
          if (type === 'upsert') catalog.upsert(item);
          else catalog.remove(key);
          options.onCount(item.kind, catalog.count(item.kind));
          if (type === 'upsert') options.onChanged(item, before);
          else options.onRemoved(item);
        },
      }),
    ),
  );
}

/** What is listed and watched: everything in one go, or one namespace each. */
export function scopesOf(namespaces: readonly string[]): readonly (string | undefined)[] {
  return namespaces.length === 0 ? [undefined] : namespaces;
}
