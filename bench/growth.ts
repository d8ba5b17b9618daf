import type { Row, Unit } from './budget.ts';

/** How one figure grows with what there is of something, all measured in one run. */
export interface GrowthLine {
  readonly what: string;
  readonly of: string;
  readonly unit: Unit;
  /** Sizes in rising order, none of them 0, each with the figure there. */
  readonly points: readonly { readonly size: number; readonly value: number }[];
  /** The last figure as a multiple of the first. */
  readonly grew: number;
  /** The last size as a multiple of the first: what `grew` would be, were the growth linear. */
  readonly linear: number;
}

/** Gathers the rows of one series each into a line; what was measured at one size alone shows no growth. */
export function growthOf(rows: readonly Row[]): readonly GrowthLine[] {
  const series = Map.groupBy(
    rows.flatMap(({ growth, value, unit }) =>
      growth === undefined || growth.size === 0 ? [] : [{ ...growth, value, unit }],
    ),
    ({ series, of }) => `${series} ${of}`,
  );
  return [...series.values()].flatMap((found) => {
    const points = found.toSorted((a, b) => a.size - b.size);
    const first = points[0];
    const last = points.at(-1);
    if (first === undefined || last === undefined) return [];
    if (first.size === last.size || first.value === 0) return [];
    return [
      {
        what: first.series,
        of: first.of,
        unit: first.unit,
        points: points.map(({ size, value }) => ({ size, value })),
        grew: last.value / first.value,
        linear: last.size / first.size,
      },
    ];
  });
}
