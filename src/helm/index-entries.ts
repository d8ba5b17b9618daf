import { z } from 'zod';
import type { ChartVersion } from '../core/chart-source.ts';
import { isDigest } from '../core/image-reference.ts';
import { parseVersion } from '../core/version.ts';
import { NoIndex } from './index-trouble.ts';

/** What an index says about one chart. */
export interface IndexedChart {
  readonly versions: readonly ChartVersion[];
  /** Entries that cannot be read, or name no version. */
  readonly skipped: number;
}

/** The wanted charts of an index that are in it. */
export type IndexedCharts = ReadonlyMap<string, IndexedChart>;

/** Reads an index piece by piece, and of it only the wanted charts. */
export interface IndexScan {
  /** The next piece of the text. Throws Uncertain, or NoIndex where it is none that can be read. */
  push(text: string): void;
  /** After the last piece. Throws as `push`. */
  end(): IndexedCharts;
}

/** More than any chart has: the largest of Bitnami's have about a thousand. */
const MAX_VERSIONS = 20_000;

/**
 * What is read of an entry (https://helm.sh/docs/topics/chart_repository/#the-index-file). Values come as text, from
 * YAML too, where `version: 1.10` would else be the number 1.1; only JSON brings a boolean.
 */
const Entry = z.object({
  version: z.string(),
  digest: z.string().optional().catch(undefined),
  deprecated: z.union([z.boolean(), z.string()]).optional().catch(undefined),
});

export type ReadEntry =
  | { readonly kind: 'version'; readonly version: ChartVersion }
  /** Its author wants nobody to move to it. */
  | { readonly kind: 'deprecated' }
  | { readonly kind: 'unreadable' };

const HEX_DIGEST = /^[0-9a-f]{64}$/;

/** Reads one entry of a chart. */
export function readEntry(entry: unknown): ReadEntry {
  const parsed = Entry.safeParse(entry);
  if (!parsed.success || !parseVersion(parsed.data.version).ok) return { kind: 'unreadable' };
  const { version, deprecated, digest = '' } = parsed.data;
  if (deprecated === true || (typeof deprecated === 'string' && /^(?:true|yes|on|y)$/i.test(deprecated)))
    return { kind: 'deprecated' };
  const full = HEX_DIGEST.test(digest) ? `sha256:${digest}` : digest;
  return {
    kind: 'version',
    version: isDigest(full) ? { version: detached(version), digest: full } : { version: detached(version) },
  };
}

/** Gathers the entries of the wanted charts as they are found. */
export interface ChartCollector {
  isWanted(chart: string): boolean;
  /** The index has this chart; its entries follow. */
  begin(chart: string): void;
  /** An entry of the chart that was begun last. */
  add(entry: ReadEntry): void;
  charts(): IndexedCharts;
}

/** Makes a collector. `add` throws NoIndex where a chart has more than 20,000 versions. */
export function createCollector(wanted: ReadonlySet<string>): ChartCollector {
  const charts = new Map<string, { readonly versions: ChartVersion[]; skipped: number }>();
  let current = { versions: [] as ChartVersion[], skipped: 0 };
  return {
    isWanted: (chart) => wanted.has(chart),
    begin: (chart) => {
      current = { versions: [], skipped: 0 };
      charts.set(chart, current);
    },
    add: (entry) => {
      if (entry.kind === 'unreadable') current.skipped += 1;
      if (entry.kind !== 'version') return;
      if (current.versions.length >= MAX_VERSIONS)
        throw new NoIndex(`more than ${MAX_VERSIONS} versions of a chart`);
      current.versions.push(entry.version);
    },
    charts: () => charts,
  };
}

/** A copy of its own: a slice would keep the whole piece of the index that it was cut from. */
export function detached(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
}

/** An entry that is longer is taken for unreadable, in characters: reading it would hold up the loop for too long. */
export const MAX_ENTRY_LENGTH = 256 * 1024;
