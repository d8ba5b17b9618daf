import type { ChartDescription } from './charts.ts';

/** What the server knows of one metric in each step; null: nothing. */
export type Values = readonly (number | null)[];

/** How many there were in all steps; undefined where nothing is known. */
export function totalOf(values: Values | undefined): number | undefined {
  const known = (values ?? []).filter((value) => value !== null);
  return known.length === 0 ? undefined : known.reduce((a, b) => a + b, 0);
}

/** What is known last. */
export function lastOf(values: Values | undefined): number | undefined {
  return (values ?? []).findLast((value) => value !== null) ?? undefined;
}

/** What a legend says of a line: the value of one step, or without one that of the whole range. */
export function readingOf(
  kind: ChartDescription['kind'],
  values: Values | undefined,
  step: number | undefined,
): number | undefined {
  if (step !== undefined) return values?.[step] ?? undefined;
  return kind === 'growth' ? totalOf(values) : lastOf(values);
}

/** A count for people; what is not known is a dash. */
export function formatCount(value: number | undefined): string {
  if (value === undefined) return '–';
  return value.toLocaleString('en', { maximumFractionDigits: 2 });
}

/** `1 min`, `5 min`, `1 h`. */
export function formatStep(seconds: number): string {
  return seconds < 3600 ? `${seconds / 60} min` : `${seconds / 3600} h`;
}

/** A time in seconds as people say it: `4 ms`, `1.2 s`. */
export function formatSeconds(seconds: number): string {
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${Math.round(seconds * 10) / 10} s`;
}

/** `last 24 h`, where there is little room. */
export function shortRange(range: string): string {
  return `last ${range.replace(/^(\d+)/, '$1 ')}`;
}

/** `the last hour`, for what the range buttons are called. */
export function rangeText(range: string): string {
  const [, count = '', unit = ''] = /^(\d+)([hd])$/.exec(range) ?? [];
  const name = unit === 'd' ? 'day' : 'hour';
  return count === '1' ? `the last ${name}` : `the last ${count} ${name}s`;
}
