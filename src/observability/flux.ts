import type { Queryable } from './queryable.ts';

/** Text as Flux writes it in its programs; `${` would begin an expression there. */
export function fluxString(text: string): string {
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('${', '\\${')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t');
  return `"${escaped}"`;
}

/**
 * Which rows are of these metrics, in either of the two layouts that scrapers write
 * (https://docs.influxdata.com/influxdb/v2/reference/prometheus-metrics): with metric_version 2 the measurement is
 * `prometheus` and the field is the metric; with 1 the measurement is the metric and the field its type.
 */
export function fluxFilter(metrics: readonly Queryable[]): string {
  const plain = metrics.filter(({ part }) => part === undefined).map(({ name }) => name);
  const second = `r._measurement == "prometheus" and r._field =~ ${oneOf(metrics.map(({ name }) => name))}`;
  const first = `r._measurement =~ ${oneOf(plain)} and r._field =~ /^(counter|gauge|value)$/`;
  const parts = metrics.flatMap(({ part }) => part ?? []);
  const histograms = `r._measurement =~ ${oneOf(parts.map(({ family }) => family))} and r._field =~ /^(count|sum)$/`;
  const cases = [second, ...(plain.length === 0 ? [] : [first]), ...(parts.length === 0 ? [] : [histograms])];
  return `filter(fn: (r) => ${cases.map((one) => `(${one})`).join(' or ')})`;
}

/** The metric that a row is of, in either layout; undefined for another one's. */
export function metricOfRow(
  metrics: readonly Queryable[],
  measurement: string,
  field: string,
): string | undefined {
  const matches = ({ name, part }: Queryable): boolean => {
    if (measurement === 'prometheus') return field === name;
    if (part !== undefined) return measurement === part.family && field === part.field;
    return measurement === name;
  };
  return metrics.find(matches)?.name;
}

/** Names come out of the table of metrics and nowhere else: letters, digits and underscores. */
function oneOf(names: readonly string[]): string {
  return `/^(${names.join('|')})$/`;
}
