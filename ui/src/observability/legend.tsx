import type { JSX } from 'preact';
import { useStore, type Store } from '../state/store.ts';
import type { ChartDescription, ChartLine } from './charts.ts';
import { formatCount, readingOf, type Values } from './values.ts';

export interface LegendProps {
  readonly chart: ChartDescription;
  readonly series: Readonly<Record<string, Values>>;
  readonly hidden: ReadonlySet<string>;
  readonly marked: Store<number | undefined>;
  readonly onToggle: (metric: string) => void;
}

/** What each line is and says, of the step that is looked at or of the whole range; a press hides it and shows it again. */
export function Legend({ chart, series, hidden, marked, onToggle }: LegendProps): JSX.Element {
  const step = useStore(marked);
  return (
    <ul class="chart-legend" aria-label={`Lines of ${chart.title}`}>
      {chart.lines.map((line) => (
        <li key={line.metric}>
          <button
            type="button"
            aria-pressed={!hidden.has(line.metric)}
            title={hidden.has(line.metric) ? 'Show this line' : 'Hide this line'}
            onClick={() => onToggle(line.metric)}
          >
            <Sample line={line} />
            <span>{line.label}</span>
            <strong>{formatCount(readingOf(chart.kind, series[line.metric], step))}</strong>
          </button>
        </li>
      ))}
    </ul>
  );
}

function Sample({ line }: { readonly line: ChartLine }): JSX.Element {
  return (
    <svg class={`line-sample ${line.colour.slice(2)}`} width="26" height="8" aria-hidden="true">
      <line x1="0" y1="4" x2="26" y2="4" stroke-width="2.5" stroke-dasharray={line.dash.join(' ')} />
    </svg>
  );
}
