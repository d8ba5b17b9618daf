/** As much of Grafana's dashboard model (schema version 39, Grafana 10.4 and newer) as ours needs. */

export type Unit = 'short' | 's' | 'bytes' | 'percentunit' | 'ops' | 'dateTimeFromNow';

export interface Query {
  readonly expr: string;
  /** With `{{label}}` for a label's value. */
  readonly legend: string;
}

export interface Panel {
  readonly type: 'timeseries' | 'stat' | 'bars' | 'bargauge';
  readonly title: string;
  readonly description: string;
  readonly queries: readonly Query[];
  readonly unit?: Unit;
  /** Of 24; 8 if not given. */
  readonly width?: number;
  /** From which value on it is shown in amber, and in red. */
  readonly alarming?: { readonly amber?: number; readonly red?: number };
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
  /** Whether it is closed at first. */
  readonly collapsed?: boolean;
}

const COLUMNS = 24;
const REF_IDS = 'ABCDEFGH';
const DEFAULT_WIDTH = 8;
const HEIGHTS = { timeseries: 8, bars: 8, bargauge: 8, stat: 4 } as const;
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' } as const;

/** The rows as Grafana lays them out: from left to right, and below what is full. */
export function layOut(rows: readonly Row[]): readonly object[] {
  let id = 0;
  let y = 0;
  return rows.flatMap((row) => {
    const top = y + 1;
    const placed = place(row.panels, top);
    const panels = placed.map(({ panel, at }) => toGrafana(panel, at, (id += 1)));
    const gridPos = { x: 0, y, w: COLUMNS, h: 1 };
    const collapsed = row.collapsed === true;
    y = collapsed ? top : Math.max(top, ...placed.map(({ at }) => at.y + at.h));
    const head = { type: 'row', id: (id += 1), title: row.title, collapsed, gridPos };
    return collapsed ? [{ ...head, panels }] : [{ ...head, panels: [] }, ...panels];
  });
}

interface Place {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

function place(
  panels: readonly Panel[],
  top: number,
): readonly { readonly panel: Panel; readonly at: Place }[] {
  let x = 0;
  let y = top;
  let lineHeight = 0;
  return panels.map((panel) => {
    const w = panel.width ?? DEFAULT_WIDTH;
    const h = HEIGHTS[panel.type];
    if (x + w > COLUMNS) {
      x = 0;
      y += lineHeight;
      lineHeight = 0;
    }
    const at = { x, y, w, h };
    x += w;
    lineHeight = Math.max(lineHeight, h);
    return { panel, at };
  });
}

function toGrafana(panel: Panel, gridPos: Place, id: number): object {
  const { title, description, queries } = panel;
  return {
    id,
    title,
    description,
    type: panel.type === 'bars' ? 'timeseries' : panel.type,
    datasource: DATASOURCE,
    gridPos,
    // Counters are read at least once a minute: narrower bars would show noise.
    interval: '1m',
    targets: queries.map(({ expr, legend }, index) => ({
      refId: REF_IDS.charAt(index),
      datasource: DATASOURCE,
      expr,
      legendFormat: legend,
      ...(panel.type === 'stat' ? { instant: true, range: false } : { instant: false, range: true }),
    })),
    fieldConfig: fieldConfigOf(panel),
    options: optionsOf(panel),
  };
}

function fieldConfigOf({ type, unit = 'short', alarming }: Panel): object {
  const steps = [
    { color: 'green', value: null },
    ...(alarming?.amber === undefined ? [] : [{ color: 'orange', value: alarming.amber }]),
    ...(alarming?.red === undefined ? [] : [{ color: 'red', value: alarming.red }]),
  ];
  const custom = {
    drawStyle: type === 'bars' ? 'bars' : 'line',
    fillOpacity: type === 'bars' ? 80 : 10,
    lineWidth: 1,
    showPoints: 'never',
    spanNulls: false,
    stacking: { mode: type === 'bars' ? 'normal' : 'none', group: 'A' },
  };
  const isDrawn = type === 'bars' || type === 'timeseries';
  return {
    defaults: {
      unit,
      min: 0,
      noValue: '0',
      color: { mode: isDrawn ? 'palette-classic' : 'thresholds' },
      thresholds: { mode: 'absolute', steps },
      ...(isDrawn ? { custom } : {}),
    },
    overrides: [],
  };
}

function optionsOf({ type }: Panel): object {
  if (type === 'stat')
    return { reduceOptions: { calcs: ['lastNotNull'] }, colorMode: 'value', graphMode: 'none' };
  if (type === 'bargauge') return { reduceOptions: { calcs: ['lastNotNull'] }, orientation: 'horizontal' };
  return {
    legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
    tooltip: { mode: 'multi', sort: 'desc' },
  };
}
