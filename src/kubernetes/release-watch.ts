import { chartSourceKey, type ChartSource } from '../core/chart-source.ts';
import type { Clock } from '../core/clock.ts';
import { workloadKey, type Workload } from '../core/workload.ts';
import type { Log } from '../telemetry/log.ts';
import type { Catalog } from './catalog.ts';
import type { KubernetesClient } from './client.ts';
import {
  HELM_REPOSITORIES,
  OCI_REPOSITORIES,
  projectHelmRepository,
  projectOciRepository,
  type KnownSource,
} from './flux-sources.ts';
import { HELM_RELEASES, projectRelease, resolveRelease } from './helm-release.ts';
import type { TargetKind } from './kinds.ts';
import { createOptionalWatch, type OptionalWatch } from './optional-watch.ts';
import type { Change } from './projection-store.ts';
import type { ReflectorEvent } from './reflector.ts';
import { createReleaseKind } from './release-kind.ts';
import type { OptionalResource } from './served-version.ts';
import { scopesOf, type WorkloadWatchOptions } from './workload-watch.ts';

export interface ReleaseWatchOptions extends Pick<
  WorkloadWatchOptions,
  'namespaces' | 'labelSelector' | 'onChanged' | 'onRemoved' | 'onCount'
> {
  readonly client: Pick<KubernetesClient, 'request' | 'list' | 'stream'>;
  /** Is kept up to date. */
  readonly catalog: Catalog;
  /** A source is new, or has changed; the releases of it are told after it. */
  readonly onSourceChanged?: (source: ChartSource) => void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly onEvent: (event: ReflectorEvent) => void;
}

/** Flux's releases and where their charts come from, whether the cluster has any of that or not. */
export interface ReleaseWatch {
  /** Resolves when all that there is has been listed; rejects if `stop` comes first. */
  readonly synced: Promise<unknown>;
  /** How releases are changed. */
  readonly kind: TargetKind;
  /** A source that is known. */
  sourceOf(reference: Pick<ChartSource, 'kind' | 'namespace' | 'name'>): ChartSource | undefined;
  start(): void;
  stop(): Promise<void>;
}

/**
 * Follows releases like any other workload. A release whose chart comes from a source that is not known (yet) is told all
 * the same, with that as its obstacle, and again when the source arrives. What changes in a status alone is not told.
 */
export function createReleaseWatch(options: ReleaseWatchOptions): ReleaseWatch {
  const { catalog } = options;
  const sources = new Map<string, KnownSource>();
  // As projected, by workload key. Invariant: the catalog holds each of them, resolved by what is known of its source.
  const releases = new Map<string, Workload>();
  // The keys of the releases that name a source, by the source's key.
  const bySource = new Map<string, Set<string>>();

  const resolve = (release: Workload): void => {
    const resolved = resolveRelease(release, (reference) => sources.get(chartSourceKey(reference)));
    const before = catalog.get(workloadKey(release));
    catalog.upsert(resolved);
    options.onCount(resolved.kind, catalog.count(resolved.kind));
    if (before === undefined || contentOf(before) !== contentOf(resolved))
      options.onChanged(resolved, before);
  };
  const forget = (key: string): void => {
    const source = sourceKeyOf(releases.get(key));
    releases.delete(key);
    if (source === undefined) return;
    const users = bySource.get(source);
    users?.delete(key);
    if (users?.size === 0) bySource.delete(source);
  };
  const onRelease = ({ type, item }: Change<Workload>): void => {
    const key = workloadKey(item);
    forget(key);
    if (type === 'remove') {
      const gone = catalog.get(key) ?? item;
      catalog.remove(key);
      options.onCount(item.kind, catalog.count(item.kind));
      options.onRemoved(gone);
      return;
    }
    releases.set(key, item);
    const source = sourceKeyOf(item);
    if (source !== undefined) bySource.set(source, (bySource.get(source) ?? new Set()).add(key));
    resolve(item);
  };
  const onSource = ({ type, item }: Change<KnownSource>): void => {
    const key = chartSourceKey(item.source);
    const before = sources.get(key);
    if (type === 'remove') sources.delete(key);
    else sources.set(key, item);
    // Flux writes the status of its sources all the time.
    if (type === 'upsert' && before !== undefined && JSON.stringify(before) === JSON.stringify(item)) return;
    if (type === 'upsert') options.onSourceChanged?.(item.source);
    for (const user of bySource.get(key) ?? []) {
      const release = releases.get(user);
      if (release !== undefined) resolve(release);
    }
  };

  const follow = <T>(
    resource: OptionalResource,
    more: {
      readonly project: (object: unknown, apiVersion: string) => T | undefined;
      readonly onChange: (change: Change<T>) => void;
      readonly query?: Readonly<Record<string, string>>;
    },
  ): OptionalWatch => {
    const { client, clock, random, log, onEvent } = options;
    const scopes = scopesOf(options.namespaces);
    return createOptionalWatch<T>({ client, clock, random, log, onEvent, resource, scopes, ...more });
  };
  const { labelSelector } = options;
  const followed = {
    helmRepositories: follow(HELM_REPOSITORIES, { project: projectHelmRepository, onChange: onSource }),
    ociRepositories: follow(OCI_REPOSITORIES, { project: projectOciRepository, onChange: onSource }),
    releases: follow(HELM_RELEASES, {
      project: projectRelease,
      onChange: onRelease,
      ...(labelSelector === undefined ? {} : { query: { labelSelector } }),
    }),
  };
  const watches = Object.values(followed);

  return {
    synced: Promise.all(watches.map((watch) => watch.synced)),
    kind: createReleaseKind((resource) =>
      (resource === OCI_REPOSITORIES ? followed.ociRepositories : followed.releases).servedVersion(),
    ),
    sourceOf: (reference) => sources.get(chartSourceKey(reference))?.source,
    start() {
      for (const watch of watches) watch.start();
    },
    async stop() {
      await Promise.all(watches.map((watch) => watch.stop()));
    },
  };
}

function sourceKeyOf(release: Workload | undefined): string | undefined {
  const source = release?.artifacts[0]?.release?.source;
  return source === undefined ? undefined : chartSourceKey(source);
}

/** All but the state: what may change a decision. */
function contentOf(release: Workload): string {
  return JSON.stringify({ ...release, resourceVersion: '' });
}
