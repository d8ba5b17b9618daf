const STEPS = [
  { unit: 'd', ms: 86_400_000 },
  { unit: 'h', ms: 3_600_000 },
  { unit: 'min', ms: 60_000 },
] as const;
const MOMENT_MS = 45_000;

/** `just now`, `5 min ago`, `in 2 h`: how far a moment is from now, both in milliseconds since the Unix epoch. */
export function relativeTime(atMs: number, nowMs: number): string {
  if (Number.isNaN(atMs)) return 'at an unknown time';
  const distanceMs = Math.abs(atMs - nowMs);
  if (distanceMs < MOMENT_MS) return atMs > nowMs ? 'in a moment' : 'just now';
  const step = STEPS.find(({ ms }) => distanceMs >= ms) ?? { unit: 'min', ms: 60_000 };
  const count = Math.max(1, Math.round(distanceMs / step.ms));
  return atMs > nowMs ? `in ${count} ${step.unit}` : `${count} ${step.unit} ago`;
}

/** `at 14:05`, on another day `on 3 Feb, 14:05`, in the browser's own way; both in milliseconds since the Unix epoch. */
export function exactTime(atMs: number, nowMs: number, locale?: string): string {
  if (Number.isNaN(atMs)) return '';
  const [at, now] = [new Date(atMs), new Date(nowMs)];
  const time = at.toLocaleTimeString(locale, { hour: '2-digit', minute: '2-digit' });
  if (at.toDateString() === now.toDateString()) return `at ${time}`;
  return `on ${at.toLocaleDateString(locale, { day: 'numeric', month: 'short' })}, ${time}`;
}
