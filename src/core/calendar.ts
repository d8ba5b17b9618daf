/**
 * What sort of calendar a whole number (without leading zeros) looks like: a year, a month, a date, a date with a
 * time, seconds or milliseconds since 1970; undefined for a plain number.
 */
export function calendarKind(digits: string): 'year' | 'month' | 'day' | 'time' | 'epoch' | undefined {
  const { length } = digits;
  if (length === 4) return YEAR.test(digits) ? 'year' : undefined;
  if (length === 6) return MONTH.test(digits) ? 'month' : undefined;
  if (length < 8 || length > 14) return undefined;
  if (DAY.test(digits)) return length === 8 ? 'day' : 'time';
  return digits.startsWith('1') && (length === 10 || length === 13) ? 'epoch' : undefined;
}

const YEAR = /^(?:19[7-9]|20\d)\d/;
const MONTH = /^(?:19[7-9]|20\d)\d(?:0[1-9]|1[0-2])$/;
const DAY = /^(?:19[7-9]|20\d)\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])/;

const END = '(?![0-9A-Za-z])';
const DASHED_DATE = new RegExp(
  `^(?:19[7-9]|20\\d)\\d-(?:0?[1-9]|1[0-2])${END}(?:-(?:0?[1-9]|[12]\\d|3[01])(?:T\\d\\d-\\d\\d-\\d\\dZ?${END}|${END}(?:[.-]\\d{1,4}${END})*))?`,
);
const COMPACT_TIME = /^(?:19[7-9]|20\d)\d{5}(?:T(?:\d{6}|\d{4})Z?|-(?:\d{6}|\d{4}))(?![0-9A-Za-z.])/;

/**
 * The date at the beginning of `text` when it is one whose parts are not joined by dots alone: `2024-01-31`,
 * `2024-01-31T08-15-00Z`, `20240131-0815`.
 */
export function readDate(text: string): string | undefined {
  const separator = text.charAt(4) === '-' ? '-' : text.charAt(8);
  if (separator !== '-' && separator !== 'T') return undefined;
  return (DASHED_DATE.exec(text) ?? COMPACT_TIME.exec(text))?.[0];
}
