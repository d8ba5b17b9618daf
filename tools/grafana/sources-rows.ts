import { growth, quantiles, seen, sum, total } from './expressions.ts';
import type { Row } from './panels.ts';

const WATCHED = [
  { kind: 'Deployments', name: 'headwind_deployments_watched' },
  { kind: 'StatefulSets', name: 'headwind_statefulsets_watched' },
  { kind: 'DaemonSets', name: 'headwind_daemonsets_watched' },
  { kind: 'HelmReleases', name: 'headwind_helm_releases_watched' },
] as const;

/** What comes in, and what is made of it. */
export const SOURCES_ROWS: readonly Row[] = [
  {
    title: 'Pipeline',
    panels: [
      {
        type: 'stat',
        title: 'Ready replicas',
        description: 'Replicas that can serve: caches synced, ports bound. One of them leads.',
        width: 4,
        queries: [
          { expr: sum('headwind_ready'), legend: 'ready' },
          { expr: sum('headwind_leader'), legend: 'leading' },
        ],
      },
      {
        type: 'stat',
        title: 'Await approval',
        description: 'Update requests that a person has to approve or reject.',
        width: 4,
        alarming: { amber: 1 },
        queries: [{ expr: seen('headwind_updates_pending'), legend: 'pending' }],
      },
      {
        type: 'stat',
        title: 'Applied',
        description: 'Updates applied over the range of this dashboard.',
        width: 4,
        queries: [{ expr: total('headwind_updates_applied_total'), legend: 'applied' }],
      },
      {
        type: 'stat',
        title: 'Failed',
        description: 'Updates that could not be applied, over the range.',
        width: 4,
        alarming: { red: 1 },
        queries: [{ expr: total('headwind_updates_failed_total'), legend: 'failed' }],
      },
      {
        type: 'stat',
        title: 'Rolled back',
        description: 'Versions that were taken back, over the range.',
        width: 4,
        alarming: { amber: 1 },
        queries: [{ expr: total('headwind_rollbacks_total'), legend: 'rolled back' }],
      },
      {
        type: 'stat',
        title: 'Registries left alone',
        description: 'Registries that kept failing and are not asked for a while.',
        width: 4,
        alarming: { red: 1 },
        queries: [{ expr: seen('headwind_registry_circuit_open'), legend: 'left alone' }],
      },
      {
        type: 'bars',
        title: 'Decisions',
        description: 'What was decided about versions: an update, or the blocker that decided.',
        queries: [{ expr: growth('headwind_decisions_total', { by: ['outcome'] }), legend: '{{outcome}}' }],
      },
      {
        type: 'timeseries',
        title: 'Queues',
        description: 'What waits to be worked on. A queue that only grows is stuck.',
        queries: [{ expr: sum('headwind_queue_depth', { by: ['queue'] }), legend: '{{queue}}' }],
      },
      {
        type: 'timeseries',
        title: 'Duration of one reconciliation',
        description: 'How long one step of an update request took.',
        unit: 's',
        queries: quantiles('headwind_reconcile_duration_seconds'),
      },
      {
        type: 'bars',
        title: 'Failed reconciliations',
        description: 'Steps that failed and are tried again.',
        queries: [{ expr: growth('headwind_reconcile_errors_total'), legend: 'failed' }],
      },
      {
        type: 'timeseries',
        title: 'Watched workloads',
        description: 'Workloads that carry a policy.',
        queries: WATCHED.map(({ kind, name }) => ({ expr: seen(name), legend: kind })),
      },
    ],
  },
  {
    title: 'Webhooks',
    panels: [
      {
        type: 'bars',
        title: 'Pushed versions',
        description: 'Versions that webhooks told of, and those whose consequences are recorded.',
        queries: [
          { expr: growth('headwind_webhook_events_total'), legend: 'received' },
          { expr: growth('headwind_webhook_events_processed'), legend: 'recorded' },
        ],
      },
      {
        type: 'bars',
        title: 'Requests by sender',
        description: 'Webhooks that came in.',
        queries: [
          { expr: growth('headwind_webhook_requests_total', { by: ['sender'] }), legend: '{{sender}}' },
        ],
      },
      {
        type: 'bars',
        title: 'Requests by outcome',
        description: 'How they were answered: accepted, ignored, duplicate, or why they were refused.',
        queries: [
          { expr: growth('headwind_webhook_requests_total', { by: ['outcome'] }), legend: '{{outcome}}' },
        ],
      },
      {
        type: 'bars',
        title: 'Turned away',
        description: 'Requests to all ports that were refused, by port and reason.',
        width: 12,
        queries: [
          {
            expr: growth('headwind_http_rejected_total', { by: ['server', 'reason'] }),
            legend: '{{server}}: {{reason}}',
          },
        ],
      },
      {
        type: 'timeseries',
        title: 'Live pages',
        description: 'Pages that follow update requests live; at most 1,000 may on each replica.',
        width: 12,
        queries: [{ expr: sum('headwind_event_streams', { by: ['instance'] }), legend: '{{instance}}' }],
      },
    ],
  },
  {
    title: 'Polling and charts',
    panels: [
      {
        type: 'bars',
        title: 'Polls',
        description: 'Polls of one repository each, and those that could not find out everything.',
        queries: [
          { expr: growth('headwind_polling_cycles_total'), legend: 'begun' },
          { expr: growth('headwind_polling_errors_total'), legend: 'failed' },
        ],
      },
      {
        type: 'bars',
        title: 'What polls were made for',
        description: 'Images and charts that were looked for, and workloads that are not polled.',
        queries: [
          { expr: growth('headwind_polling_images_checked_total'), legend: 'images' },
          { expr: growth('headwind_polling_helm_charts_checked_total'), legend: 'charts' },
          { expr: growth('headwind_polling_resources_filtered_total'), legend: 'not polled' },
        ],
      },
      {
        type: 'bars',
        title: 'Found by polls',
        description: 'Update requests for versions that polls found.',
        queries: [
          { expr: growth('headwind_polling_new_tags_found_total'), legend: 'images' },
          { expr: growth('headwind_polling_helm_new_versions_found_total'), legend: 'charts' },
        ],
      },
      {
        type: 'bars',
        title: 'Sources of charts',
        description: 'Times that a source of charts was asked, and did not tell.',
        queries: [
          { expr: growth('headwind_helm_repository_queries_total'), legend: 'asked' },
          { expr: growth('headwind_helm_repository_errors_total'), legend: 'failed' },
          { expr: growth('headwind_helm_index_entries_skipped_total'), legend: 'entries skipped' },
        ],
      },
      {
        type: 'bars',
        title: 'Chart versions',
        description: 'Chart versions that were compared, found, admitted, refused and applied.',
        queries: [
          { expr: growth('headwind_helm_chart_versions_checked_total'), legend: 'compared' },
          { expr: growth('headwind_helm_updates_found_total'), legend: 'found' },
          { expr: growth('headwind_helm_updates_approved_total'), legend: 'admitted' },
          { expr: growth('headwind_helm_updates_rejected_total'), legend: 'refused' },
          { expr: growth('headwind_helm_updates_applied_total'), legend: 'applied' },
        ],
      },
      {
        type: 'timeseries',
        title: 'Time that a source of charts took',
        description: 'Until it had told its versions.',
        unit: 's',
        queries: quantiles('headwind_helm_repository_query_duration_seconds'),
      },
    ],
  },
];
