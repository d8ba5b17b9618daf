import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { Resource } from './resource.ts';
import { isSameOrder, keepPlaces, type SteadyList } from './steady.ts';

interface Listed<T> {
  readonly rows: readonly T[];
}

export interface Steady<T> extends SteadyList<T> {
  /** Shows the list as it is now. */
  readonly adopt: () => void;
  /** Shows the list as it is when it is read the next time: somebody has just changed it themselves. */
  readonly adoptNext: () => void;
}

/**
 * The rows of a list that is read anew again and again. While `isBusy` (somebody points at a row, or is at one with the
 * keyboard), none of them moves.
 */
export function useSteady<T>(
  resource: Resource<Listed<T>>,
  keyOf: (row: T) => string,
  isBusy: () => boolean,
): Steady<T> {
  const [shown, setShown] = useState<{ readonly path: string; readonly rows: readonly T[] }>();
  const wants = useRef(false);
  const current = resource.kind === 'ready' ? resource : undefined;

  useEffect(() => {
    if (current === undefined) return;
    const { path, value } = current;
    setShown((before) => {
      const isOther = before === undefined || before.path !== path;
      const moves = isOther || wants.current || !isBusy() || isSameOrder(before.rows, value.rows, keyOf);
      wants.current = false;
      return { path, rows: moves ? value.rows : keepPlaces(before.rows, value.rows, keyOf).rows };
    });
  }, [current?.atMs, current?.path]);

  const adopt = useCallback(() => {
    if (current !== undefined) setShown({ path: current.path, rows: current.value.rows });
  }, [current]);
  const adoptNext = useCallback(() => {
    wants.current = true;
  }, []);
  // Until the first list has come in, and in the moment after another was asked for, what was read is shown.
  const rows =
    current !== undefined && shown?.path === current.path ? shown.rows : (current?.value.rows ?? []);
  return { ...keepPlaces(rows, current?.value.rows ?? rows, keyOf), adopt, adoptNext };
}
