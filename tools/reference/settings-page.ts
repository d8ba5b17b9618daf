import { listSettings, type SettingRow } from '../../src/config/documentation.ts';
import { liveMarkdown } from '../../src/config/live-documentation.ts';
import { code, generatedFrom, page, table } from './markdown.ts';

interface Group {
  readonly title: string;
  readonly names: RegExp;
}

/** A variable stands in the first group whose pattern fits. */
const GROUPS: readonly Group[] = [
  {
    title: 'Notifications',
    names: /^(?:SLACK_|TEAMS_|WEBHOOK_|HEADWIND_(?:SLACK|NOTIFICATIONS)_|HTTPS?_PROXY|NO_PROXY)/,
  },
  {
    title: 'Who may do what',
    names:
      /_(?:AUTH_MODE|PROXY_HEADER|PROXY_GROUPS_HEADER|TRUSTED_PROXIES|TOKEN_AUDIENCES|SESSION_KEY|SESSION_KEY_FILE)$/,
  },
  {
    title: 'Where charts of metrics come from',
    names: /^HEADWIND_(?:METRICS_BACKEND|PROMETHEUS|VICTORIAMETRICS|INFLUXDB)/,
  },
  { title: 'Webhooks', names: /^HEADWIND_WEBHOOK_(?!PORT)/ },
  { title: 'Registries, polling and charts', names: /^HEADWIND_(?:POLLING|HELM|VERIFY|INSECURE|REGISTRY)/ },
  { title: 'Several replicas', names: /^HEADWIND_(?:LEADER_|LEASE_|SHUTDOWN_)/ },
  { title: 'Update requests', names: /^HEADWIND_REQUEST_/ },
  { title: 'Ports, addresses and logs', names: /(?:_PORT|_ADDRESS|_URL)$|LOG/ },
  { title: 'The rest', names: /./ },
];

/** docs/reference/settings.md. */
export function settingsPage(): string {
  return page(
    generatedFrom('src/config/variables.ts', 'src/config/live-table.ts'),
    '# Settings',
    'How they are set, in which order places count, and how mistakes are told: [configuration](../configuration.md).',
    '## Environment variables',
    'Read at start and checked all at once; `headwind check-config` does only that. In the cluster they stand in the ConfigMap ' +
      '`headwind-config` and in the Secret `headwind-secrets`.',
    ...groupsOf(listSettings()).flatMap(({ title, rows }) => [`### ${title}`, settingTable(rows)]),
    '## Settings that count without a restart',
    'In ConfigMaps, in files, and on the page `/settings` of the dashboard.',
    liveMarkdown(),
  );
}

/** The variables group by group, each in one. */
export function groupsOf(
  rows: readonly SettingRow[],
): readonly { readonly title: string; readonly rows: readonly SettingRow[] }[] {
  const groupOf = ({ variable }: SettingRow): Group | undefined =>
    GROUPS.find(({ names }) => names.test(variable));
  return GROUPS.map((group) => ({
    title: group.title,
    rows: rows.filter((row) => groupOf(row) === group),
  })).reverse();
}

function settingTable(rows: readonly SettingRow[]): string {
  return table(
    ['Variable', 'Default', 'Meaning'],
    rows.map(({ variable, fallback, description }) => [
      code(variable),
      fallback === '' ? 'not set' : code(fallback),
      description,
    ]),
  );
}
