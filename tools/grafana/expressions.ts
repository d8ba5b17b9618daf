import type { Query } from './panels.ts';

/** The series that the dashboard's variables choose. */
const CHOSEN = 'namespace=~"$namespace", instance=~"$instance"';

function series(name: string, matchers = ''): string {
  return `${name}{${matchers === '' ? '' : `${matchers}, `}${CHOSEN}}`;
}

function byLabels(labels: readonly string[]): string {
  return labels.length === 0 ? '' : ` by (${labels.join(', ')})`;
}

export interface Choice {
  /** Further label matchers, as PromQL writes them. */
  readonly where?: string;
  /** What is told apart; all else is added up. */
  readonly by?: readonly string[];
}

/** What a counter grew by in each step of the chart, added up over replicas. */
export function growth(name: string, { where, by = [] }: Choice = {}): string {
  return `sum${byLabels(by)} (increase(${series(name, where)}[$__rate_interval]))`;
}

/** What a counter grew by over the whole range of the dashboard. */
export function total(name: string, { where, by = [] }: Choice = {}): string {
  return `sum${byLabels(by)} (increase(${series(name, where)}[$__range]))`;
}

/** A counter per second. */
export function rate(name: string, { where, by = [] }: Choice = {}): string {
  return `sum${byLabels(by)} (rate(${series(name, where)}[$__rate_interval]))`;
}

/** What each replica has of its own, added up. */
export function sum(name: string, { where, by = [] }: Choice = {}): string {
  return `sum${byLabels(by)} (${series(name, where)})`;
}

/** What every replica sees: the largest of their values. */
export function seen(name: string, { where, by = [] }: Choice = {}): string {
  return `max${byLabels(by)} (${series(name, where)})`;
}

/** A quantile of a histogram over the step of the chart. */
function quantile(share: number, name: string): string {
  return `histogram_quantile(${share}, sum by (le) (rate(${series(`${name}_bucket`)}[$__rate_interval])))`;
}

/** The mean of a histogram. */
function mean(name: string): string {
  return `${rate(`${name}_sum`)} / ${rate(`${name}_count`)}`;
}

/** Shares of a histogram that are drawn. */
const QUANTILES = [0.5, 0.95, 0.99] as const;

/** The usual curves of a histogram: three quantiles and the mean. */
export function quantiles(name: string): readonly Query[] {
  return [
    ...QUANTILES.map((share) => ({ expr: quantile(share, name), legend: `${share * 100} %` })),
    { expr: mean(name), legend: 'mean' },
  ];
}
