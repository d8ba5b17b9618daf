/** How a line is drawn: a colour of the theme and a pattern, so that it is told apart without its colour. */
export interface LineStyle {
  /** One of the custom properties in tokens.css. */
  readonly colour: '--accent' | '--ok' | '--warn' | '--danger' | '--violet';
  /** Lengths of strokes and gaps, in pixels; none: one stroke. */
  readonly dash: readonly number[];
}

export interface ChartLine extends LineStyle {
  readonly metric: string;
  readonly label: string;
}

export interface ChartDescription {
  readonly id: string;
  readonly title: string;
  /** `growth`: how many there were in each step; `level`: how many there are. */
  readonly kind: 'growth' | 'level';
  readonly lines: readonly ChartLine[];
}

const SOLID: readonly number[] = [];
const DASHED = [7, 4];
const DOTTED = [2, 3];
const DASH_DOT = [9, 3, 2, 3];

function line(
  metric: string,
  label: string,
  colour: LineStyle['colour'],
  dash: readonly number[],
): ChartLine {
  return { metric: `headwind_${metric}`, label, colour, dash };
}

/** The charts of the page, in its order. What goes wrong is red and dotted in all of them. */
export const CHARTS: readonly ChartDescription[] = [
  {
    id: 'updates',
    title: 'Updates',
    kind: 'growth',
    lines: [
      line('updates_approved_total', 'Approved', '--accent', SOLID),
      line('updates_applied_total', 'Applied', '--ok', DASHED),
      line('updates_failed_total', 'Failed', '--danger', DOTTED),
      line('updates_rejected_total', 'Rejected', '--violet', DASH_DOT),
    ],
  },
  {
    id: 'watched',
    title: 'Resources watched',
    kind: 'level',
    lines: [
      line('deployments_watched', 'Deployments', '--accent', SOLID),
      line('statefulsets_watched', 'StatefulSets', '--ok', DASHED),
      line('daemonsets_watched', 'DaemonSets', '--warn', DOTTED),
      line('helm_releases_watched', 'HelmReleases', '--violet', DASH_DOT),
    ],
  },
  {
    id: 'rollbacks',
    title: 'Rollbacks',
    kind: 'growth',
    lines: [
      line('rollbacks_total', 'All', '--accent', SOLID),
      line('rollbacks_automatic_total', 'Automatic', '--warn', DASHED),
      line('rollbacks_manual_total', 'Manual', '--violet', DASH_DOT),
      line('rollbacks_failed_total', 'Failed', '--danger', DOTTED),
    ],
  },
  {
    id: 'polling',
    title: 'Polling',
    kind: 'growth',
    lines: [
      line('polling_cycles_total', 'Polls', '--accent', SOLID),
      line('polling_new_tags_found_total', 'New tags', '--ok', DASHED),
      line('polling_errors_total', 'Errors', '--danger', DOTTED),
    ],
  },
  {
    id: 'helm',
    title: 'Helm',
    kind: 'growth',
    lines: [
      line('helm_updates_found_total', 'Found', '--accent', SOLID),
      line('helm_updates_applied_total', 'Applied', '--ok', DASHED),
      line('helm_repository_queries_total', 'Queries', '--violet', DASH_DOT),
      line('helm_repository_errors_total', 'Errors', '--danger', DOTTED),
    ],
  },
  {
    id: 'notifications',
    title: 'Notifications',
    kind: 'growth',
    lines: [
      line('notifications_sent_total', 'Sent', '--accent', SOLID),
      line('notifications_slack_sent_total', 'Slack', '--ok', DASHED),
      line('notifications_teams_sent_total', 'Teams', '--violet', DASH_DOT),
      line('notifications_failed_total', 'Failed', '--danger', DOTTED),
    ],
  },
  {
    id: 'webhooks',
    title: 'Webhooks',
    kind: 'growth',
    lines: [
      line('webhook_events_total', 'Received', '--accent', SOLID),
      line('webhook_events_processed', 'Processed', '--ok', DASHED),
    ],
  },
  {
    id: 'controller',
    title: 'Controller',
    kind: 'growth',
    lines: [
      line('reconcile_duration_seconds_count', 'Reconciliations', '--accent', SOLID),
      line('reconcile_errors_total', 'Errors', '--danger', DOTTED),
    ],
  },
];
