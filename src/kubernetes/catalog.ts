import { repositoryKeyOf } from '../core/artifact-reference.ts';
import { type Artifact, type Workload, type WorkloadKind, workloadKey } from '../core/workload.ts';

/** An artifact and the workload that it is on. */
export interface CatalogEntry {
  readonly workload: Workload;
  readonly artifact: Artifact;
}

/** All watched workloads, found by key or by the repository that one of their images (or a chart) comes from. */
export interface Catalog {
  /** Takes in a workload, in place of the one with the same key. */
  upsert(workload: Workload): void;
  /** Forgets the workload with this `workloadKey`. */
  remove(key: string): void;
  get(key: string): Workload | undefined;
  /** The artifacts whose image or chart comes from the repository with this `repositoryKey`, in any spelling. */
  byRepository(key: string): readonly CatalogEntry[];
  all(): IterableIterator<Workload>;
  /** How many workloads of this kind there are. */
  count(kind: WorkloadKind): number;
}

/**
 * Makes an empty catalog. A question costs what it finds, a change what it changes. An image that is not a
 * reference stays on its workload and is found under no repository.
 */
export function createCatalog(): Catalog {
  const workloads = new Map<string, Workload>();
  const counts = new Map<WorkloadKind, number>();
  // Repository → the workloads with an image from it, mostly a single one: a set for each would cost as much as the workload.
  // Which of its artifacts that is, is read off its few images when asked.
  const byRepository = new Map<string, Workload | Set<Workload>>();

  function index(workload: Workload): void {
    for (const repository of repositoriesOf(workload)) {
      const known = byRepository.get(repository);
      if (known === undefined) byRepository.set(repository, workload);
      else if (known instanceof Set) known.add(workload);
      else byRepository.set(repository, new Set([known, workload]));
    }
  }

  function unindex(workload: Workload): void {
    for (const repository of repositoriesOf(workload)) {
      const known = byRepository.get(repository);
      if (known instanceof Set) known.delete(workload);
      if (known === workload || (known instanceof Set && known.size === 0)) byRepository.delete(repository);
    }
  }

  function remove(key: string): void {
    const old = workloads.get(key);
    if (old === undefined) return;
    workloads.delete(key);
    counts.set(old.kind, (counts.get(old.kind) ?? 1) - 1);
    unindex(old);
  }

  return {
    upsert(workload) {
      const key = workloadKey(workload);
      remove(key);
      workloads.set(key, workload);
      counts.set(workload.kind, (counts.get(workload.kind) ?? 0) + 1);
      index(workload);
    },
    remove,
    get: (key) => workloads.get(key),
    byRepository(key) {
      const found: CatalogEntry[] = [];
      const known = byRepository.get(key);
      if (known === undefined) return found;
      for (const workload of known instanceof Set ? known : [known]) {
        for (const artifact of workload.artifacts) {
          if (repositoryKeyOf(artifact) === key) found.push({ workload, artifact });
        }
      }
      return found;
    },
    all: () => workloads.values(),
    count: (kind) => counts.get(kind) ?? 0,
  };
}

function repositoriesOf(workload: Workload): Set<string> {
  const keys = new Set<string>();
  for (const artifact of workload.artifacts) {
    const key = repositoryKeyOf(artifact);
    if (key !== undefined) keys.add(key);
  }
  return keys;
}
