import type { Registry } from 'prom-client';

/**
 * What the families of these names are now, each one number: the sum over its labels. Histograms are two, their sum
 * and their count. Names that the registry does not have are left out.
 */
export async function readMetricValues(
  registry: Pick<Registry, 'getSingleMetric'>,
  names: Iterable<string>,
): Promise<ReadonlyMap<string, number>> {
  const values = new Map<string, number>();
  for (const family of names) {
    const metric = registry.getSingleMetric(family);
    if (metric === undefined) continue;
    for (const sample of (await metric.get()).values) {
      const name =
        'metricName' in sample && typeof sample.metricName === 'string' ? sample.metricName : family;
      if (!name.endsWith('_bucket')) values.set(name, (values.get(name) ?? 0) + sample.value);
    }
  }
  return values;
}
