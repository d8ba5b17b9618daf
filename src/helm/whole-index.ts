import { load, YAMLException } from 'js-yaml';
import { z } from 'zod';
import { createCollector, readEntry, type ChartCollector, type IndexedCharts } from './index-entries.ts';
import { INDEX_SCHEMA } from './index-schema.ts';
import { NoIndex, Uncertain } from './index-trouble.ts';
import { createYamlIndexScan } from './yaml-index-scan.ts';

const Entries = z.record(z.string(), z.unknown());
/** Nothing is there where nothing is written. */
const Index = z.union([
  z.object({ entries: z.union([Entries, z.literal('').transform((): z.infer<typeof Entries> => ({}))]) }),
  z
    .object({ apiVersion: z.string(), entries: z.undefined() })
    .transform((): { entries: z.infer<typeof Entries> } => ({ entries: {} })),
]);

/**
 * Reads an index in whatever form, as a whole: costs ten times its size and holds up whoever calls. Where one broken
 * entry makes the whole unreadable, as much is read as can be told for certain. Throws NoIndex.
 */
export function readWholeIndex(text: string, wanted: ReadonlySet<string>): IndexedCharts {
  let document: unknown;
  try {
    document = load(text, { schema: INDEX_SCHEMA });
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    return readBroken(text, wanted, error);
  }
  const index = Index.safeParse(document);
  if (!index.success) throw new NoIndex('something that is no chart index');
  const { entries } = index.data;
  const collector = createCollector(wanted);
  for (const chart of wanted) {
    if (Object.hasOwn(entries, chart)) readChart(chart, entries[chart], collector);
  }
  return collector.charts();
}

function readChart(chart: string, entries: unknown, collector: ChartCollector): void {
  collector.begin(chart);
  for (const entry of toList(entries)) collector.add(readEntry(entry));
}

/** Nothing where nothing is written; what is no list is one entry that cannot be read. */
function toList(entries: unknown): readonly unknown[] {
  if (entries === '' || entries === null) return [];
  return Array.isArray(entries) ? entries : [undefined];
}

function readBroken(text: string, wanted: ReadonlySet<string>, cause: YAMLException): IndexedCharts {
  const scan = createYamlIndexScan(createCollector(wanted), { aliases: 'unreadable' });
  try {
    scan.push(text);
    return scan.end();
  } catch (error) {
    if (!(error instanceof Uncertain)) throw error;
    // The reason without the text around it, which belongs to the repository.
    throw new NoIndex(`an index that is no valid YAML (${cause.reason})`, { cause });
  }
}
