import type { Charts } from '../observability/metrics-view.ts';
import { RANGE_NAMES, timestampsOf } from '../observability/ranges.ts';
import type { DashboardMetrics } from './metrics-shapes.ts';

export interface DashboardMetricsInput {
  readonly charts: Charts;
  readonly current: ReadonlyMap<string, number>;
  /** Since when the process remembers, in milliseconds since the Unix epoch. */
  readonly liveSince: number | undefined;
}

/** Metrics are read about once a minute at the most; who has not been for so long is not being read. */
const STALE_AFTER_MS = 360_000;

/** The answer that the page is drawn from. */
export function toDashboardMetrics({ charts, current, liveSince }: DashboardMetricsInput): DashboardMetrics {
  const { choice, window, series } = charts;
  const { backend, newestMs, passedOver } = choice;
  return {
    backend: {
      id: backend.id,
      name: backend.name,
      ...(backend.url !== undefined && { url: backend.url }),
      why: explainChoice(charts),
      newestAt: new Date(newestMs).toISOString(),
      stale: window.nowMs - newestMs > STALE_AFTER_MS,
      ...(backend.id === 'live' && liveSince !== undefined && { since: new Date(liveSince).toISOString() }),
      passedOver: passedOver.map(({ name, url, problem }) => ({
        name,
        ...(url !== undefined && { url }),
        problem,
      })),
    },
    range: window.range,
    ranges: RANGE_NAMES,
    stepSeconds: window.stepMs / 1000,
    timestamps: timestampsOf(window),
    current: Object.fromEntries(current),
    series: Object.fromEntries(Array.from(series, ([name, values]) => [name, values.map(rounded)])),
  };
}

/** One metric as it is documented; steps of which nothing is known are left out. */
export function toTimeSeries(
  { window, series }: Charts,
  name: string,
): readonly { readonly timestamp: string; readonly value: number }[] {
  const values = series.get(name) ?? [];
  return timestampsOf(window).flatMap((atMs, index) => {
    const value = values[index] ?? null;
    return value === null ? [] : [{ timestamp: new Date(atMs).toISOString(), value: rounded(value) ?? 0 }];
  });
}

function explainChoice({ choice: { backend, passedOver }, wanted }: Charts): string {
  if (wanted === 'live') return 'The settings ask for what this process itself remembers.';
  if (wanted === backend.id) return 'The settings name it.';
  if (backend.id !== 'live') return 'It is the first that has metrics of Headwind.';
  if (wanted !== 'auto') return 'What the settings name cannot be used.';
  return passedOver.length === 0 ? 'No backend is enabled.' : 'No backend has metrics of Headwind.';
}

/** Sums of seconds need no more than microseconds. */
function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value * 1e6) / 1e6;
}
