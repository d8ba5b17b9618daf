import type { JSX } from 'preact';
import { Link } from 'wouter-preact';
import type { DashboardMetrics } from '../../../src/http/metrics-shapes.ts';
import { formatCount, shortRange, totalOf } from './values.ts';

interface Card {
  readonly label: string;
  readonly metric: string;
  /** Counted over the range; the others are as they are now. */
  readonly counted: boolean;
  /** The requests or workloads that it is about. */
  readonly href: string;
}

const UPDATES: readonly Card[] = [
  { label: 'Pending', metric: 'headwind_updates_pending', counted: false, href: '/?phase=Pending' },
  { label: 'Approved', metric: 'headwind_updates_approved_total', counted: true, href: '/?phase=Approved' },
  { label: 'Applied', metric: 'headwind_updates_applied_total', counted: true, href: '/?phase=Completed' },
  { label: 'Failed', metric: 'headwind_updates_failed_total', counted: true, href: '/?phase=Failed' },
  { label: 'Rejected', metric: 'headwind_updates_rejected_total', counted: true, href: '/?phase=Rejected' },
];

const RESOURCES: readonly Card[] = [
  resource('Deployment', 'headwind_deployments_watched'),
  resource('StatefulSet', 'headwind_statefulsets_watched'),
  resource('DaemonSet', 'headwind_daemonsets_watched'),
  resource('HelmRelease', 'headwind_helm_releases_watched'),
];

function resource(kind: string, metric: string): Card {
  return { label: `${kind}s`, metric, counted: false, href: `/workloads?kind=${kind}` };
}

/** The numbers at the top: updates, and what is watched. */
export function MetricCards({ metrics }: { readonly metrics: DashboardMetrics }): JSX.Element {
  return (
    <div class="metric-groups">
      <Group title="Updates" cards={UPDATES} metrics={metrics} />
      <Group title="Resources watched" cards={RESOURCES} metrics={metrics} />
    </div>
  );
}

function Group({
  title,
  cards,
  metrics: { current, series, range },
}: {
  readonly title: string;
  readonly cards: readonly Card[];
  readonly metrics: DashboardMetrics;
}): JSX.Element {
  return (
    <section class="card metric-group" aria-label={`${title} in numbers`}>
      <h2>{title}</h2>
      <ul>
        {cards.map(({ label, metric, counted, href }) => (
          <li key={metric}>
            <Link href={href}>
              <strong>{formatCount(counted ? totalOf(series[metric]) : current[metric])}</strong>
              <span>{label}</span>
              <small class="quiet">{counted ? shortRange(range) : 'now'}</small>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
