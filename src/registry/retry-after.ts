/** A registry may silence us for at most 15 minutes at a time, whatever it asks for. */
export const MAX_PAUSE_MS = 15 * 60_000;

/**
 * Reads `Retry-After` (RFC 9110 §10.2.3), seconds or a date, as milliseconds from `nowMs` on, at most 15 minutes.
 * Undefined where it is absent or neither.
 */
export function parseRetryAfter(header: string | null, nowMs: number): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d{1,12}$/.test(text)) return Math.min(Number(text) * 1000, MAX_PAUSE_MS);
  // Date.parse alone would take almost anything: "-5" is a year to it.
  const date = /^[A-Za-z]{3,9},? /.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(date)) return undefined;
  return Math.min(Math.max(date - nowMs, 0), MAX_PAUSE_MS);
}
