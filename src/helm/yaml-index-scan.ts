import { load, YAMLException } from 'js-yaml';
import { trimmedEnd } from '../core/trimmed.ts';
import {
  detached,
  MAX_ENTRY_LENGTH,
  readEntry,
  type ChartCollector,
  type ReadEntry,
  type IndexScan,
} from './index-entries.ts';
import { INDEX_SCHEMA } from './index-schema.ts';
import { Uncertain } from './index-trouble.ts';

/** A longer line is not one of an index as tools write them. */
const MAX_LINE_LENGTH = 1024 * 1024;

/** A key and what stands behind it; keys with escapes, and all other forms, are left to the real parser. */
const KEY = /^(?:"([^"\\]*)"|'([^']*)'|([A-Za-z0-9_][A-Za-z0-9_.-]*))[ \t]*:(?:[ \t]+(.*))?$/;
/** Where an alias may begin. */
const ALIAS = /(?:^|[\s:,[{-])\*[^\s,\]}]/m;

/**
 * Scans an index in YAML's block style, as `helm repo index` and everything written in Go make it:
 *
 *   apiVersion: v1
 *   entries:
 *     podinfo:
 *     - apiVersion: v1
 *       digest: 2d9f…
 *       version: 6.5.0
 *   generated: "2025-01-01T00:00:00Z"
 *
 * It goes by one rule of YAML: whatever belongs to a node of block style (text in quotes, block scalars, flow style
 * too) is indented more than the node. So a line that is indented like the charts' names is one, or an item of the list
 * below it; all that is deeper is skipped, until it is an entry of a wanted chart: that is given to the real parser, by
 * itself. Any line where this rule could not hold makes the scan give up.
 *
 * `aliases`: what to make of an entry that cannot be read and has aliases, which may stand for a part of another entry.
 */
export function createYamlIndexScan(
  collector: ChartCollector,
  { aliases = 'uncertain' }: { readonly aliases?: 'uncertain' | 'unreadable' } = {},
): IndexScan {
  const reader = new BlockReader(collector, aliases);
  let rest = '';
  return {
    push(text) {
      const piece = rest + text;
      // One that is not part of a line's end is a line's end of its own.
      if (/\r[^\n]/.test(piece)) throw new Uncertain('it has carriage returns within lines');
      let from = 0;
      for (let to = piece.indexOf('\n'); to >= 0; to = piece.indexOf('\n', from)) {
        reader.line(piece, from, to);
        from = to + 1;
      }
      rest = piece.slice(from);
      if (rest.length > MAX_LINE_LENGTH) throw new Uncertain('it has a very long line');
    },
    end() {
      if (rest !== '') reader.line(rest, 0, rest.length);
      return reader.end();
    },
  };
}

class BlockReader {
  readonly #collector: ChartCollector;
  readonly #aliases: 'uncertain' | 'unreadable';
  #place: 'start' | 'other' | 'entries' | 'chart' | 'wanted' = 'start';
  /** Whether the document began with its marker. */
  #isMarked = false;
  #topKeys = new Set<string>();
  #charts = new Set<string>();
  /** How far the charts' names are indented; 0 before the first. */
  #chartIndent = 0;
  /** How far the dashes of the wanted chart's list are indented; -1 before the first. */
  #dashIndent = -1;
  /** The lines of the entry that is being read; undefined once there are too many. */
  #entry: string[] | undefined = [];
  #entryLength = 0;

  constructor(collector: ChartCollector, aliases: 'uncertain' | 'unreadable') {
    this.#collector = collector;
    this.#aliases = aliases;
  }

  /** One line of `text`, without its line feed. */
  line(text: string, from: number, to: number): void {
    let at = from;
    while (at < to && text.charCodeAt(at) === SPACE) at += 1;
    const indent = at - from;
    // By far the most lines: what belongs to charts that nobody wants.
    if (indent > this.#chartIndent && (this.#place === 'chart' || this.#place === 'other')) return;
    const end = to > at && text.charCodeAt(to - 1) === CARRIAGE_RETURN ? to - 1 : to;
    this.#judge(text.slice(from, end), indent);
  }

  end(): ReturnType<ChartCollector['charts']> {
    this.#finishEntry();
    if (!this.#topKeys.has('entries') && !this.#topKeys.has('apiVersion'))
      throw new Uncertain('it has no entries');
    return this.#collector.charts();
  }

  #judge(line: string, indent: number): void {
    const isFiller = /^[ \t]*(?:#|$)/.test(line);
    if (this.#place === 'wanted' && (indent > this.#chartIndent || isFiller || isDash(line, indent)))
      return this.#entryLine(line, indent, isFiller);
    if (isFiller) return;
    if (indent === 0) return this.#topLine(line);
    if (this.#place === 'start') throw new Uncertain('it begins with a blank');
    this.#chartLine(line, indent);
  }

  #topLine(line: string): void {
    this.#finishEntry();
    if (this.#place === 'start' && !this.#isMarked && /^---[ \t]*(?:#.*)?$/.test(line)) {
      this.#isMarked = true;
      return;
    }
    // A list may be indented as little as the key that it belongs to.
    if (this.#place === 'other' && isDash(line, 0)) return;
    const { key, value } = readKey(line);
    if (this.#topKeys.has(key)) throw new Uncertain(`it has ${key} twice`);
    this.#topKeys.add(key);
    this.#place = 'other';
    this.#chartIndent = 0;
    if (key !== 'entries' || /^\{[ \t]*\}[ \t]*(?:#.*)?$/.test(value)) return;
    if (!isEmpty(value)) throw new Uncertain('its entries are not in block style');
    this.#place = 'entries';
  }

  #chartLine(line: string, indent: number): void {
    if (this.#place === 'entries') this.#chartIndent = indent;
    if (indent !== this.#chartIndent) throw new Uncertain('its charts are not indented alike');
    if (this.#place === 'chart' && isDash(line, indent)) return;
    this.#finishEntry();
    const { key, value } = readKey(line.slice(indent));
    if (this.#charts.has(key)) throw new Uncertain(`it has ${key} twice`);
    this.#charts.add(key);
    this.#place = 'chart';
    if (!this.#collector.isWanted(key)) return;
    this.#collector.begin(key);
    if (/^\[[ \t]*\][ \t]*(?:#.*)?$/.test(value)) return;
    if (!isEmpty(value)) throw new Uncertain(`${key} is not in block style`);
    this.#place = 'wanted';
    this.#dashIndent = -1;
  }

  /** A line below the name of a wanted chart. */
  #entryLine(line: string, indent: number, isFiller: boolean): void {
    if (!isFiller && this.#dashIndent < 0) {
      if (!isDash(line, indent)) throw new Uncertain('a wanted chart has no list');
      this.#dashIndent = indent;
    }
    if (!isFiller && indent <= this.#dashIndent) {
      if (indent < this.#dashIndent || !isDash(line, indent))
        throw new Uncertain('the entries of a chart are not indented alike');
      this.#finishEntry();
    }
    this.#entryLength += line.length + 1;
    if (this.#entryLength > MAX_ENTRY_LENGTH) this.#entry = undefined;
    this.#entry?.push(line);
  }

  #finishEntry(): void {
    const lines = this.#entry;
    const wasLong = this.#entryLength > MAX_ENTRY_LENGTH;
    this.#entry = [];
    this.#entryLength = 0;
    if (wasLong) this.#collector.add({ kind: 'unreadable' });
    else if (lines !== undefined && lines.some((line) => /^\s*[^\s#]/.test(line)))
      this.#collector.add(this.#readItem(lines.join('\n')));
  }

  /** One entry with its dash, read by itself. */
  #readItem(text: string): ReadEntry {
    try {
      const items = load(text, { schema: INDEX_SCHEMA });
      return Array.isArray(items) && items.length === 1 ? readEntry(items[0]) : { kind: 'unreadable' };
    } catch (error) {
      if (!(error instanceof YAMLException)) throw error;
      if (this.#aliases === 'uncertain' && ALIAS.test(text)) throw new Uncertain('it has aliases');
      return { kind: 'unreadable' };
    }
  }
}

const SPACE = 0x20;
const CARRIAGE_RETURN = 0x0d;

function isDash(line: string, indent: number): boolean {
  return line[indent] === '-' && (line.length === indent + 1 || /[ \t]/.test(line[indent + 1] ?? ''));
}

function isEmpty(value: string): boolean {
  return value === '' || value.startsWith('#');
}

function readKey(text: string): { readonly key: string; readonly value: string } {
  const [, double, single, plain, value = ''] = KEY.exec(trimmedEnd(text, ' \t')) ?? [];
  const key = double ?? single ?? plain;
  if (key === undefined) throw new Uncertain('it has a line that is no plain key');
  return { key: detached(key), value };
}
