/**
 * A text without those of the characters `unwanted` that stand at its end. A regular expression such as `/x+$/` does the
 * same in quadratic time: where a million of them stand in the middle, it holds up everything for minutes.
 */
export function trimmedEnd(text: string, unwanted: string): string {
  let end = text.length;
  while (end > 0 && unwanted.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

/** The same at both ends. */
export function trimmed(text: string, unwanted: string): string {
  let start = 0;
  while (start < text.length && unwanted.includes(text.charAt(start))) start += 1;
  return trimmedEnd(text.slice(start), unwanted);
}
