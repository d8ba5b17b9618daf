import type { Clock } from '../../../core/clock.ts';
import type { StoreEvent } from '../revision-log.ts';
import type { ObjectStore } from '../store.ts';

/** Several changes within this time are looked at once; it is also what makes a rollout's steps visible. */
const LATENCY_MS = 60;
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 15_000;

export interface ReconcileLoopOptions {
  readonly store: ObjectStore;
  readonly clock: Clock;
  /** The plural of what is reconciled. */
  readonly resource: string;
  /** Which objects a change concerns. */
  readonly concerns: (event: StoreEvent) => readonly ObjectName[];
  /** Brings one object nearer to what it should be; answers after how many milliseconds to look again, if at all. */
  readonly reconcile: (name: ObjectName) => number | undefined;
}

export interface ObjectName {
  readonly namespace: string;
  readonly name: string;
}

/**
 * Calls `reconcile` for every object that changed, and again later when it throws: the object may have been changed
 * or its namespace may be going away. Answers the function that stops it.
 */
export function startReconcileLoop(options: ReconcileLoopOptions): () => void {
  const { store, clock, resource } = options;
  /** Keys with a look ahead, the earliest one. */
  const due = new Map<string, { readonly at: number; readonly cancel: () => void }>();
  const failures = new Map<string, number>();

  const enqueue = (name: ObjectName, delayMs: number): void => {
    const key = `${name.namespace}/${name.name}`;
    const at = clock.now() + delayMs;
    const known = due.get(key);
    if (known !== undefined && known.at <= at) return;
    known?.cancel();
    due.set(key, { at, cancel: clock.after(delayMs, () => run(name, key)) });
  };

  const run = (name: ObjectName, key: string): void => {
    due.delete(key);
    if (store.get(resource, name.namespace, name.name) === undefined) {
      failures.delete(key);
      return;
    }
    try {
      const againMs = options.reconcile(name);
      failures.delete(key);
      if (againMs !== undefined) enqueue(name, againMs);
    } catch {
      const count = failures.get(key) ?? 0;
      failures.set(key, count + 1);
      enqueue(name, Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(count, 10)));
    }
  };

  const unsubscribe = store.subscribe((event) => {
    for (const name of options.concerns(event)) enqueue(name, LATENCY_MS);
  });
  for (const { metadata } of store.list(resource))
    enqueue({ namespace: metadata.namespace ?? '', name: metadata.name }, LATENCY_MS);

  return () => {
    unsubscribe();
    for (const { cancel } of due.values()) cancel();
    due.clear();
  };
}

/** The object itself when it is of `resource`, or the owner of kind `kind` when it is of one of `dependents`. */
export function selfOrOwner(
  resource: string,
  kind: string,
  dependents: readonly string[],
): (event: StoreEvent) => readonly ObjectName[] {
  return ({ resource: changed, object }) => {
    const namespace = object.metadata.namespace ?? '';
    if (changed === resource) return [{ namespace, name: object.metadata.name }];
    if (!dependents.includes(changed)) return [];
    return (object.metadata.ownerReferences ?? [])
      .filter((owner) => owner.controller === true && owner.kind === kind)
      .map((owner) => ({ namespace, name: owner.name }));
  };
}
