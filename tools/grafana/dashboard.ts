import { layOut } from './panels.ts';
import { RESULTS_ROWS } from './results-rows.ts';
import { SOURCES_ROWS } from './sources-rows.ts';

const ROWS = [...SOURCES_ROWS, ...RESULTS_ROWS];

function variable(name: string, label: string): object {
  const narrowed =
    name === 'instance'
      ? 'headwind_start_time_seconds{namespace=~"$namespace"}'
      : 'headwind_start_time_seconds';
  const query = `label_values(${narrowed}, ${name})`;
  return {
    name,
    label,
    type: 'query',
    datasource: { type: 'prometheus', uid: '${datasource}' },
    definition: query,
    query: { query, refId: `variable-${name}` },
    refresh: 2,
    sort: 1,
    multi: true,
    includeAll: true,
    // Matches what has no such label too, as where Prometheus has a fixed target.
    allValue: '.*',
    current: { text: ['All'], value: ['$__all'] },
  };
}

/** monitoring/grafana-dashboard.json, to be imported as it is. */
export function grafanaDashboard(): string {
  const dashboard = {
    uid: 'headwind',
    title: 'Headwind',
    description:
      'What Headwind did and how it is. Made by `node tools/generate.ts` from tools/grafana/dashboard.ts.',
    tags: ['headwind', 'kubernetes'],
    schemaVersion: 39,
    version: 1,
    editable: true,
    graphTooltip: 1,
    refresh: '1m',
    time: { from: 'now-6h', to: 'now' },
    timezone: '',
    links: [{ title: 'Documents', type: 'link', url: 'https://headwind.sh', targetBlank: true }],
    templating: {
      list: [
        {
          name: 'datasource',
          label: 'Data source',
          type: 'datasource',
          query: 'prometheus',
          refresh: 1,
          current: {},
        },
        variable('namespace', 'Namespace'),
        variable('instance', 'Replica'),
      ],
    },
    annotations: {
      list: [
        {
          name: 'Restarts',
          enable: true,
          iconColor: 'orange',
          datasource: { type: 'prometheus', uid: '${datasource}' },
          expr: `changes(headwind_start_time_seconds{namespace=~"$namespace", instance=~"$instance"}[$__rate_interval]) > 0`,
          titleFormat: 'Restart',
          textFormat: '{{instance}}',
        },
      ],
    },
    panels: layOut(ROWS),
  };
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}

/** Every expression of the dashboard with where it stands, as written. */
export function dashboardQueries(): readonly { readonly where: string; readonly expr: string }[] {
  return ROWS.flatMap(({ title: row, panels }) =>
    panels.flatMap(({ title, queries }) => queries.map(({ expr }) => ({ where: `${row} / ${title}`, expr }))),
  );
}
