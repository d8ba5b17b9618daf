/** A line grew past what is allowed: no sane server sends one. */
export class LineTooLongError extends Error {
  override readonly name = 'LineTooLongError';
}

const NEWLINE = 0x0a;

/**
 * Splits bytes into lines of UTF-8 text, however the bytes were cut: within a line or within a character. Empty
 * lines are dropped; what follows the last newline when the bytes end is a broken line and is dropped too.
 * `maxBytes` bounds one line; a longer one throws LineTooLongError.
 */
export async function* splitLines(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<string> {
  // Pieces of the line that is not complete yet. They are joined once, at its end, so that a long line
  // that arrives in small pieces costs no more than its length.
  let pieces: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      pieces.push(chunk.subarray(from, at));
      size += at - from;
      assertWithin(size, maxBytes);
      if (size > 0) yield Buffer.concat(pieces, size).toString('utf8');
      pieces = [];
      size = 0;
      from = at + 1;
    }
    if (from < chunk.length) {
      pieces.push(chunk.subarray(from));
      size += chunk.length - from;
      assertWithin(size, maxBytes);
    }
  }
}

function assertWithin(size: number, maxBytes: number): void {
  if (size > maxBytes) throw new LineTooLongError(`a line has more than ${maxBytes} bytes`);
}
