import { settingsMarkdown } from '../src/config/documentation.ts';
import { liveMarkdown } from '../src/config/live-documentation.ts';
import { metricsMarkdown } from '../src/telemetry/documentation.ts';
import { createMetrics } from '../src/telemetry/metrics.ts';
import { annotationsMarkdown } from './reference/annotations-page.ts';
import { blockersMarkdown } from './reference/blockers-page.ts';
import { valuesMarkdown } from './chart-values.ts';

/** The tables that documents repeat, each made from the one place where its facts stand. */
export const TABLES: Readonly<Record<string, () => string>> = {
  annotations: () => annotationsMarkdown('docs'),
  blockers: blockersMarkdown,
  settings: settingsMarkdown,
  live: liveMarkdown,
  metrics: () => metricsMarkdown(createMetrics().described),
  values: valuesMarkdown,
};

/** Which tables stand in which document. */
export const DOCUMENTS: Readonly<Record<string, readonly string[]>> = {
  'README.md': ['annotations', 'blockers', 'settings', 'metrics'],
  'docs/configuration.md': ['live'],
  'charts/headwind/README.md': ['values'],
};

/**
 * The document with each table in its place, between `<!-- settings:start -->` and `<!-- settings:end -->`. Throws where
 * a place names a table that does not exist, or has no end.
 */
export function fillTables(text: string): string {
  const filled = text.replaceAll(
    /^<!-- ([a-z]+):start -->\n(?:(?!<!-- )[^])*?^<!-- \1:end -->$/gm,
    (_all, name: string) => {
      const make = TABLES[name];
      if (make === undefined)
        throw new Error(`there is no table "${name}"; there are ${Object.keys(TABLES).join(', ')}`);
      return `<!-- ${name}:start -->\n${make()}\n<!-- ${name}:end -->`;
    },
  );
  const starts = filled.match(/^<!-- [a-z]+:start -->$/gm)?.length ?? 0;
  const ends = filled.match(/^<!-- [a-z]+:end -->$/gm)?.length ?? 0;
  if (starts !== ends) throw new Error(`${starts} tables start, but ${ends} end`);
  return filled;
}
