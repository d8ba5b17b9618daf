import { calendarKind, readDate } from './calendar.ts';
import { withoutLeadingZeros } from './natural-order.ts';
import { fail, ok, type Result } from './result.ts';
import { COMMIT_HASH, readSuffix, type Suffix } from './version-suffix.ts';

/** A tag that can be ordered: prefix, numbers, and then pre-release, variant, commit and build metadata if any. */
export interface Version {
  /** The tag as written: `prefix` + `numbersText` + `rest`. */
  readonly text: string;
  /** As written: empty, `v`, `release-`, `app-v`. */
  readonly prefix: string;
  /** As written, with leading zeros and separators. */
  readonly numbersText: string;
  /** As written: everything after the numbers. */
  readonly rest: string;
  /** Without leading zeros, of any length. At least one. */
  readonly numbers: readonly string[];
  /** What stands between the numbers of a date (`--`, `--T--Z`); empty for numbers joined by dots. */
  readonly form: string;
  readonly suffix: Suffix;
}

export type ParseVersion = (text: string) => Result<Version>;

/** Longer than any tag or chart version in use; what is longer is not looked into. */
const MAX_LENGTH = 256;
const MAX_CACHED_SUFFIXES = 1_000;

/** After a separator, or glued to a word where a dotted number follows (`python3.11`). */
const NUMBER_AFTER_WORD = /(?:[-_]|(?<=[A-Za-z])\.)[vV]?(?=\d)|[A-Za-z](?=\d+\.\d)/;
const NUMBER_GLUED_TO_WORD = /[A-Za-z](?=\d)/;

const IS_HASH = 'looks like a commit hash, which has no order';

/**
 * Reads a tag (or a chart version) by the ordering rules of the design. The error is the rest of a sentence that
 * begins with the tag: "looks like a commit hash, which has no order".
 */
export const parseVersion: ParseVersion = (text) => parse(text, readSuffix);

/** `parseVersion` for a long list: tags share few suffixes (`-alpine`, `-slim`), which are then read once each. */
export function createVersionParser(): ParseVersion {
  const known = new Map<string, Suffix | undefined>();
  const readOnce = (rest: string): Suffix | undefined => {
    const before = known.get(rest);
    if (before !== undefined) return before;
    const suffix = readSuffix(rest);
    if (known.size < MAX_CACHED_SUFFIXES) known.set(rest, suffix);
    return suffix;
  };
  return (text) => parse(text, readOnce);
}

/** The tag again, exactly as it was read. */
export function formatVersion(version: Version): string {
  return version.prefix + version.numbersText + version.rest;
}

/**
 * Whether a tag is something attached to an image rather than an image: signatures, attestations and bills of
 * material as cosign names them, and the referrers fallback tag of the distribution specification.
 */
export function isAttachment(tag: string): boolean {
  return ATTACHED_BY_DIGEST.test(tag) || ATTACHED_BY_NAME.test(tag);
}

const ATTACHED_BY_DIGEST = /^sha(?:256|384|512)-[0-9a-f]{32,}(?:$|\.)/i;
const ATTACHED_BY_NAME = /\.(?:sig|att|sbom)$/i;

function parse(text: string, suffixOf: (rest: string) => Suffix | undefined): Result<Version> {
  if (text.length > MAX_LENGTH) return fail(`is longer than ${MAX_LENGTH} characters`);
  const start = numbersStart(text);
  if (start === undefined) {
    return fail(COMMIT_HASH.test(text) ? IS_HASH : 'has no version number and so no order');
  }
  const date = readDate(start === 0 ? text : text.slice(start));
  const end = date === undefined ? dottedEnd(text, start) : start + date.length;
  const numbersText = text.slice(start, end);
  const numbers = readDigits(numbersText);
  const prefix = text.slice(0, start);
  if (startsInHash(text, start, end) || isNumericHash(prefix, numbers)) return fail(IS_HASH);
  const rest = text.slice(end);
  const suffix = suffixOf(rest);
  if (suffix === undefined) return fail(`has "${rest}" glued to its number, which has no known order`);
  const form = date === undefined ? '' : date.replaceAll(/\d+/g, '');
  return ok({ text, prefix, numbersText, rest, numbers, form, suffix });
}

/** Where the digits of the version begin, or undefined in a tag without any. */
function numbersStart(text: string): number | undefined {
  if (isDigit(text, 0)) return 0;
  const first = text.charAt(0);
  if ((first === 'v' || first === 'V') && isDigit(text, 1)) return 1;
  const match = NUMBER_AFTER_WORD.exec(text) ?? NUMBER_GLUED_TO_WORD.exec(text);
  return match == null ? undefined : match.index + match[0].length;
}

/** Where digits joined by single dots end. */
function dottedEnd(text: string, start: number): number {
  let end = start;
  while (isDigit(text, end) || (text.charCodeAt(end) === DOT && isDigit(text, end + 1))) end += 1;
  return end;
}

function readDigits(numbersText: string): readonly string[] {
  const numbers: string[] = [];
  for (let from = 0; from < numbersText.length; from += 1) {
    let to = from;
    while (isDigit(numbersText, to)) to += 1;
    if (to > from) numbers.push(withoutLeadingZeros(numbersText.slice(from, to)));
    from = to;
  }
  return numbers;
}

/** A hash that holds or precedes the first number (`1a2b3c4`, `main-abc1234-7`) leaves nothing to order by. */
function startsInHash(text: string, start: number, end: number): boolean {
  if (start <= 1 && !LETTER.test(text.charAt(end))) return false;
  const hash = COMMIT_HASH.exec(text);
  return hash != null && hash.index <= start;
}

/** Short hashes are sometimes all digits; only a `v` or the look of a date tells a version from one. */
function isNumericHash(prefix: string, numbers: readonly string[]): boolean {
  const first = numbers[0] ?? '';
  if (numbers.length > 1 || (first.length !== 7 && first.length !== 8)) return false;
  return calendarKind(first) === undefined && !/[vV]$/.test(prefix);
}

const LETTER = /[A-Za-z]/;
const DOT = 46;
const ZERO = 48;
const NINE = 57;

function isDigit(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code >= ZERO && code <= NINE;
}
