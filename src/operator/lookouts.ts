import { createCharts, type Charts } from '../helm/charts.ts';
import { countLooks } from '../helm/count-looks.ts';
import type { createCatalog } from '../kubernetes/catalog.ts';
import type { createReleaseWatch } from '../kubernetes/release-watch.ts';
import { createSecretReader } from '../kubernetes/secret-reader.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { createPoller, type Poller } from '../triggers/poller/poller.ts';
import { chartPlanOf } from './jobs.ts';
import type { LiveSettingsStore } from './live-settings.ts';
import { observePolls } from './observers.ts';
import type { OperatorOptions } from './options.ts';
import type { Outside } from './outside.ts';
import { traceRegistry } from './traces.ts';

export interface LookoutParts extends Pick<Pipeline, 'deliver' | 'deliverCharts'> {
  readonly outside: Outside;
  readonly catalog: ReturnType<typeof createCatalog>;
  readonly releases: Pick<ReturnType<typeof createReleaseWatch>, 'sourceOf'>;
  readonly live: Pick<LiveSettingsStore, 'current'>;
  readonly metrics: Metrics;
}

/** Builds what looks for new versions by itself: in registries, and in the sources of charts. */
export function createLookouts(
  options: OperatorOptions,
  { outside, catalog, releases, live, metrics, deliver, deliverCharts }: LookoutParts,
): { readonly poller: Poller; readonly charts: Charts } {
  const { settings, clock, random, logRoot } = options;
  const { client, registry, credentials, pullSecrets, cloud } = outside;
  const poller = createPoller({
    ...credentials,
    catalog,
    deliver,
    registry: {
      listTags: (query) => registry.listTags(query),
      digestOf: (query) => registry.confirm({ ...query, background: true }),
    },
    intervalMs: () => live.current().polling.intervalMs,
    clock,
    random,
    log: logRoot.target('headwind::polling'),
    ...observePolls(metrics),
  });

  const looks = countLooks(metrics);
  const charts = createCharts({
    workloads: () => catalog.all(),
    sourceOf: (reference) => releases.sourceOf(reference),
    deliver: (findings) => deliverCharts(findings, live.current().polling.enabled ? 'polling' : 'discovery'),
    plan: () => chartPlanOf(live.current()),
    registry,
    registryConfig: options.registryConfig,
    insecureRegistries: settings.insecureRegistries,
    readSecret: createSecretReader(client),
    cloudCredentials: (host) => cloud.credentialsFor(host),
    serviceAccountCredentials: (account, repository) =>
      pullSecrets.credentialsFor({ ...account, pullSecrets: [] }, repository),
    clock,
    random,
    log: logRoot.target('headwind::helm'),
    ...looks,
    onRequest: (asked) => {
      looks.onRequest?.(asked);
      traceRegistry(asked, clock.now());
    },
  });
  return { poller, charts };
}
