import type { LiveSettings } from '../config/live-settings.ts';
import type { UpdateRequest } from '../core/update-request.ts';
import type { Health } from '../http/dependencies.ts';
import type { PreferencesView } from '../http/settings-shapes.ts';
import type { Engine } from '../pipeline/engine.ts';

/** The same work, and whether it has resolved by now. */
export function track(work: Promise<unknown>): {
  readonly done: Promise<unknown>;
  readonly isDone: () => boolean;
} {
  let resolved = false;
  work.then(
    () => {
      resolved = true;
    },
    () => undefined,
  );
  return { done: work, isDone: () => resolved };
}

/** What the probes ask. */
export function buildHealth(engine: Engine, isSynced: () => boolean): Health {
  const report = (name: string, ok: boolean, message: string): ReturnType<Health['live']> => ({
    ok,
    checks: [{ name, ok, ...(ok ? {} : { message }) }],
  });
  return {
    live: () => report('work', !engine.isStuck(), 'a look at a request has not ended for minutes'),
    // The servers answer this themselves: that they are bound needs no check of its own.
    ready: () => report('caches', isSynced(), 'workloads and requests are not all known yet'),
  };
}

/** All namespaces with workloads or requests. */
export function namespacesOf(
  workloads: Iterable<{ readonly namespace: string }>,
  requests: Iterable<UpdateRequest>,
): ReadonlySet<string> {
  const namespaces = new Set<string>();
  for (const { namespace } of workloads) namespaces.add(namespace);
  for (const { metadata } of requests) namespaces.add(metadata.namespace);
  return namespaces;
}

/** What the page is told of the settings, whoever looks at it. */
export function preferencesOf({ dashboard }: LiveSettings): PreferencesView {
  return {
    refresh_interval: dashboard.refreshIntervalMs / 1000,
    max_items_per_page: dashboard.maxItemsPerPage,
  };
}
