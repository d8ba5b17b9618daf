/** A list as it stays in place while somebody is at it. */
export interface SteadyList<T> {
  readonly rows: readonly T[];
  /** How many there are now that are not shown. */
  readonly arrived: number;
  /** The keys of those that are shown and not on this part of the list any more. */
  readonly gone: ReadonlySet<string>;
}

/**
 * Takes in what the rows are now without moving them: those that are shown keep their places, what is new waits until it
 * is asked for.
 */
export function keepPlaces<T>(
  shown: readonly T[],
  now: readonly T[],
  keyOf: (row: T) => string,
): SteadyList<T> {
  const current = new Map(now.map((row) => [keyOf(row), row]));
  const keys = new Set(shown.map(keyOf));
  return {
    rows: shown.map((row) => current.get(keyOf(row)) ?? row),
    arrived: now.filter((row) => !keys.has(keyOf(row))).length,
    gone: new Set([...keys].filter((key) => !current.has(key))),
  };
}

/** Whether both show the same rows in the same places. */
export function isSameOrder<T>(a: readonly T[], b: readonly T[], keyOf: (row: T) => string): boolean {
  return a.length === b.length && a.every((row, index) => keyOf(row) === keyOf(b[index] ?? row));
}
