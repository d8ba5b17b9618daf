import { useEffect, useState } from 'preact/hooks';
import { useServices } from '../state/services.ts';
import type { Shortcut } from '../state/shortcuts.ts';

export interface RowKeysOptions<T> {
  readonly rows: readonly T[];
  readonly keyOf: (row: T) => string;
  /** Scrolls so that the row with this number can be seen. */
  readonly reveal: (index: number) => void;
  readonly open: (row: T) => void;
  /** What else can be done with the row that the keys are at. */
  readonly acts: (row: T) => readonly Shortcut[];
}

/** Single keys that move through rows and act on one; answers the key of the row that they are at. */
export function useRowKeys<T>(options: RowKeysOptions<T>): string | undefined {
  const { rows, keyOf, reveal, open, acts } = options;
  const { shortcuts } = useServices();
  const [current, setCurrent] = useState<{ readonly key: string; readonly index: number }>();
  const found = rows.findIndex((row) => keyOf(row) === current?.key);
  // Where the row is gone, the one that has its place now is next.
  const index = found >= 0 || current === undefined ? found : Math.min(current.index, rows.length) - 0.5;

  useEffect(() => {
    const move = (by: 1 | -1) => (): void => {
      const target = by > 0 ? Math.floor(index + 1) : Math.ceil(index - 1);
      const next = Math.min(rows.length - 1, Math.max(0, target));
      const row = rows[next];
      if (row === undefined) return;
      setCurrent({ key: keyOf(row), index: next });
      reveal(next);
      focusRow(keyOf(row));
    };
    const row = rows[found];
    return shortcuts.add([
      { keys: 'j', label: 'Next row', run: move(1) },
      { keys: 'k', label: 'Previous row', run: move(-1) },
      ...(row === undefined
        ? []
        : [{ keys: 'o', label: 'Open the row', run: () => open(row) }, ...acts(row)]),
    ]);
  });
  return found >= 0 ? current?.key : undefined;
}

/** The focus goes along, so that Enter and the reader of the screen are at the same row. */
function focusRow(key: string): void {
  // A row that was out of sight is drawn only now.
  requestAnimationFrame(() => {
    const row = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
    row?.querySelector<HTMLElement>('.row-link')?.focus({ preventScroll: true });
  });
}
