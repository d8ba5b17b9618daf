import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { DashboardMetrics } from '../../../src/http/metrics-shapes.ts';
import { Loaded } from '../kit/loaded.tsx';
import { useResource } from '../state/resource.ts';
import { createStore } from '../state/store.ts';
import { useQuery } from '../state/use-query.ts';
import '../styles/observability.css';
import { BackendBanner } from './backend-banner.tsx';
import { ChartCard } from './chart-card.tsx';
import { CHARTS } from './charts.ts';
import { MetricCards } from './metric-cards.tsx';

const RANGES = ['1h', '6h', '24h', '7d', '30d'];

/** Headwind's own metrics over time. */
export function ObservabilityPage(): JSX.Element {
  const [query, change] = useQuery();
  const asked = query['range'];
  const path =
    asked === undefined
      ? '/api/v1/dashboard/metrics'
      : `/api/v1/dashboard/metrics?range=${encodeURIComponent(asked)}`;
  const { resource, reload } = useResource<DashboardMetrics>(path);
  const marked = useMemo(() => createStore<number | undefined>(undefined), []);
  const shown = asked ?? (resource.kind === 'ready' ? resource.value.range : undefined);
  const isWaiting = resource.kind === 'ready' && resource.path !== path;
  return (
    <>
      <div class="observability-head">
        <h1>Observability</h1>
        <div class="tabs" role="group" aria-label="Range of time">
          {RANGES.map((range) => (
            <button
              key={range}
              type="button"
              class="button"
              aria-pressed={range === shown}
              onClick={() => change({ range })}
            >
              {range}
            </button>
          ))}
        </div>
      </div>
      <Loaded resource={resource} onRetry={reload}>
        {(metrics) => (
          <div class="observability" aria-busy={isWaiting}>
            <BackendBanner backend={metrics.backend} />
            <MetricCards metrics={metrics} />
            <div class="chart-grid">
              {CHARTS.map((chart) => (
                <ChartCard key={chart.id} chart={chart} metrics={metrics} marked={marked} />
              ))}
            </div>
          </div>
        )}
      </Loaded>
    </>
  );
}
