/** One setting as the page shows it. */
export interface Field {
  /** Where it stands in the API, such as `polling.enabled`. */
  readonly member: string;
  readonly label: string;
  readonly kind: 'switch' | 'seconds' | 'number' | 'text' | 'secret' | 'choice';
  /** A sentence where the label does not say it all. */
  readonly hint?: string;
  readonly choices?: readonly { readonly value: string; readonly label: string }[];
  readonly least?: number;
  readonly most?: number;
}

export interface Section {
  readonly id: string;
  readonly title: string;
  readonly about: string;
  readonly fields: readonly Field[];
  /** The channel that can be tried out. */
  readonly channel?: 'slack' | 'teams' | 'webhook';
}

/** All settings, in the order in which people look for them. */
export const SECTIONS: readonly Section[] = [
  {
    id: 'controllers',
    title: 'What Headwind does',
    about: 'Switched off, Headwind goes on to record new versions, and applies, polls and sends nothing.',
    fields: [
      { member: 'controllers.enabled', label: 'Apply updates', kind: 'switch' },
      {
        member: 'helm.autoDiscovery',
        label: 'Look for new chart versions',
        kind: 'switch',
        hint: 'At the sources of HelmReleases, as often as they say.',
      },
    ],
  },
  {
    id: 'polling',
    title: 'Polling',
    about: 'For workloads whose headwind.sh/event-source is polling or both.',
    fields: [
      { member: 'polling.enabled', label: 'Ask registries for new versions', kind: 'switch' },
      {
        member: 'polling.interval',
        label: 'Time between two questions',
        kind: 'seconds',
        least: 1,
        hint: 'For workloads without headwind.sh/polling-interval.',
      },
    ],
  },
  {
    id: 'slack',
    title: 'Slack',
    about: 'Tells a channel of updates, approvals and rollbacks.',
    channel: 'slack',
    fields: [
      { member: 'notifications.slack.enabled', label: 'Notify Slack', kind: 'switch' },
      { member: 'notifications.slack.webhookUrl', label: 'Address of the incoming webhook', kind: 'secret' },
      {
        member: 'notifications.slack.channel',
        label: 'Channel',
        kind: 'text',
        hint: 'Instead of the webhook’s own.',
      },
      { member: 'notifications.slack.username', label: 'Name', kind: 'text' },
      { member: 'notifications.slack.iconEmoji', label: 'Emoji', kind: 'text', hint: 'Such as :rocket:' },
    ],
  },
  {
    id: 'teams',
    title: 'Microsoft Teams',
    about: 'Posts cards by a workflow that posts what it receives.',
    channel: 'teams',
    fields: [
      { member: 'notifications.teams.enabled', label: 'Notify Teams', kind: 'switch' },
      { member: 'notifications.teams.webhookUrl', label: 'Address of the workflow', kind: 'secret' },
    ],
  },
  {
    id: 'webhook',
    title: 'Webhook',
    about: 'Sends JSON to a receiver of yours.',
    channel: 'webhook',
    fields: [
      { member: 'notifications.webhook.enabled', label: 'Notify it', kind: 'switch' },
      { member: 'notifications.webhook.url', label: 'Address', kind: 'secret' },
      {
        member: 'notifications.webhook.secret',
        label: 'Key of the signature',
        kind: 'secret',
        hint: 'Messages are not signed without one.',
      },
    ],
  },
  {
    id: 'metrics',
    title: 'Metrics',
    about: 'Where the charts of the observability page come from.',
    fields: [
      {
        member: 'observability.metricsBackend',
        label: 'Source',
        kind: 'choice',
        choices: [
          { value: 'auto', label: 'The first that answers' },
          { value: 'prometheus', label: 'Prometheus' },
          { value: 'victoriametrics', label: 'VictoriaMetrics' },
          { value: 'influxdb', label: 'InfluxDB v2' },
          { value: 'live', label: 'Headwind itself' },
        ],
      },
      { member: 'observability.prometheus.enabled', label: 'Try Prometheus', kind: 'switch' },
      { member: 'observability.prometheus.url', label: 'Address of Prometheus', kind: 'text' },
      { member: 'observability.victoriametrics.enabled', label: 'Try VictoriaMetrics', kind: 'switch' },
      { member: 'observability.victoriametrics.url', label: 'Address of VictoriaMetrics', kind: 'text' },
      { member: 'observability.influxdb.enabled', label: 'Try InfluxDB', kind: 'switch' },
      { member: 'observability.influxdb.url', label: 'Address of InfluxDB', kind: 'text' },
      { member: 'observability.influxdb.org', label: 'Organisation in InfluxDB', kind: 'text' },
      { member: 'observability.influxdb.bucket', label: 'Bucket in InfluxDB', kind: 'text' },
      { member: 'observability.influxdb.token', label: 'Token for InfluxDB', kind: 'secret' },
    ],
  },
  {
    id: 'dashboard',
    title: 'Dashboard',
    about: 'For everybody who looks at it.',
    fields: [
      {
        member: 'dashboard.refresh_interval',
        label: 'Time between two refreshes',
        kind: 'seconds',
        least: 5,
        most: 3600,
        hint: 'Most changes appear at once; this finds the others.',
      },
      {
        member: 'dashboard.max_items_per_page',
        label: 'Rows on a page',
        kind: 'number',
        least: 1,
        most: 500,
      },
    ],
  },
];

const FIELDS = new Map(SECTIONS.flatMap(({ fields }) => fields.map((field) => [field.member, field])));

/** What the page calls a setting; its place where it calls it nothing. */
export function labelOf(member: string): string {
  const section = SECTIONS.find(({ fields }) => fields.some((field) => field.member === member));
  const label = FIELDS.get(member)?.label;
  return section === undefined || label === undefined ? member : `${section.title}: ${label}`;
}
