import {
  Chart,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  type ChartDataset,
  type ScriptableContext,
} from 'chart.js';
import type { ChartLine } from './charts.ts';
import { tickLabel, timeTicks } from './time-axis.ts';
import type { Values } from './values.ts';

/** What a chart shows; everything may change at any time. */
export interface Drawing {
  readonly timestamps: readonly number[];
  readonly lines: readonly { readonly line: ChartLine; readonly values: Values }[];
}

export interface DrawnChart {
  draw(drawing: Drawing): void;
  /** Marks a step; undefined: none. */
  mark(step: number | undefined): void;
  /** The moment below a place of the canvas, in pixels from its left. */
  momentAt(x: number): number | undefined;
  destroy(): void;
}

type Dataset = ChartDataset<'line', { x: number; y: number }[]>;

const NARROW_PX = 420;
const AXIS_PX = 40;

/** Draws lines over time on a canvas, in the colours of its theme. Nothing else of Chart.js than this is loaded. */
export function createChart(canvas: HTMLCanvasElement): DrawnChart {
  Chart.register(LineController, LineElement, PointElement, LinearScale);
  let marked: number | undefined;
  let fromMs = 0;
  let toMs = 1;
  let moments: readonly number[] = [];
  const css = getComputedStyle(canvas);
  const colour = (name: string): string => css.getPropertyValue(name).trim();

  const chart = new Chart<'line', { x: number; y: number }[]>(canvas, {
    type: 'line',
    data: { datasets: [] },
    options: {
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      events: [],
      parsing: false,
      normalized: true,
      layout: { padding: { top: 6, right: 10 } },
      scales: {
        x: {
          type: 'linear',
          border: { display: false },
          grid: { display: false },
          ticks: {
            maxRotation: 0,
            autoSkip: false,
            color: () => colour('--text-2'),
            callback: (value) => tickLabel(Number(value), toMs - fromMs),
          },
          afterBuildTicks(axis) {
            const count = axis.chart.width < NARROW_PX ? 4 : 7;
            const offsetMinutes = new Date(toMs).getTimezoneOffset();
            axis.ticks = timeTicks(fromMs, toMs, { count, offsetMinutes }).map((value) => ({ value }));
          },
        },
        y: {
          // The same in all charts, so that a moment stands at the same place in each of them.
          afterFit(axis) {
            axis.width = AXIS_PX;
          },
          beginAtZero: true,
          suggestedMax: 2,
          border: { display: false },
          grid: { color: () => colour('--line') },
          ticks: { precision: 0, maxTicksLimit: 5, color: () => colour('--text-2') },
        },
      },
    },
    plugins: [
      {
        id: 'mark',
        afterDatasetsDraw({ ctx, chartArea, scales }) {
          const at = marked === undefined ? undefined : moments[marked];
          const x = at === undefined ? undefined : scales['x']?.getPixelForValue(at);
          if (x === undefined) return;
          ctx.save();
          ctx.strokeStyle = colour('--line-strong');
          ctx.lineWidth = 1;
          ctx.beginPath();
          ctx.moveTo(x, chartArea.top);
          ctx.lineTo(x, chartArea.bottom);
          ctx.stroke();
          ctx.restore();
        },
      },
    ],
  });

  return {
    draw({ timestamps, lines }) {
      moments = timestamps;
      fromMs = timestamps[0] ?? 0;
      toMs = timestamps.at(-1) ?? 1;
      chart.data.datasets = lines.map(({ line, values }, index): Dataset => ({
        // Patterns lie above the lines without gaps, so that lines of equal values are all seen.
        order: -index,
        data: timestamps.map((x, step) => ({ x, y: values[step] ?? NaN })),
        borderColor: colour(line.colour),
        backgroundColor: colour(line.colour),
        borderDash: [...line.dash],
        borderWidth: 2,
        pointRadius: (context: ScriptableContext<'line'>) =>
          standsAlone(values, context.dataIndex) ? 2.5 : 0,
        spanGaps: false,
      }));
      const x = chart.options.scales?.['x'];
      if (x !== undefined) Object.assign(x, { min: fromMs, max: toMs });
      chart.options.font = { family: css.fontFamily, size: 12 };
      chart.update('none');
    },
    mark(step) {
      if (step === marked) return;
      marked = step;
      chart.draw();
    },
    momentAt: (x) => chart.scales['x']?.getValueForPixel(x),
    destroy: () => chart.destroy(),
  };
}

/** Whether a value has no neighbour that a line could lead to. */
function standsAlone(values: Values, index: number): boolean {
  return (values[index - 1] ?? null) === null && (values[index + 1] ?? null) === null;
}
