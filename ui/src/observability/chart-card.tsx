import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { DashboardMetrics } from '../../../src/http/metrics-shapes.ts';
import { useStore, type Store } from '../state/store.ts';
import type { ChartDescription } from './charts.ts';
import { DataTable } from './data-table.tsx';
import { Legend } from './legend.tsx';
import { LineChart } from './line-chart.tsx';
import { stepLabel } from './time-axis.ts';
import { formatCount, formatSeconds, formatStep, rangeText, readingOf, totalOf } from './values.ts';

export interface ChartCardProps {
  readonly chart: ChartDescription;
  readonly metrics: DashboardMetrics;
  readonly marked: Store<number | undefined>;
}

/** One chart with its legend above and its data below. */
export function ChartCard({ chart, metrics, marked }: ChartCardProps): JSX.Element {
  const { timestamps, series } = metrics;
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const toggle = (metric: string): void => {
    const next = new Set(hidden);
    if (!next.delete(metric)) next.add(metric);
    setHidden(next);
  };
  const drawing = useMemo(
    () => ({
      timestamps,
      lines: chart.lines
        .filter(({ metric }) => !hidden.has(metric))
        .map((line) => ({ line, values: series[line.metric] ?? [] })),
    }),
    [timestamps, series, chart, hidden],
  );
  const isKnown = chart.lines.some(({ metric }) => totalOf(series[metric]) !== undefined);
  return (
    <section class="chart-card card" aria-labelledby={`chart-${chart.id}`}>
      <header>
        <h2 id={`chart-${chart.id}`}>{chart.title}</h2>
        <Reading chart={chart} metrics={metrics} marked={marked} />
      </header>
      <Legend {...{ chart, series, hidden, marked }} onToggle={toggle} />
      {isKnown ? (
        <LineChart drawing={drawing} marked={marked} label={describe(chart, metrics)} />
      ) : (
        <p class="chart-space chart-empty quiet">Nothing is known of this time.</p>
      )}
      {chart.id === 'controller' && <MeanTime series={series} />}
      <DataTable {...{ chart, timestamps, series }} />
    </section>
  );
}

/** What the numbers of the legend stand for. */
function Reading({ chart, metrics, marked }: ChartCardProps): JSX.Element {
  const step = useStore(marked);
  const { timestamps, stepSeconds, range } = metrics;
  const atMs = step === undefined ? undefined : timestamps[step];
  if (atMs !== undefined) {
    const rangeMs = (timestamps.at(-1) ?? 0) - (timestamps[0] ?? 0);
    const label = stepLabel(atMs, rangeMs);
    return (
      <span class="chart-reading">
        {chart.kind === 'level' ? label : `${label}, ${formatStep(stepSeconds)}`}
      </span>
    );
  }
  const whole =
    chart.kind === 'level' ? 'now' : `in ${rangeText(range)}, in steps of ${formatStep(stepSeconds)}`;
  return <span class="chart-reading quiet">{whole}</span>;
}

function MeanTime({ series }: Pick<DashboardMetrics, 'series'>): JSX.Element | null {
  const count = totalOf(series['headwind_reconcile_duration_seconds_count']);
  const seconds = totalOf(series['headwind_reconcile_duration_seconds_sum']);
  if (count === undefined || seconds === undefined || count === 0) return null;
  return (
    <p class="chart-note quiet">{`One reconciliation took ${formatSeconds(seconds / count)} on average.`}</p>
  );
}

function describe({ title, kind, lines }: ChartDescription, { series, range }: DashboardMetrics): string {
  const readings = lines.map(
    ({ metric, label }) => `${label} ${formatCount(readingOf(kind, series[metric], undefined))}`,
  );
  const when = kind === 'level' ? 'now' : `in ${rangeText(range)}`;
  return `Chart of ${title}; ${when}: ${readings.join(', ')}. The table below has all values.`;
}
