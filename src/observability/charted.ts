/** What the page draws and counts: asked for together, in one answer. */
export const CHARTED_METRICS: readonly string[] = [
  'headwind_updates_pending',
  'headwind_updates_approved_total',
  'headwind_updates_applied_total',
  'headwind_updates_failed_total',
  'headwind_updates_rejected_total',
  'headwind_deployments_watched',
  'headwind_statefulsets_watched',
  'headwind_daemonsets_watched',
  'headwind_helm_releases_watched',
  'headwind_rollbacks_total',
  'headwind_rollbacks_automatic_total',
  'headwind_rollbacks_manual_total',
  'headwind_rollbacks_failed_total',
  'headwind_polling_cycles_total',
  'headwind_polling_new_tags_found_total',
  'headwind_polling_errors_total',
  'headwind_helm_updates_found_total',
  'headwind_helm_updates_applied_total',
  'headwind_helm_repository_queries_total',
  'headwind_helm_repository_errors_total',
  'headwind_notifications_sent_total',
  'headwind_notifications_failed_total',
  'headwind_notifications_slack_sent_total',
  'headwind_notifications_teams_sent_total',
  'headwind_webhook_events_total',
  'headwind_webhook_events_processed',
  'headwind_reconcile_errors_total',
  'headwind_reconcile_duration_seconds_count',
  'headwind_reconcile_duration_seconds_sum',
];

/** What the cards count now; every replica knows these by itself. */
export const CURRENT_METRICS: readonly string[] = [
  'headwind_updates_pending',
  'headwind_deployments_watched',
  'headwind_statefulsets_watched',
  'headwind_daemonsets_watched',
  'headwind_helm_releases_watched',
];

/** What `GET /api/v1/metrics` answers, and under which names. */
export const SUMMARY_METRICS = {
  updates_pending: 'headwind_updates_pending',
  updates_approved: 'headwind_updates_approved_total',
  updates_rejected: 'headwind_updates_rejected_total',
  updates_applied: 'headwind_updates_applied_total',
  updates_failed: 'headwind_updates_failed_total',
  deployments_watched: 'headwind_deployments_watched',
  statefulsets_watched: 'headwind_statefulsets_watched',
  daemonsets_watched: 'headwind_daemonsets_watched',
  helm_releases_watched: 'headwind_helm_releases_watched',
} as const;
