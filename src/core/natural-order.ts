/**
 * Orders two whole numbers written in decimal, without leading zeros and of any length: build numbers and time
 * stamps exceed what a double holds.
 */
export function compareDigits(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** The same number without leading zeros; `0` stays. */
export function withoutLeadingZeros(digits: string): string {
  let start = 0;
  while (start < digits.length - 1 && digits.charCodeAt(start) === ZERO) start += 1;
  return start === 0 ? digits : digits.slice(start);
}

/** Cuts `rc10.2` into what a person compares: `rc`, `10`, `2`; case is folded. */
export function naturalPieces(text: string): readonly string[] {
  const pieces = text.toLowerCase().match(/\d+|[a-z]+/g) ?? [];
  return pieces.map((piece) => (isDigits(piece) ? withoutLeadingZeros(piece) : piece));
}

/**
 * Orders two lists of pieces as SemVer 2.0 §11 does with identifiers: numbers by value and below words, words by
 * letters, and of two lists that begin alike the shorter one is lower.
 */
export function compareNaturally(a: readonly string[], b: readonly string[]): number {
  for (const [index, left] of a.entries()) {
    const right = b[index];
    if (right === undefined) return 1;
    const order = comparePieces(left, right);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

const ZERO = 48;
const NINE = 57;

function comparePieces(a: string, b: string): number {
  const [aIsNumber, bIsNumber] = [isDigits(a), isDigits(b)];
  if (aIsNumber && bIsNumber) return compareDigits(a, b);
  if (aIsNumber !== bIsNumber) return aIsNumber ? -1 : 1;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** A piece is all digits or has none, so that its first character tells. */
function isDigits(piece: string): boolean {
  const first = piece.charCodeAt(0);
  return first >= ZERO && first <= NINE;
}
