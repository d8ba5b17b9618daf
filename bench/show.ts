import type { Row, Unit } from './budget.ts';
import type { GrowthLine } from './growth.ts';

/** `2.41 s`: as many digits as mean something. */
export function showValue(value: number, unit: Unit): string {
  const digits = Number.isInteger(value) || value >= 1000 ? 0 : value >= 100 ? 1 : 2;
  return `${value.toFixed(digits)}${unit === '' ? '' : ` ${unit}`}`;
}

/** `≤ 100 MB (before + 10)`, empty without a limit. */
export function showLimit({ limit, limitRule, unit }: Pick<Row, 'limit' | 'limitRule' | 'unit'>): string {
  if (limit === undefined) return '';
  const sign = limit.kind === 'at most' ? '≤' : '≥';
  const rule = limitRule === undefined ? '' : ` (${limitRule})`;
  return `${sign} ${showValue(limit.value, unit)}${rule}`;
}

/** `12.1 ms (2.00×)`, and what that is; two empty texts without a floor. */
export function floorCells({
  floor,
  value,
  unit,
}: Pick<Row, 'floor' | 'value' | 'unit'>): readonly [string, string] {
  if (floor === undefined) return ['', ''];
  const times = floor.value === 0 ? '' : ` (${(value / floor.value).toFixed(2)}×)`;
  return [`${showValue(floor.value, unit)}${times}`, floor.what];
}

/** The sizes of all lines, rising: the columns of the table of growth. */
export function sizesOf(lines: readonly GrowthLine[]): readonly number[] {
  const sizes = new Set(lines.flatMap(({ points }) => points.map(({ size }) => size)));
  return [...sizes].toSorted((a, b) => a - b);
}

/** The cells of one line below `sizes`: what, the figures, how much it grew, and how much more there was. */
export function growthCells(line: GrowthLine, sizes: readonly number[]): readonly string[] {
  const { what, of, unit, points, grew, linear } = line;
  const values = sizes.map((size) => {
    const point = points.find((found) => found.size === size);
    return point === undefined ? '' : showValue(point.value, unit);
  });
  return [`${what}, by ${of}`, ...values, `${grew.toFixed(2)}×`, `${linear}×`];
}
