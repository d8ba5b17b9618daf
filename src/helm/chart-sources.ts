import { DEFAULT_REGISTRY_CONFIG, type RegistryConfig } from '../config/registry-hosts.ts';
import { chartSourceKey, type ChartSource } from '../core/chart-source.ts';
import type { Clock } from '../core/clock.ts';
import type { Confirmation } from '../core/decision.ts';
import type { Result } from '../core/result.ts';
import { unlessAborted } from '../registry/deadline.ts';
import { createHostTable } from '../registry/host-table.ts';
import { createHosts, type RegistryLog, type RequestObservation } from '../registry/hosts.ts';
import { createTransport } from '../registry/transport.ts';
import { createHttpIndexes, type HttpIndexQuestion } from './http-index.ts';
import { createIndexThread } from './index-thread.ts';
import type { ChartListing } from './listing.ts';
import { createOciCharts, type OciChartsOptions } from './oci-charts.ts';
import { createSourceAccess, type SourceAccess, type SourceAccessOptions } from './source-access.ts';

export interface ChartSourcesOptions extends SourceAccessOptions {
  /** The client that images are asked for with: what it knows of a host holds for charts too. */
  readonly registry: OciChartsOptions['registry'];
  /** As that client has them. */
  readonly registryConfig?: RegistryConfig | undefined;
  readonly insecureRegistries: readonly string[];
  readonly clock: Clock;
  readonly log: RegistryLog;
  /** Told of every request that does not go through `registry`. */
  readonly onRequest?: ((observation: RequestObservation) => void) | undefined;
}

/** Which versions a source has of these charts. */
export interface ChartsQuestion {
  readonly source: ChartSource;
  readonly charts: ReadonlySet<string>;
  readonly signal?: AbortSignal | undefined;
}

/** Whether a source has this version of a chart. */
export interface VersionQuestion {
  readonly source: ChartSource;
  readonly chart: string;
  readonly version: string;
  readonly signal?: AbortSignal | undefined;
}

/** All places where charts come from, asked in the one way that fits each. */
export interface ChartSources {
  /**
   * The versions of the wanted charts that the source offers now, without deprecated ones. Rejects only with the reason
   * of `signal`; whatever else goes wrong is told.
   */
  list(question: ChartsQuestion): Promise<ChartListing>;
  /**
   * Whether the source has this version of the chart. The digest is that of the package, of a registry that of the
   * manifest; empty where an index does not tell it. Rejects as `list`.
   */
  confirm(question: VersionQuestion): Promise<Confirmation>;
  /** What is kept of indexes between two looks, in bytes, roughly. */
  keptBytes(): number;
  /** Ends all questions under way, as `unavailable`, and closes connections. */
  close(): void;
}

/** What the index said so shortly ago confirms a version; that it lacks one is asked anew. */
const FRESH_MS = 30_000;

/** Makes the one reader of chart sources. */
export function createChartSources(options: ChartSourcesOptions): ChartSources {
  const { clock, log, onRequest } = options;
  const config = options.registryConfig ?? DEFAULT_REGISTRY_CONFIG;
  const table = createHostTable(config, options.insecureRegistries);
  const transport = createTransport({ clock, caOf: (url) => table.ofAddress(url).ca });
  const thread = createIndexThread({ clock });
  const closing = new AbortController();
  const indexes = createHttpIndexes({
    hosts: createHosts({ transport, clock, log, table, onRequest }),
    thread,
    clock,
    closing: closing.signal,
  });
  const oci = createOciCharts({
    registry: options.registry,
    registryOptions: { config, insecureHosts: options.insecureRegistries, log, onRequest },
    clock,
  });
  const lookUp = createSourceAccess(options);

  /** Hands the source's access to `ask`, unless nothing may be asked or the access cannot be had. */
  const withAccess = async <T>(
    source: ChartSource,
    ask: (access: SourceAccess) => Promise<T>,
  ): Promise<T | NotAsked> => {
    const name = chartSourceKey(source);
    if (source.suspended)
      return { outcome: 'unavailable', message: `${name} is suspended (spec.suspend)`, suspended: true };
    try {
      const access: Result<SourceAccess> = await lookUp(source);
      if (!access.ok) return { outcome: 'unavailable', message: access.error, denied: true };
      return await ask(access.value);
    } catch (error) {
      log.warn({ error, source: name }, 'a chart source cannot be asked');
      return { outcome: 'unavailable', message: `what is shown to ${name} could not be read` };
    }
  };

  const confirmInIndex = async (question: HttpIndexQuestion, version: string): Promise<Confirmation> => {
    const [chart = ''] = question.charts;
    const listing = await indexes.list(question);
    if (listing.outcome !== 'complete') return listing;
    const listed = listing.charts.get(chart);
    if (listed === undefined || 'problem' in listed)
      return { outcome: 'missing', message: listed?.problem.message ?? `there is no chart ${chart}` };
    const found = listed.versions.find((offered) => offered.version === version);
    if (found !== undefined) return { outcome: 'found', digest: found.digest ?? '' };
    if (question.freshForMs > 0) return confirmInIndex({ ...question, freshForMs: 0 }, version);
    const message = `the index of ${chartSourceKey(question.source)} has no ${chart} ${version} that is not deprecated`;
    return { outcome: 'missing', message };
  };

  return {
    list: ({ source, charts, signal }) =>
      unlessAborted(signal, () =>
        withAccess(source, (access) =>
          source.type === 'oci'
            ? oci.list({ source, access, charts })
            : indexes.list({ source, access, charts, freshForMs: 0, urgent: false }),
        ),
      ),
    confirm: ({ source, chart, version, signal }) =>
      unlessAborted(signal, () =>
        withAccess(source, (access) =>
          source.type === 'oci'
            ? oci.confirm({ source, access, chart, version })
            : confirmInIndex(
                { source, access, charts: new Set([chart]), freshForMs: FRESH_MS, urgent: true },
                version,
              ),
        ),
      ),
    keptBytes: () => indexes.keptBytes(),
    close: () => {
      closing.abort();
      thread.close();
      oci.close();
      transport.close();
    },
  };
}

interface NotAsked {
  readonly outcome: 'unavailable';
  readonly message: string;
  readonly denied?: boolean;
  readonly suspended?: boolean;
}
