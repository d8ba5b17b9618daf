import { growth, quantiles, rate, seen, sum } from './expressions.ts';
import type { Row } from './panels.ts';

/** What came of it, and how registries, Kubernetes and the process are. */
export const RESULTS_ROWS: readonly Row[] = [
  {
    title: 'Updates',
    panels: [
      {
        type: 'bars',
        title: 'Update requests',
        description: 'Requests that were approved, by people or by policy, and rejected.',
        queries: [
          { expr: growth('headwind_updates_approved_total'), legend: 'approved' },
          { expr: growth('headwind_updates_rejected_total'), legend: 'rejected' },
        ],
      },
      {
        type: 'bars',
        title: 'Updates',
        description:
          'Updates that were applied, could not be applied, or were put off by the minimum interval.',
        queries: [
          { expr: growth('headwind_updates_applied_total'), legend: 'applied' },
          { expr: growth('headwind_updates_failed_total'), legend: 'failed' },
          { expr: growth('headwind_updates_skipped_interval_total'), legend: 'put off' },
        ],
      },
      {
        type: 'timeseries',
        title: 'Await approval',
        description: 'Update requests that a person has to approve or reject.',
        queries: [{ expr: seen('headwind_updates_pending'), legend: 'pending' }],
      },
    ],
  },
  {
    title: 'Rollbacks',
    panels: [
      {
        type: 'bars',
        title: 'Rollbacks',
        description: 'Versions that were taken back, by whom, and attempts that failed.',
        queries: [
          { expr: growth('headwind_rollbacks_automatic_total'), legend: 'automatic' },
          { expr: growth('headwind_rollbacks_manual_total'), legend: 'manual' },
          { expr: growth('headwind_rollbacks_failed_total'), legend: 'failed' },
        ],
      },
      {
        type: 'bars',
        title: 'Checks of rollouts',
        description: 'Checks of rollouts that are watched, and bad ones.',
        queries: [
          { expr: growth('headwind_deployment_health_checks_total'), legend: 'checks' },
          { expr: growth('headwind_deployment_health_failures_total'), legend: 'bad' },
        ],
      },
      {
        type: 'timeseries',
        title: 'Watched rollouts',
        description: 'Workloads whose pods are followed, and those that wait for that.',
        queries: [{ expr: sum('headwind_rollouts_watched', { by: ['state'] }), legend: '{{state}}' }],
      },
    ],
  },
  {
    title: 'Notifications',
    panels: [
      {
        type: 'bars',
        title: 'By channel and outcome',
        description: 'Notifications that arrived, and that were given up.',
        queries: [
          {
            expr: growth('headwind_notifications_total', { by: ['channel', 'outcome'] }),
            legend: '{{channel}}: {{outcome}}',
          },
        ],
      },
      {
        type: 'bars',
        title: 'Arrived and given up',
        description: 'Each target counts; what is given up was refused, or tried for too long.',
        queries: [
          { expr: growth('headwind_notifications_sent_total'), legend: 'arrived' },
          { expr: growth('headwind_notifications_failed_total'), legend: 'given up' },
        ],
      },
      {
        type: 'bars',
        title: 'Arrived by channel',
        description: 'By the counters that older dashboards know.',
        queries: [
          { expr: growth('headwind_notifications_slack_sent_total'), legend: 'Slack' },
          { expr: growth('headwind_notifications_teams_sent_total'), legend: 'Microsoft Teams' },
          { expr: growth('headwind_notifications_webhook_sent_total'), legend: 'webhooks' },
        ],
      },
    ],
  },
  {
    title: 'Registry health',
    panels: [
      {
        type: 'timeseries',
        title: 'Requests by outcome',
        description:
          'Requests to registries, token servers and chart repositories. A first refusal is how a token begins.',
        unit: 'ops',
        queries: [
          { expr: rate('headwind_registry_requests_total', { by: ['outcome'] }), legend: '{{outcome}}' },
        ],
      },
      {
        type: 'timeseries',
        title: 'Requests by purpose',
        description: 'What they were for.',
        unit: 'ops',
        queries: [
          { expr: rate('headwind_registry_requests_total', { by: ['purpose'] }), legend: '{{purpose}}' },
        ],
      },
      {
        type: 'timeseries',
        title: 'Time for one answer',
        description: 'How long registries took.',
        unit: 's',
        queries: quantiles('headwind_registry_request_duration_seconds'),
      },
      {
        type: 'timeseries',
        title: 'Registries left alone',
        description: 'Registries that kept failing.',
        width: 12,
        queries: [{ expr: seen('headwind_registry_circuit_open'), legend: 'left alone' }],
      },
      {
        type: 'timeseries',
        title: 'Kept between two questions',
        description: 'Memory for tag lists and chart indexes that sources are asked about conditionally.',
        unit: 'bytes',
        width: 12,
        queries: [
          { expr: sum('headwind_registry_kept_list_bytes'), legend: 'tag lists' },
          { expr: sum('headwind_helm_kept_index_bytes'), legend: 'chart indexes' },
        ],
      },
    ],
  },
  {
    title: 'Kubernetes and the process',
    panels: [
      {
        type: 'timeseries',
        title: 'Requests to Kubernetes',
        description: 'By status code.',
        unit: 'ops',
        queries: [{ expr: rate('headwind_kubernetes_requests_total', { by: ['code'] }), legend: '{{code}}' }],
      },
      {
        type: 'timeseries',
        title: 'Requests to Kubernetes by verb',
        description: 'What was asked.',
        unit: 'ops',
        queries: [{ expr: rate('headwind_kubernetes_requests_total', { by: ['verb'] }), legend: '{{verb}}' }],
      },
      {
        type: 'bars',
        title: 'Interrupted watches',
        description:
          'Lists and watches that broke, fell silent or were too old, by resource. They begin again by themselves.',
        queries: [
          {
            expr: growth('headwind_watch_events_total', {
              where: 'event=~"failed|malformed|idle|gone"',
              by: ['resource', 'event'],
            }),
            legend: '{{resource}}: {{event}}',
          },
        ],
      },
      {
        type: 'bars',
        title: 'What watches brought',
        description: 'Changes of objects, by resource.',
        queries: [
          {
            expr: growth('headwind_watch_events_total', { where: 'event="event"', by: ['resource'] }),
            legend: '{{resource}}',
          },
        ],
      },
      {
        type: 'bars',
        title: 'Given up',
        description:
          'Kubernetes Events that could not be written, and spans of traces that could not be exported.',
        queries: [
          { expr: growth('headwind_events_dropped_total'), legend: 'Events' },
          { expr: growth('headwind_trace_spans_lost_total'), legend: 'spans of traces' },
        ],
      },
      {
        type: 'timeseries',
        title: 'CPU',
        description: 'Cores that each replica uses.',
        queries: [{ expr: rate('process_cpu_seconds_total', { by: ['instance'] }), legend: '{{instance}}' }],
      },
      {
        type: 'timeseries',
        title: 'Memory',
        description: 'Held in RAM, by replica. The shipped limit is 192 MiB.',
        unit: 'bytes',
        queries: [
          { expr: sum('process_resident_memory_bytes', { by: ['instance'] }), legend: '{{instance}}' },
        ],
      },
      {
        type: 'timeseries',
        title: 'JavaScript memory',
        description: 'The heap, and what JavaScript objects hold beside it.',
        unit: 'bytes',
        queries: [
          { expr: sum('nodejs_heap_size_used_bytes', { by: ['instance'] }), legend: '{{instance}}: heap' },
          {
            expr: sum('nodejs_external_memory_bytes', { by: ['instance'] }),
            legend: '{{instance}}: beside it',
          },
        ],
      },
      {
        type: 'timeseries',
        title: 'Open files',
        description: 'Descriptors, by replica.',
        queries: [{ expr: sum('process_open_fds', { by: ['instance'] }), legend: '{{instance}}' }],
      },
      {
        type: 'timeseries',
        title: 'Event loop',
        description: 'Share of time in which it was busy, since the start.',
        unit: 'percentunit',
        width: 12,
        queries: [
          { expr: sum('nodejs_eventloop_utilization', { by: ['instance'] }), legend: '{{instance}}' },
        ],
      },
      {
        type: 'timeseries',
        title: 'Running for',
        description: 'Since each replica began; back to nothing is a restart.',
        unit: 's',
        width: 12,
        queries: [
          {
            expr: `time() - ${sum('headwind_start_time_seconds', { by: ['instance'] })}`,
            legend: '{{instance}}',
          },
        ],
      },
      {
        type: 'bars',
        title: 'Takeovers',
        description:
          'Replicas that have begun to lead: at the start of the first, then whenever the leader ended or was lost.',
        width: 12,
        queries: [
          {
            expr: growth('headwind_leader_transitions_total', { by: ['instance'] }),
            legend: '{{instance}}',
          },
        ],
      },
    ],
  },
];
