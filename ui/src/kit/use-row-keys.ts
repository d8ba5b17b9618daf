import { useEffect, useRef, useState } from 'preact/hooks';
import { useServices } from '../state/services.ts';

/** What a key does with the row that the keys are at. */
export interface RowAct<T> {
  readonly keys: string;
  readonly label: string;
  /** Does nothing where it cannot be done with this row. */
  readonly run: (row: T) => void;
}

export interface RowKeysOptions<T> {
  readonly rows: readonly T[];
  readonly keyOf: (row: T) => string;
  /** Scrolls so that the row with this number can be seen. */
  readonly reveal: (index: number) => void;
  /** The same ones each time. */
  readonly acts: readonly RowAct<T>[];
}

interface Place {
  readonly key: string;
  readonly index: number;
}

/** Single keys that move through rows and act on one; answers the key of the row that they are at. */
export function useRowKeys<T>(options: RowKeysOptions<T>): string | undefined {
  const { shortcuts } = useServices();
  const latest = useRef(options);
  latest.current = options;
  // Keys come faster than the page is drawn: where they are is known at once.
  const place = useRef<Place>(undefined);
  const [current, setCurrent] = useState<Place>();

  useEffect(() => {
    const indexNow = (): number =>
      latest.current.rows.findIndex((row) => latest.current.keyOf(row) === place.current?.key);
    const move = (by: 1 | -1) => (): void => {
      const { rows, keyOf, reveal } = latest.current;
      const next = nextIndex(indexNow(), by, place.current, rows.length);
      const row = rows[next];
      if (row === undefined) return;
      place.current = { key: keyOf(row), index: next };
      setCurrent(place.current);
      reveal(next);
      focusRow(keyOf(row));
    };
    const acting = (keys: string) => (): void => {
      const { rows, acts } = latest.current;
      const row = rows[indexNow()];
      if (row !== undefined) acts.find((act) => act.keys === keys)?.run(row);
    };
    return shortcuts.add([
      { keys: 'j', label: 'Next row', run: move(1) },
      { keys: 'k', label: 'Previous row', run: move(-1) },
      ...latest.current.acts.map(({ keys, label }) => ({ keys, label, run: acting(keys) })),
    ]);
  }, [shortcuts]);
  return options.rows.some((row) => options.keyOf(row) === current?.key) ? current?.key : undefined;
}

/** Where the row is gone that the keys were at, the one that has its place now is next. */
function nextIndex(found: number, by: 1 | -1, place: Place | undefined, count: number): number {
  const gone = place === undefined ? -1 : place.index - (by > 0 ? 1 : 0);
  const from = found >= 0 ? found : gone;
  return Math.min(count - 1, Math.max(0, from + by));
}

/** The focus goes along, so that Enter and the reader of the screen are at the same row. */
function focusRow(key: string): void {
  // A row that was out of sight is drawn only after this.
  requestAnimationFrame(() => {
    const row = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
    row?.querySelector<HTMLElement>('.row-link')?.focus({ preventScroll: true });
  });
}
