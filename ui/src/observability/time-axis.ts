const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const DISTANCES = [
  5 * MINUTE_MS,
  10 * MINUTE_MS,
  15 * MINUTE_MS,
  30 * MINUTE_MS,
  HOUR_MS,
  2 * HOUR_MS,
  3 * HOUR_MS,
  6 * HOUR_MS,
  12 * HOUR_MS,
  DAY_MS,
  2 * DAY_MS,
  5 * DAY_MS,
  7 * DAY_MS,
  14 * DAY_MS,
];

/**
 * Where an axis of time is marked between two moments, at most `count` times: at whole hours or days of the place where
 * `offsetMinutes` is what `Date.getTimezoneOffset` says.
 */
export function timeTicks(
  fromMs: number,
  toMs: number,
  { count, offsetMinutes }: { readonly count: number; readonly offsetMinutes: number },
): readonly number[] {
  const distance = DISTANCES.find((candidate) => (toMs - fromMs) / candidate <= count) ?? 30 * DAY_MS;
  const offsetMs = offsetMinutes * MINUTE_MS;
  const first = Math.ceil((fromMs - offsetMs) / distance) * distance + offsetMs;
  const ticks: number[] = [];
  for (let tick = first; tick <= toMs; tick += distance) ticks.push(tick);
  return ticks;
}

/** What stands at a mark: the time of day in a range of up to two days, else the day. */
export function tickLabel(atMs: number, rangeMs: number): string {
  const at = new Date(atMs);
  return rangeMs <= 2 * DAY_MS
    ? at.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' })
    : at.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });
}

/** When a step begins, with its day where the range has several. */
export function stepLabel(atMs: number, rangeMs: number): string {
  const time = new Date(atMs).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  if (rangeMs < DAY_MS) return time;
  return `${new Date(atMs).toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })} ${time}`;
}

/** The step whose mark is nearest to a moment; undefined where there are none. */
export function nearestStep(timestamps: readonly number[], atMs: number): number | undefined {
  const [first, second] = timestamps;
  if (first === undefined) return undefined;
  const stepMs = (second ?? first + 1) - first;
  const index = Math.round((atMs - first) / stepMs);
  return Math.min(Math.max(index, 0), timestamps.length - 1);
}
