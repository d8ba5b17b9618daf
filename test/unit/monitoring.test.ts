import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { readPage } from '../../tools/links/markdown.ts';
import { namesIn } from '../../tools/promql/names.ts';
import { readAlerts } from '../../tools/reference/alert-rules.ts';

const read = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');

const Panels = z.array(
  z.looseObject({
    type: z.string(),
    title: z.string(),
    id: z.int(),
    description: z.string().optional(),
    gridPos: z.object({ x: z.int(), y: z.int(), w: z.int(), h: z.int() }),
    targets: z.array(z.looseObject({ expr: z.string(), refId: z.string() })).optional(),
  }),
);
const Dashboard = z.looseObject({
  panels: Panels,
  annotations: z.object({ list: z.array(z.looseObject({ expr: z.string() })) }),
  templating: z.object({ list: z.array(z.looseObject({ name: z.string() })) }),
});

const dashboard = Dashboard.parse(JSON.parse(read('monitoring/grafana-dashboard.json')));
const alerts = readAlerts(read('monitoring/alerts.yaml'));
const metrics = createMetrics();

/** What Prometheus itself adds to whatever it scrapes. */
const TARGET_LABELS = ['job', 'instance', 'namespace', 'pod'];

/** Every series that Headwind offers, by name, to its labels. */
async function knownSeries(): Promise<ReadonlyMap<string, readonly string[]>> {
  const own = metrics.described.flatMap(({ name, type, labels }): [string, readonly string[]][] =>
    type === 'histogram'
      ? [
          [`${name}_bucket`, [...labels, 'le']],
          [`${name}_sum`, labels],
          [`${name}_count`, labels],
        ]
      : [[name, labels]],
  );
  const others = (await metrics.registry.getMetricsAsJSON()).map(({ name }): [string, readonly string[]] => [
    name,
    [],
  ]);
  return new Map([...others, ...own, ['up', []]]);
}

const expressions = [
  ...dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({ where: `panel ${title}`, expr })),
  ),
  ...dashboard.annotations.list.map(({ expr }) => ({ where: 'annotation', expr })),
  ...alerts.map(({ alert, expr }) => ({ where: `alert ${alert}`, expr })),
];

describe('every expression of the dashboard and of the alerts', () => {
  it.each(expressions)('names what there is: $where, $expr', async ({ expr }) => {
    const known = await knownSeries();
    const { metrics: named, grouped } = namesIn(expr);
    const labels = new Set([...TARGET_LABELS, ...named.flatMap(({ metric }) => known.get(metric) ?? [])]);

    expect(named).not.toEqual([]);
    for (const { metric, labels: matched } of named) {
      expect([...known.keys()]).toContain(metric);
      for (const label of matched) expect([...TARGET_LABELS, ...(known.get(metric) ?? [])]).toContain(label);
    }
    for (const label of grouped) expect([...labels]).toContain(label);
  });
});

describe('the dashboard for Grafana', () => {
  it('shows every metric of Headwind', () => {
    const shown = new Set(
      expressions.flatMap(({ expr }) => namesIn(expr).metrics.map(({ metric }) => metric)),
    );
    const missing = metrics.described
      .map(({ name, type }) => (type === 'histogram' ? `${name}_bucket` : name))
      .filter((name) => !shown.has(name));

    expect(missing).toEqual([]);
  });

  it('lets people choose the data source, the namespace and the replica', () => {
    expect(dashboard.templating.list.map(({ name }) => name)).toEqual([
      'datasource',
      'namespace',
      'instance',
    ]);
  });

  it('explains each panel', () => {
    const silent = dashboard.panels.filter(
      ({ type, description = '' }) => type !== 'row' && !description.endsWith('.'),
    );

    expect(silent).toEqual([]);
  });

  it('lays no panel over another, and none beside the page', () => {
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
    );

    expect(new Set(cells).size).toBe(cells.length);
    expect(Math.max(...dashboard.panels.map(({ gridPos: { x, w } }) => x + w))).toBe(24);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  });
});

describe('the alerts', () => {
  const anchors = readPage(read('docs/troubleshooting.md')).anchors;

  it.each(alerts)('$alert says what is wrong and leads to what to do', ({ annotations }) => {
    const [page, anchor = ''] = annotations.runbook_url.split('#');

    expect(page).toBe('https://headwind.sh/troubleshooting.html');
    expect([...anchors]).toContain(anchor);
    expect(annotations.summary).toMatch(/^[A-Z].*\.$/);
    expect(annotations.description).toMatch(/\.$/);
  });
});

describe('namesIn', () => {
  it.each([
    ['a_total', [{ metric: 'a_total', labels: [] }], []],
    ['sum by (x, y) (rate(a{b="c d", e!~"f|g"}[5m]))', [{ metric: 'a', labels: ['b', 'e'] }], ['x', 'y']],
    [
      'a > 0.9 and on (i) b',
      [
        { metric: 'a', labels: [] },
        { metric: 'b', labels: [] },
      ],
      ['i'],
    ],
    [
      'histogram_quantile(0.5, sum(a_bucket{x="{y}"}) by (le))',
      [{ metric: 'a_bucket', labels: ['x'] }],
      ['le'],
    ],
    ['time() - a', [{ metric: 'a', labels: [] }], []],
  ])('reads %s', (expr, named, grouped) => {
    expect(namesIn(expr)).toEqual({ metrics: named, grouped });
  });
});
