import { Registry } from 'prom-client';
import { BLOCKER_CODES } from '../core/blocker.ts';
import { NOTIFICATION_CHANNELS } from '../core/notification-event.ts';
import {
  createFamilyMaker,
  type FamilyDescription,
  type FamilyMaker,
  type LabelRule,
} from './metric-families.ts';
import { registerProcessMetrics } from './process-metrics.ts';

const VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'post', 'put', 'head'];
const STATUS: LabelRule = { like: /^(?:[1-5]\d\d|unreachable|error|timeout|aborted)$/, atMost: 40 };

function word(atMost: number): LabelRule {
  return { like: /^[A-Za-z][A-Za-z0-9_-]{0,39}$/, atMost };
}

/**
 * The one table of all metric families. The property is the family's name without `headwind_`, in camel case; the names
 * without labels are those that dashboards and alerts written for Headwind know.
 */
function makeFamilies(make: FamilyMaker) {
  return {
    webhookEventsTotal: make.counter(
      'headwind_webhook_events_total',
      'Events (pushed versions) received by webhook',
    ),
    webhookEventsProcessed: make.counter(
      'headwind_webhook_events_processed',
      'Events fully processed: everything that they caused is durable',
    ),
    updatesPending: make.gauge('headwind_updates_pending', 'Update requests that await an approval'),
    updatesApprovedTotal: make.counter(
      'headwind_updates_approved_total',
      'Update requests approved, by people or by policy',
    ),
    updatesRejectedTotal: make.counter('headwind_updates_rejected_total', 'Update requests rejected'),
    updatesAppliedTotal: make.counter('headwind_updates_applied_total', 'Updates applied to workloads'),
    updatesFailedTotal: make.counter('headwind_updates_failed_total', 'Updates that could not be applied'),
    updatesSkippedIntervalTotal: make.counter(
      'headwind_updates_skipped_interval_total',
      'Updates deferred because the minimum interval had not passed',
    ),
    rollbacksTotal: make.counter('headwind_rollbacks_total', 'Rollbacks that were carried out'),
    rollbacksManualTotal: make.counter(
      'headwind_rollbacks_manual_total',
      'Rollbacks carried out that a person wanted',
    ),
    rollbacksAutomaticTotal: make.counter(
      'headwind_rollbacks_automatic_total',
      'Rollbacks carried out because a rollout had failed',
    ),
    rollbacksFailedTotal: make.counter(
      'headwind_rollbacks_failed_total',
      'Attempts at a rollback that could not be carried out',
    ),
    deploymentHealthChecksTotal: make.counter(
      'headwind_deployment_health_checks_total',
      'Checks of rollouts that are watched, of workloads of every kind',
    ),
    deploymentHealthFailuresTotal: make.counter(
      'headwind_deployment_health_failures_total',
      'Bad checks of rollouts that are watched, of workloads of every kind',
    ),
    rolloutsWatched: make.labelledGauge(
      'headwind_rollouts_watched',
      'Workloads whose pods are followed because of a rollout, and those that wait for that',
      { state: { oneOf: ['followed', 'in-line'] } },
    ),
    leader: make.gauge('headwind_leader', 'Whether this replica leads: polls, applies, verifies and prunes'),
    leaderTransitionsTotal: make.counter(
      'headwind_leader_transitions_total',
      'How often this replica has taken over the lead',
    ),
    reconcileDurationSeconds: make.histogram(
      'headwind_reconcile_duration_seconds',
      'Time that one reconciliation took',
      [0.01, 0.05, 0.1, 0.5, 1, 5, 10],
    ),
    reconcileErrorsTotal: make.counter(
      'headwind_reconcile_errors_total',
      'Reconciliations that failed and are tried again',
    ),
    deploymentsWatched: make.gauge('headwind_deployments_watched', 'Deployments that carry a policy'),
    statefulsetsWatched: make.gauge('headwind_statefulsets_watched', 'StatefulSets that carry a policy'),
    daemonsetsWatched: make.gauge('headwind_daemonsets_watched', 'DaemonSets that carry a policy'),
    helmReleasesWatched: make.gauge('headwind_helm_releases_watched', 'HelmReleases that carry a policy'),
    helmChartVersionsCheckedTotal: make.counter(
      'headwind_helm_chart_versions_checked_total',
      'Releases whose chart was compared with the versions that its source offers',
    ),
    helmUpdatesFoundTotal: make.counter(
      'headwind_helm_updates_found_total',
      'Chart versions found for a release that its policy admitted or refused',
    ),
    helmUpdatesApprovedTotal: make.counter(
      'headwind_helm_updates_approved_total',
      'Chart versions that the policy of a release admitted, each once',
    ),
    helmUpdatesRejectedTotal: make.counter(
      'headwind_helm_updates_rejected_total',
      'Chart versions that the policy of a release refused',
    ),
    helmUpdatesAppliedTotal: make.counter(
      'headwind_helm_updates_applied_total',
      'Chart versions applied to releases',
    ),
    helmRepositoryQueriesTotal: make.counter(
      'headwind_helm_repository_queries_total',
      'Times that a source of charts was asked for its versions',
    ),
    helmRepositoryErrorsTotal: make.counter(
      'headwind_helm_repository_errors_total',
      'Times that a source of charts did not tell its versions',
    ),
    helmIndexEntriesSkippedTotal: make.counter(
      'headwind_helm_index_entries_skipped_total',
      'Entries of chart indexes that could not be read or name no version, each time that they were met',
    ),
    helmKeptIndexBytes: make.gauge(
      'headwind_helm_kept_index_bytes',
      'Roughly what is kept of chart indexes between two looks',
    ),
    helmRepositoryQueryDurationSeconds: make.histogram(
      'headwind_helm_repository_query_duration_seconds',
      'Time that a source of charts took to tell its versions',
      [0.1, 0.5, 1, 2, 5, 10, 30],
    ),
    pollingCyclesTotal: make.counter(
      'headwind_polling_cycles_total',
      'Polls begun, each of one repository with one set of credentials',
    ),
    pollingErrorsTotal: make.counter(
      'headwind_polling_errors_total',
      'Polls that could not find out everything',
    ),
    pollingImagesCheckedTotal: make.counter(
      'headwind_polling_images_checked_total',
      'Images of workloads that polls were made for',
    ),
    pollingNewTagsFoundTotal: make.counter(
      'headwind_polling_new_tags_found_total',
      'Update requests for versions and digests that polls found',
    ),
    pollingHelmChartsCheckedTotal: make.counter(
      'headwind_polling_helm_charts_checked_total',
      'Charts of releases that polls were made for',
    ),
    pollingHelmNewVersionsFoundTotal: make.counter(
      'headwind_polling_helm_new_versions_found_total',
      'Update requests for chart versions that polls found',
    ),
    pollingResourcesFilteredTotal: make.counter(
      'headwind_polling_resources_filtered_total',
      'Workloads seen that are not polled because of their event source',
    ),
    startTimeSeconds: make.gauge(
      'headwind_start_time_seconds',
      'When this Headwind started, in seconds since the Unix epoch: by this, charts tell restarts',
    ),
    ready: make.gauge(
      'headwind_ready',
      'Whether this replica can serve, at the moment of the scrape: 1 if it is ready, else 0',
    ),
    webhookRequestsTotal: make.labelledCounter(
      'headwind_webhook_requests_total',
      'Webhook requests by sender and outcome',
      { sender: word(32), outcome: word(16) },
    ),
    queueDepth: make.labelledGauge('headwind_queue_depth', 'Keys that wait in a work queue', {
      queue: word(16),
    }),
    watchEventsTotal: make.labelledCounter(
      'headwind_watch_events_total',
      'What the watches on the Kubernetes API saw and went through',
      { resource: word(16), event: word(24) },
    ),
    registryRequestsTotal: make.labelledCounter(
      'headwind_registry_requests_total',
      'Requests to registries, their token servers and chart repositories by purpose and outcome',
      { purpose: { oneOf: ['manifest', 'tags', 'token', 'index'] }, outcome: word(16) },
    ),
    registryRequestDurationSeconds: make.histogram(
      'headwind_registry_request_duration_seconds',
      'Time that a registry took for one answer',
      [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30],
    ),
    registryKeptListBytes: make.gauge(
      'headwind_registry_kept_list_bytes',
      'Memory for tag lists that registries are asked about conditionally, at most 16 MiB',
    ),
    registryCircuitOpen: make.gauge(
      'headwind_registry_circuit_open',
      'Registries that are left alone for a while because they kept failing',
    ),
    kubernetesRequestsTotal: make.labelledCounter(
      'headwind_kubernetes_requests_total',
      'Requests to the Kubernetes API by verb and status code',
      { verb: { oneOf: VERBS }, code: STATUS },
    ),
    decisionsTotal: make.labelledCounter(
      'headwind_decisions_total',
      'Decisions by outcome: `update`, or the blocker that decided',
      { outcome: { oneOf: ['update', ...BLOCKER_CODES] } },
    ),
    eventStreams: make.gauge(
      'headwind_event_streams',
      'Pages that follow the update requests live; at most 1,000 may',
    ),
    httpRejectedTotal: make.labelledCounter(
      'headwind_http_rejected_total',
      'Requests that a server turned away, by reason',
      { server: { oneOf: ['webhook', 'api', 'ui', 'metrics'] }, reason: word(32) },
    ),
    notificationsSentTotal: make.counter(
      'headwind_notifications_sent_total',
      'Notifications that arrived; each target counts',
    ),
    notificationsFailedTotal: make.counter(
      'headwind_notifications_failed_total',
      'Notifications given up: refused, or tried for too long',
    ),
    notificationsSlackSentTotal: make.counter(
      'headwind_notifications_slack_sent_total',
      'Notifications that arrived at Slack',
    ),
    notificationsTeamsSentTotal: make.counter(
      'headwind_notifications_teams_sent_total',
      'Notifications that arrived at Microsoft Teams',
    ),
    notificationsWebhookSentTotal: make.counter(
      'headwind_notifications_webhook_sent_total',
      'Notifications that arrived at generic webhooks',
    ),
    notificationsTotal: make.labelledCounter(
      'headwind_notifications_total',
      'Notifications by channel and outcome',
      { channel: { oneOf: NOTIFICATION_CHANNELS }, outcome: { oneOf: ['sent', 'failed'] } },
    ),
    eventsDroppedTotal: make.counter(
      'headwind_events_dropped_total',
      'Kubernetes Events given up because too many waited or the API refused them',
    ),
    traceSpansLostTotal: make.counter(
      'headwind_trace_spans_lost_total',
      'Spans of traces that could not be exported, or for which there was no room in the queue',
    ),
  };
}

/** One property for each family, and the registry that writes them all out. */
export type Metrics = ReturnType<typeof makeFamilies> & {
  readonly registry: Registry;
  /** Name, type, help and labels of each family of our own, for the documentation. */
  readonly described: readonly FamilyDescription[];
};

/** Makes all families, at zero, and those about the process. Nothing is shared between two results. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const make = createFamilyMaker(registry);
  const families = makeFamilies(make);
  registerProcessMetrics(registry);
  return { ...families, registry, described: make.described };
}
