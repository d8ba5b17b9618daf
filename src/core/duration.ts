import { fail, ok, type Result } from './result.ts';

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const SECONDS = /^\d{1,12}$/;
const PART = /^(\d{1,12}(?:\.\d{1,3})?)(ms|s|m|h|d|w)/;
const MAX_MS = 3650 * 86_400_000;

/** What may be written where a duration is expected, for messages. */
export const DURATION_EXPECTED = 'seconds (300) or a duration such as 90s, 5m, 1h30m or 7d, at most 10 years';

/**
 * Reads a duration: whole seconds (`300`), or numbers with the units ms, s, m, h, d, w (`5m`, `1h30m`), each unit at
 * most once and the largest first. The answer is in milliseconds, at most ten years.
 */
export function parseDuration(text: string): Result<number> {
  const trimmed = text.trim().toLowerCase();
  if (SECONDS.test(trimmed)) return bounded(Number(trimmed) * 1000);
  let rest = trimmed;
  let total = 0;
  let lastUnit = Number.POSITIVE_INFINITY;
  while (rest !== '') {
    const [whole, amount, unit] = PART.exec(rest) ?? [];
    const unitMs = UNIT_MS[unit ?? ''];
    if (whole === undefined || unitMs === undefined || unitMs >= lastUnit) return fail(DURATION_EXPECTED);
    lastUnit = unitMs;
    total += Number(amount) * unitMs;
    rest = rest.slice(whole.length);
  }
  return trimmed === '' ? fail(DURATION_EXPECTED) : bounded(Math.round(total));
}

/** Writes milliseconds as people do: `1h30m`, `250ms`; `0s` for nothing. Days are the largest unit. */
export function formatDuration(durationMs: number): string {
  let rest = Math.max(0, Math.round(durationMs));
  let text = '';
  for (const unit of ['d', 'h', 'm', 's', 'ms']) {
    const unitMs = UNIT_MS[unit] ?? 1;
    const count = Math.floor(rest / unitMs);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * unitMs;
  }
  return text === '' ? '0s' : text;
}

function bounded(durationMs: number): Result<number> {
  return durationMs <= MAX_MS ? ok(durationMs) : fail(DURATION_EXPECTED);
}
