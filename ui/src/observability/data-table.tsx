import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ChartDescription } from './charts.ts';
import { stepLabel } from './time-axis.ts';
import { formatCount, type Values } from './values.ts';

export interface DataTableProps {
  readonly chart: ChartDescription;
  readonly timestamps: readonly number[];
  readonly series: Readonly<Record<string, Values>>;
}

/** What a chart shows, as a table, newest first; made when it is opened. */
export function DataTable(props: DataTableProps): JSX.Element {
  const [open, setOpen] = useState(false);
  return (
    <details class="chart-data" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        Data<span class="visually-hidden">{` of ${props.chart.title}`}</span> as a table
      </summary>
      {open && <Rows {...props} />}
    </details>
  );
}

function Rows({ chart, timestamps, series }: DataTableProps): JSX.Element {
  const rangeMs = (timestamps.at(-1) ?? 0) - (timestamps[0] ?? 0);
  const steps = timestamps.map((atMs, index) => ({ atMs, index })).toReversed();
  return (
    <div class="chart-rows" tabIndex={0} role="region" aria-label={`${chart.title} as a table`}>
      <table>
        <thead>
          <tr>
            <th scope="col">From</th>
            {chart.lines.map(({ metric, label }) => (
              <th key={metric} scope="col">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {steps.map(({ atMs, index }) => (
            <tr key={atMs}>
              <th scope="row">
                <time dateTime={new Date(atMs).toISOString()}>{stepLabel(atMs, rangeMs)}</time>
              </th>
              {chart.lines.map(({ metric }) => (
                <td key={metric}>{formatCount(series[metric]?.[index] ?? undefined)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
