/** How far back one can look, and in which steps: how long a step is, and how closely a backend is read for it. */
const RANGES = {
  '1h': { rangeMs: 3_600_000, stepMs: 60_000, gridMs: 15_000 },
  '6h': { rangeMs: 21_600_000, stepMs: 300_000, gridMs: 60_000 },
  '24h': { rangeMs: 86_400_000, stepMs: 600_000, gridMs: 120_000 },
  '7d': { rangeMs: 604_800_000, stepMs: 3_600_000, gridMs: 600_000 },
  '30d': { rangeMs: 2_592_000_000, stepMs: 21_600_000, gridMs: 1_800_000 },
} as const;

export type RangeName = keyof typeof RANGES;

export const RANGE_NAMES: readonly RangeName[] = ['1h', '6h', '24h', '7d', '30d'];

/** A stretch of time in steps; times are milliseconds since the Unix epoch. */
export interface TimeWindow {
  readonly range: RangeName;
  readonly fromMs: number;
  /** The end of the step that `nowMs` is in. */
  readonly toMs: number;
  readonly nowMs: number;
  readonly stepMs: number;
  /** The distance of the points that a backend is asked for; a step is a multiple of it. */
  readonly gridMs: number;
  /** How many steps there are. */
  readonly count: number;
}

export function isRangeName(text: string): text is RangeName {
  return Object.hasOwn(RANGES, text);
}

/** The window that ends with the step that `nowMs` is in. Steps begin at whole multiples of their length, in UTC. */
export function windowOf(range: RangeName, nowMs: number): TimeWindow {
  const { rangeMs, stepMs, gridMs } = RANGES[range];
  const toMs = (Math.floor(nowMs / stepMs) + 1) * stepMs;
  return { range, fromMs: toMs - rangeMs, toMs, nowMs, stepMs, gridMs, count: rangeMs / stepMs };
}

/** When each step begins. */
export function timestampsOf({ fromMs, stepMs, count }: TimeWindow): readonly number[] {
  return Array.from({ length: count }, (_, index) => fromMs + index * stepMs);
}
