import type { ChartSource } from '../../src/core/chart-source.ts';
import type { Clock } from '../../src/core/clock.ts';
import { createChartSources, type ChartSources } from '../../src/helm/chart-sources.ts';
import type { ChartListing } from '../../src/helm/listing.ts';
import { createRegistry } from '../../src/registry/client.ts';
import type { RequestObservation } from '../../src/registry/hosts.ts';
import { systemClock } from '../../src/system.ts';

/** Secrets as the API server gives them, by `namespace/name`; an absent one cannot be read. */
export type Secrets = Readonly<Record<string, unknown>>;

export interface ChartBench {
  readonly sources: ChartSources;
  /** Everything that was logged, as text. */
  readonly logged: readonly string[];
  /** The outcomes of the requests, in order. */
  readonly outcomes: readonly string[];
}

/** Chart sources over real connections, with Secrets out of a table. */
export function aChartBench(options: {
  readonly secrets?: Secrets;
  readonly clock?: Clock;
  /** Hosts of registries that speak plain HTTP without their sources saying so. */
  readonly insecure?: readonly string[];
}): ChartBench {
  const { secrets = {}, clock = systemClock, insecure = [] } = options;
  const logged: string[] = [];
  const outcomes: string[] = [];
  const keep = (fields: object, message: string): void =>
    void logged.push(`${message} ${JSON.stringify(fields)}`);
  const log = { debug: keep, warn: keep };
  const onRequest = ({ outcome }: RequestObservation): void => void outcomes.push(outcome);
  const registry = createRegistry({ insecureHosts: insecure, clock, log, onRequest });
  const sources = createChartSources({
    registry,
    insecureRegistries: insecure,
    readSecret: (namespace, name) => Promise.resolve(secrets[`${namespace}/${name}`]),
    cloudCredentials: () => Promise.resolve([]),
    serviceAccountCredentials: () => Promise.resolve([]),
    clock,
    log,
    onRequest,
  });
  return {
    sources: {
      ...sources,
      close: () => {
        sources.close();
        registry.close();
      },
    },
    logged,
    outcomes,
  };
}

/** HelmRepository flux-system/podinfo over HTTP, changed as told. */
export function aChartSource(change: Partial<ChartSource> & Pick<ChartSource, 'url'>): ChartSource {
  return {
    kind: 'HelmRepository',
    apiVersion: 'source.toolkit.fluxcd.io/v1',
    namespace: 'flux-system',
    name: 'podinfo',
    uid: 'uid-of-podinfo',
    type: change.url.startsWith('oci:') ? 'oci' : 'http',
    passCredentials: false,
    insecure: false,
    timeoutMs: 60_000,
    suspended: false,
    provider: 'generic',
    ...change,
  };
}

/** A Secret with these entries, as the API server gives it. */
export function aSecret(entries: Readonly<Record<string, string>>, type = 'Opaque'): unknown {
  const data = Object.entries(entries).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
  return { apiVersion: 'v1', kind: 'Secret', type, data: Object.fromEntries(data) };
}

/** `podinfo: 6.5.0 6.4.0` and so on; where there is no list, the kind of trouble; why nothing is known. */
export function told(listing: ChartListing): readonly string[] | string {
  if (listing.outcome !== 'complete') {
    const denied = listing.outcome === 'unavailable' && listing.denied === true ? ' (denied)' : '';
    return `${listing.outcome}${denied}: ${listing.message}`;
  }
  return Array.from(listing.charts, ([chart, found]) =>
    'problem' in found
      ? `${chart}: ${found.problem.kind}`
      : `${chart}: ${found.versions.map(({ version }) => version).join(' ')}`,
  );
}
