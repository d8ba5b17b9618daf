/** What the table of metrics says of one family (src/telemetry/metrics.ts). */
export interface MetricFamily {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
}

/** One thing that may be asked for by its name; there is nothing beside these. */
export interface Queryable {
  readonly name: string;
  /** Counters are shown as what they grew by, gauges as what they were. */
  readonly kind: 'counter' | 'gauge';
  /** How the gauges of several replicas become one value. */
  readonly across: 'max' | 'sum';
  /** Where it is a part of a histogram, which some backends keep under the histogram's own name. */
  readonly part?: { readonly family: string; readonly field: 'sum' | 'count' };
}

/** Every replica sees all of these: what they count is the same thing, and must not be added up. */
const SEEN_BY_ALL = new Set([
  'headwind_updates_pending',
  'headwind_deployments_watched',
  'headwind_statefulsets_watched',
  'headwind_daemonsets_watched',
  'headwind_helm_releases_watched',
]);

/** All that may be asked for, by name. Of a histogram, its sum and its count. */
export function queryables(families: readonly MetricFamily[]): ReadonlyMap<string, Queryable> {
  const all = families.flatMap(partsOf);
  return new Map(all.map((queryable) => [queryable.name, queryable]));
}

function partsOf({ name, type }: MetricFamily): readonly Queryable[] {
  if (type === 'histogram')
    return (['count', 'sum'] as const).map((field) => ({
      name: `${name}_${field}`,
      kind: 'counter',
      across: 'sum',
      part: { family: name, field },
    }));
  return [{ name, kind: type, across: SEEN_BY_ALL.has(name) ? 'max' : 'sum' }];
}
