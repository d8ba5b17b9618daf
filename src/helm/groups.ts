import { chartSourceKey, type ChartMember, type ChartSource } from '../core/chart-source.ts';
import { workloadKey } from '../core/workload.ts';

/** The releases that one look at a source serves. */
export interface SourceGroup {
  /** `chartSourceKey`. */
  readonly key: string;
  readonly source: ChartSource;
  /** By chart; at least one, each with at least one member. */
  readonly charts: ReadonlyMap<string, readonly ChartMember[]>;
  /** The shortest that any of them wants. */
  readonly intervalMs: number;
  /** Differs where the source has to be asked anew. */
  readonly sourceState: string;
  /** By member: differs where what was found has to be looked at anew. */
  readonly memberStates: ReadonlyMap<string, string>;
}

/** Flux's `interval: 10s` is meant for its own cache in the cluster, not for somebody's server. */
const SHORTEST_INTERVAL_MS = 60_000;

/** Groups the releases by their source. `intervalMs`: for those where neither release nor source says. */
export function groupBySource(
  members: Iterable<ChartMember>,
  intervalMs: number,
): ReadonlyMap<string, SourceGroup> {
  const bySource = Map.groupBy(members, ({ source }) => chartSourceKey(source));
  return new Map(
    bySource.entries().flatMap(([key, ofSource]) => {
      const [first] = ofSource;
      return first === undefined ? [] : [[key, toGroup(key, ofSource, first.source, intervalMs)]];
    }),
  );
}

function toGroup(
  key: string,
  members: readonly ChartMember[],
  source: ChartSource,
  intervalMs: number,
): SourceGroup {
  const wishes = members.map((member) => member.intervalMs ?? source.intervalMs ?? intervalMs);
  return {
    key,
    source,
    charts: Map.groupBy(members, ({ chart }) => chart),
    intervalMs: Math.max(
      SHORTEST_INTERVAL_MS,
      wishes.reduce((a, b) => Math.min(a, b), Infinity),
    ),
    sourceState: JSON.stringify(source),
    memberStates: new Map(members.map((member) => [memberKey(member), stateOf(member)])),
  };
}

/** Names a member among those of its source. */
export function memberKey({ workload, artifact }: ChartMember): string {
  return `${workloadKey(workload)}#${artifact.name}`;
}

function stateOf({ workload, artifact, chart }: ChartMember): string {
  const { image, release } = artifact;
  return JSON.stringify([chart, image, release?.running, release?.obstacle?.code, workload.annotations]);
}
