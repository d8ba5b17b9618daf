import type { ChartFindings, ChartMember, ChartSource } from '../core/chart-source.ts';
import type { Confirmation } from '../core/decision.ts';
import { chartWish } from '../core/poll-wish.ts';
import type { Artifact, ReleaseChart, Workload } from '../core/workload.ts';
import { createChartSources, type ChartSourcesOptions } from './chart-sources.ts';
import { createChartDiscovery, type ChartDiscoveryOptions } from './discovery.ts';

export interface ChartsOptions
  extends ChartSourcesOptions, Pick<ChartDiscoveryOptions, 'deliver' | 'random' | 'onLook' | 'onDepth'> {
  readonly log: ChartSourcesOptions['log'] & ChartDiscoveryOptions['log'];
  readonly workloads: () => Iterable<Workload>;
  readonly sourceOf: (reference: NonNullable<ReleaseChart['source']>) => ChartSource | undefined;
  /** Why and how often sources are looked at, as of now. */
  readonly plan: () => ChartPlan;
  /** Told after each look how many bytes are kept of indexes, roughly. */
  readonly onKept?: (bytes: number) => void;
}

export interface ChartPlan {
  /** Whether sources are looked at by themselves, as often as a release or its source says. */
  readonly discovers: boolean;
  /** How often releases are polled that do not say, in milliseconds; absent where nothing is polled. */
  readonly pollIntervalMs: number | undefined;
}

/** What releases need of the sources of their charts. */
export interface Charts {
  /** Whether the source of this release has that version of its chart. */
  confirm(query: {
    readonly workload: Workload;
    readonly artifact: Artifact;
    readonly version: string;
  }): Promise<Confirmation>;
  /** Begins to look at sources, unless nothing is to be looked at: call it once releases and sources are known. */
  start(withinMs?: number): void;
  /** Looks at nothing more, until `start` is called again. */
  pause(): void;
  /** The plan is another one: begins, ends, or looks sooner. Does nothing while paused. */
  planChanged(withinMs?: number): void;
  releaseChanged(release: Workload): void;
  sourceChanged(source: ChartSource): void;
  stop(): Promise<void>;
}

/** What holds where neither a release nor its source says how often it is looked at. */
const INTERVAL_MS = 600_000;

/** Ties releases to their sources: asks about one version, and looks for newer ones. */
export function createCharts(options: ChartsOptions): Charts {
  const sources = createChartSources(options);
  const discovery = createChartDiscovery({
    ...options,
    sources,
    members: () => membersOf(options),
    deliver: (findings: ChartFindings) => options.deliver(findings),
    onLook: (observation) => {
      options.onLook?.(observation);
      options.onKept?.(sources.keptBytes());
    },
    intervalMs: () => options.plan().pollIntervalMs ?? INTERVAL_MS,
  });
  let running = false;
  const follow = (withinMs?: number): void => {
    const { discovers, pollIntervalMs } = options.plan();
    if (running && (discovers || pollIntervalMs !== undefined)) discovery.start(withinMs);
    else discovery.pause();
  };
  return {
    async confirm({ artifact, version }) {
      const reference = artifact.release?.source;
      const source = reference === undefined ? undefined : options.sourceOf(reference);
      if (source === undefined)
        return { outcome: 'unavailable', message: `where chart ${artifact.name} comes from is not known` };
      return sources.confirm({ source, chart: artifact.name, version });
    },
    start(withinMs) {
      running = true;
      follow(withinMs);
    },
    pause() {
      running = false;
      follow();
    },
    planChanged: follow,
    releaseChanged: (release) => discovery.releaseChanged(release),
    sourceChanged: (source) => discovery.sourceChanged(source),
    async stop() {
      await discovery.stop();
      sources.close();
    },
  };
}

type MemberOptions = Pick<ChartsOptions, 'workloads' | 'sourceOf' | 'plan'>;

/** The charts that are looked for, each with how often that is wanted. */
export function* membersOf(options: MemberOptions): Generator<ChartMember> {
  for (const workload of options.workloads()) {
    for (const artifact of workload.artifacts) {
      const member = toMember(workload, artifact, options);
      if (member !== undefined) yield member;
    }
  }
}

function toMember(
  workload: Workload,
  artifact: Artifact,
  { sourceOf, plan }: MemberOptions,
): ChartMember | undefined {
  const { discovers, pollIntervalMs } = plan();
  const { source: reference, intervalMs: own } = artifact.release ?? {};
  const source = reference === undefined ? undefined : sourceOf(reference);
  const wish = source === undefined ? undefined : chartWish(workload, artifact);
  if (source === undefined || wish === undefined) return undefined;
  const polled = pollIntervalMs === undefined ? [] : [wish.settings.pollingIntervalMs ?? pollIntervalMs];
  const intervals = [...polled, ...(discovers && own !== undefined ? [own] : [])];
  const member = { workload, artifact, source, chart: artifact.name };
  return intervals.length === 0 ? member : { ...member, intervalMs: Math.min(...intervals) };
}
