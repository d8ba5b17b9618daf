import {
  detached,
  MAX_ENTRY_LENGTH,
  readEntry,
  type ChartCollector,
  type IndexedCharts,
  type IndexScan,
} from './index-entries.ts';
import { Uncertain } from './index-trouble.ts';

const BLANK = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;

/** Charts' names and the index's own keys are short. */
const MAX_KEY_LENGTH = 1000;

/** Where something is: 1 within the index, 2 within its entries, 3 within the list of a chart, 4 within an entry. */
const IN_INDEX = 1;
const IN_ENTRIES = 2;
const IN_CHART = 3;

/**
 * Scans an index that is JSON, which is YAML of flow style too (`{"apiVersion":"v1","entries":{"podinfo":[{…}]}}`). It
 * follows strings and brackets; an entry of a wanted chart is given to the real parser, by itself. What is no JSON
 * makes the scan give up where that could matter.
 */
export function createJsonIndexScan(collector: ChartCollector): IndexScan {
  return new BracketReader(collector);
}

class BracketReader implements IndexScan {
  readonly #collector: ChartCollector;
  #depth = 0;
  #inString = false;
  #isEscaped = false;
  /** At depth 1 and 2: whether the next string is a key. */
  #expectsKey = false;
  /** The string that is being read, where it is a key; without quotes, with escapes. */
  #text: string | undefined;
  /** The key of the value that is being read, by depth. */
  readonly #keys: [string, string] = ['', ''];
  readonly #seen: [Set<string>, Set<string>] = [new Set(), new Set()];
  /** Parts of the entry that is being read; undefined where none is wanted, or it is too long. */
  #entry: string[] | undefined;
  #entryLength = 0;
  /** Whether there is something in the list of a wanted chart that is no object. */
  #hasOther = false;
  #isOver = false;

  constructor(collector: ChartCollector) {
    this.#collector = collector;
  }

  push(text: string): void {
    // Where, in this piece, the key or the entry begins that is being read.
    let kept = 0;
    for (let at = 0; at < text.length; at += 1) {
      if (this.#inString) at = this.#string(text, at, kept);
      else if (text.charCodeAt(at) > BLANK) kept = this.#token(text, at, kept);
    }
    this.#keep(text.slice(kept));
  }

  end(): IndexedCharts {
    if (!this.#isOver) throw new Uncertain('it ends in the middle');
    if (!this.#seen[0].has('entries') && !this.#seen[0].has('apiVersion'))
      throw new Uncertain('it has no entries');
    return this.#collector.charts();
  }

  /** What is no part of a string; the answer is the new `kept`. */
  #token(text: string, at: number, kept: number): number {
    if (this.#isOver) throw new Uncertain('something follows the index');
    const code = text.charCodeAt(at);
    switch (code) {
      case QUOTE:
        this.#beginString();
        return this.#text === undefined ? kept : at + 1;
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        this.#open(code);
        return this.#depth === IN_CHART + 1 && this.#entry !== undefined ? at : kept;
      case CLOSE_OBJECT:
      case CLOSE_ARRAY:
        this.#close(text.slice(kept, at + 1));
        return kept;
      case COMMA:
        this.#comma();
        return kept;
      case COLON:
        return kept;
      default:
        this.#scalar();
        return kept;
    }
  }

  #wantsEntry(): boolean {
    return this.#keys[0] === 'entries' && this.#collector.isWanted(this.#keys[1]);
  }

  /** From `at` to the end of the string, or of the piece; the answer is where it ended. */
  #string(text: string, from: number, kept: number): number {
    for (let at = from; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (this.#isEscaped) this.#isEscaped = false;
      else if (code === BACKSLASH) this.#isEscaped = true;
      else if (code === QUOTE) {
        this.#inString = false;
        if (this.#text !== undefined) this.#endKey(this.#text + text.slice(kept, at));
        return at;
      }
    }
    return text.length;
  }

  #beginString(): void {
    this.#inString = true;
    if (this.#expectsKey && this.#isOnKeyLevel()) this.#text = '';
    else this.#scalar();
  }

  #endKey(raw: string): void {
    this.#text = undefined;
    this.#expectsKey = false;
    const key = detached(toKey(raw));
    const level = this.#depth === IN_INDEX ? 0 : 1;
    // Only those of the entries matter on the second level.
    if (level === 1 && this.#keys[0] !== 'entries') return;
    if (this.#seen[level].has(key)) throw new Uncertain(`it has ${key} twice`);
    this.#seen[level].add(key);
    this.#keys[level] = key;
  }

  #open(code: number): void {
    this.#depth += 1;
    const isObject = code === OPEN_OBJECT;
    if (this.#depth === IN_INDEX && !isObject) throw new Uncertain('it is no object');
    if (this.#depth <= IN_ENTRIES) {
      if (this.#depth === IN_ENTRIES && this.#keys[0] === 'entries' && !isObject)
        throw new Uncertain('its entries are no object');
      this.#expectsKey = isObject;
      return;
    }
    if (!this.#wantsEntry()) return;
    if (this.#depth === IN_CHART) {
      if (isObject) throw new Uncertain('a wanted chart has no list');
      this.#collector.begin(this.#keys[1]);
    }
    if (this.#depth === IN_CHART + 1) {
      this.#entry = [];
      this.#entryLength = 0;
      if (!isObject) this.#hasOther = true;
    }
  }

  #close(text: string): void {
    this.#depth -= 1;
    if (this.#depth < 0) throw new Uncertain('it has more closing brackets than opening ones');
    if (this.#depth === 0) this.#isOver = true;
    if (this.#depth === IN_CHART && this.#wantsEntry()) this.#endEntry(text);
    if (this.#depth === IN_ENTRIES) this.#endOther();
  }

  #endEntry(text: string): void {
    this.#keep(text);
    const parts = this.#entry;
    this.#entry = undefined;
    if (this.#hasOther) return this.#endOther();
    if (parts === undefined) return this.#collector.add({ kind: 'unreadable' });
    this.#collector.add(readEntry(parse(parts.join(''))));
  }

  #endOther(): void {
    if (this.#hasOther) this.#collector.add({ kind: 'unreadable' });
    this.#hasOther = false;
  }

  #comma(): void {
    if (this.#isOnKeyLevel()) this.#expectsKey = true;
    if (this.#depth === IN_CHART) this.#endOther();
  }

  /** A part of a value that is neither list nor object. */
  #scalar(): void {
    if (this.#depth > IN_CHART) return;
    if (this.#depth === 0) throw new Uncertain('it is no object');
    if (this.#expectsKey && this.#isOnKeyLevel()) throw new Uncertain('it has a key without quotes');
    if (this.#keys[0] !== 'entries') return;
    if (this.#depth === IN_INDEX) throw new Uncertain('its entries are no object');
    if (!this.#wantsEntry()) return;
    if (this.#depth === IN_ENTRIES) throw new Uncertain('a wanted chart has no list');
    this.#hasOther = true;
  }

  #isOnKeyLevel(): boolean {
    return this.#depth === IN_INDEX || this.#depth === IN_ENTRIES;
  }

  /** The part of a key or an entry that is in this piece, of one that goes on in the next. */
  #keep(text: string): void {
    if (this.#text !== undefined) {
      this.#text += text;
      if (this.#text.length > MAX_KEY_LENGTH) throw new Uncertain('it has a very long key');
    } else if (this.#entry !== undefined) {
      this.#entryLength += text.length;
      if (this.#entryLength > MAX_ENTRY_LENGTH) this.#entry = undefined;
      else this.#entry.push(text);
    }
  }
}

function toKey(raw: string): string {
  const key = parse(`"${raw}"`);
  if (typeof key !== 'string') throw new Uncertain('it has a key that is no text');
  return key;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Uncertain('it is no JSON', { cause });
  }
}
