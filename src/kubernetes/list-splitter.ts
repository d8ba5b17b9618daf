const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** How deep in brackets the bytes stand: in the list's own object, and in its array of items. */
const IN_LIST = 1;
const IN_ITEMS = 2;
const ITEMS_KEY = /(?<!\\)"items"\s*:\s*$/;
/** As far back as the key can be from its array; nobody writes more blanks than that. */
const KEY_REACH = 64;

/** Takes a Kubernetes list apart while its bytes arrive, so that it is never in memory as a whole. */
export interface ListSplitter {
  /** Hands out each item that is complete with these bytes. */
  push(chunk: Uint8Array): void;
  /** What is left when all bytes have been pushed: the text of the list without its items. */
  end(): string;
}

export interface ListSplitterOptions {
  /** Is given the text of each object in the top-level array `items`, in order; what is no object is left out. */
  readonly onItem: (text: string) => void;
  /** Is given, when the items begin, the text of the list as if it had none and ended with them. */
  readonly onHead?: ((text: string) => void) | undefined;
  /** Of one item, or of all that is beside the items; `push` throws where there is more. The list has no limit. */
  readonly maxBytes: number;
}

/** Makes a splitter. It checks nothing: whoever parses the pieces finds out what is no JSON. */
export function createListSplitter({ onItem, onHead, maxBytes }: ListSplitterOptions): ListSplitter {
  let depth = 0;
  let inString = false;
  let escaped = false;
  let inItems = false;
  // One character for each byte: a letter of several bytes may lie across two chunks.
  let envelope = '';
  // What earlier chunks hold of the item that is not complete yet.
  let pieces: Uint8Array[] = [];
  let piecesBytes = 0;
  // From where on the bytes of the chunk in work belong to the envelope or to the item, whichever they are in.
  let from = 0;

  const open = (chunk: Uint8Array, at: number, byte: number): void => {
    if (inItems && depth === IN_ITEMS) from = at;
    else if (depth === IN_LIST && byte === OPEN_ARRAY) {
      const bytes = envelope + bytesOf(chunk.subarray(from, at));
      if (ITEMS_KEY.test(bytes.slice(-KEY_REACH))) {
        envelope = `${bytes}[`;
        inItems = true;
        onHead?.(`${toText(envelope)}]}`);
      }
    }
    depth += 1;
  };
  const close = (chunk: Uint8Array, at: number): void => {
    depth -= 1;
    if (!inItems) return;
    if (depth === IN_ITEMS) {
      pieces.push(chunk.subarray(from, at + 1));
      onItem(textOf(pieces));
      pieces = [];
      piecesBytes = 0;
    } else if (depth < IN_ITEMS) {
      inItems = false;
      from = at;
    }
  };
  /** What of the chunk belongs to something that is not complete. */
  const keep = (chunk: Uint8Array): void => {
    if (!inItems) envelope += bytesOf(chunk.subarray(from));
    else if (depth > IN_ITEMS) {
      // Copied, or the few bytes that are left would hold on to the whole chunk.
      pieces.push(chunk.slice(from));
      piecesBytes += chunk.length - from;
    }
    if (Math.max(piecesBytes, envelope.length) > maxBytes)
      throw new Error(`an item of the list, or what is beside them, has more than ${maxBytes} bytes`);
  };

  return {
    push(chunk) {
      from = 0;
      for (let at = 0; at < chunk.length; at += 1) {
        if (inString) {
          at = endOfString(chunk, at, escaped);
          inString = at >= chunk.length;
          escaped = inString && isEscaping(chunk, escaped);
          continue;
        }
        const byte = chunk[at];
        if (byte === QUOTE) inString = true;
        else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) open(chunk, at, byte);
        else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) close(chunk, at);
      }
      keep(chunk);
    },
    end: () => toText(envelope),
  };
}

/** The offset of the quote that ends the string, or the chunk's length where it goes on. */
function endOfString(chunk: Uint8Array, start: number, escaped: boolean): number {
  let at = escaped ? start + 1 : start;
  while (at < chunk.length) {
    const byte = chunk[at];
    if (byte === QUOTE) return at;
    at += byte === BACKSLASH ? 2 : 1;
  }
  return chunk.length;
}

/** Whether the chunk ends in a backslash that escapes what follows; all of its end is inside a string. */
function isEscaping(chunk: Uint8Array, escapedAtStart: boolean): boolean {
  let backslashes = 0;
  while (backslashes < chunk.length && chunk[chunk.length - 1 - backslashes] === BACKSLASH) backslashes += 1;
  if (backslashes === chunk.length && escapedAtStart) backslashes -= 1;
  return backslashes % 2 === 1;
}

function textOf(pieces: readonly Uint8Array[]): string {
  return Buffer.concat(pieces).toString('utf8');
}

function toText(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

function bytesOf(chunk: Uint8Array): string {
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString('latin1');
}
