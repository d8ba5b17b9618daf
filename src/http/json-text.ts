/** Facts about JSON text that `JSON.parse` does not tell. All run in linear time. */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LINE_FEED = 0x0a;

export interface Structure {
  /** Levels of arrays and objects. */
  readonly depth: number;
  /** Values in arrays and objects, these themselves included; empty ones count as holding one. */
  readonly values: number;
}

/** How deep and how large the value in `text` is. The text need not be valid; counting ends where a limit is exceeded. */
export function structureOf(text: string, limits: Structure): Structure {
  let open = 0;
  let depth = 0;
  let values = 1;
  for (let at = 0; at < text.length && depth <= limits.depth && values <= limits.values; at += 1) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = endOfString(text, at) - 1;
        break;
      case 0x5b: // [
      case 0x7b: // {
        open += 1;
        values += 1;
        depth = Math.max(depth, open);
        break;
      case 0x5d: // ]
      case 0x7d: // }
        open -= 1;
        break;
      case 0x2c: // ,
        values += 1;
        break;
    }
  }
  return { depth, values };
}

/** The offset behind the string that starts at `start`, or the text's length where it does not end. */
function endOfString(text: string, start: number): number {
  let at = start;
  for (;;) {
    at = text.indexOf('"', at + 1);
    if (at < 0) return text.length;
    let backslashes = 0;
    while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return at + 1;
  }
}

export interface TextPosition {
  /** Characters before it. */
  readonly offset: number;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

/** Where `text`, which `JSON.parse` refused with `error`, stops being JSON. */
export function locateJsonError(text: string, error: Error): TextPosition {
  // V8 names the position in most messages, but not with "Unexpected token" and "Unexpected end".
  const named = /at position (\d+)/.exec(error.message)?.[1];
  const offset = Math.min(named === undefined ? firstUnexpected(text) : Number(named), text.length);
  let line = 1;
  let start = 0;
  for (let at = 0; at < offset; at += 1) {
    if (text.charCodeAt(at) !== LINE_FEED) continue;
    line += 1;
    start = at + 1;
  }
  return { offset, line, column: offset - start + 1 };
}

type Token = '{' | '[' | '}' | ']' | ',' | ':' | 'string' | 'scalar';
type State = 'value' | 'first value' | 'key' | 'first key' | 'colon' | 'after value';
type Follows = Readonly<Partial<Record<Token, State>>>;

const VALUE: Follows = { '{': 'first key', '[': 'first value', string: 'after value', scalar: 'after value' };
const FOLLOWS: Readonly<Record<Exclude<State, 'after value'>, Follows>> = {
  value: VALUE,
  'first value': { ...VALUE, ']': 'after value' },
  key: { string: 'colon' },
  'first key': { string: 'colon', '}': 'after value' },
  colon: { ':': 'value' },
};
const IN_OBJECT: Follows = { ',': 'key', '}': 'after value' };
const IN_ARRAY: Follows = { ',': 'value', ']': 'after value' };

/** The offset of the first token that cannot stand where it does, or the text's length if it only ends early. */
function firstUnexpected(text: string): number {
  const open: ('[' | '{')[] = [];
  let state: State = 'value';
  for (let at = skipSpace(text, 0); at < text.length;) {
    const found = tokenAt(text, at);
    const next: State | undefined = found && followsOf(state, open.at(-1))[found.token];
    if (found === undefined || next === undefined) return at;
    if (found.token === '{' || found.token === '[') open.push(found.token);
    if (found.token === '}' || found.token === ']') open.pop();
    state = next;
    at = skipSpace(text, found.end);
  }
  return text.length;
}

function followsOf(state: State, container: '[' | '{' | undefined): Follows {
  if (state !== 'after value') return FOLLOWS[state];
  if (container === undefined) return {};
  return container === '{' ? IN_OBJECT : IN_ARRAY;
}

function tokenAt(text: string, at: number): { token: Token; end: number } | undefined {
  const character = text.charAt(at);
  switch (character) {
    case '{':
    case '[':
    case '}':
    case ']':
    case ',':
    case ':':
      return { token: character, end: at + 1 };
    case '"':
      return { token: 'string', end: endOfString(text, at) };
    default: {
      const scalar = /(?:true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)/y;
      scalar.lastIndex = at;
      return scalar.test(text) ? { token: 'scalar', end: scalar.lastIndex } : undefined;
    }
  }
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (isSpace(text.charCodeAt(at))) at += 1;
  return at;
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === LINE_FEED || code === 0x0d || code === 0x09;
}
