import { useEffect, useState } from 'preact/hooks';
import { useLocation } from 'wouter-preact';
import type { UpdateRow } from '../../../src/http/dashboard-shapes.ts';
import { useServices } from '../state/services.ts';
import { keyOf } from './update-table.tsx';

export interface RowKeysOptions {
  readonly rows: readonly UpdateRow[];
  readonly selected: ReadonlySet<string>;
  readonly select: (keys: readonly string[], on: boolean) => void;
  readonly decide: (verb: 'approve' | 'reject', row: UpdateRow) => void;
}

/** Single keys that move through the rows and act on one; answers the key of the row that they are about. */
export function useRowKeys({ rows, selected, select, decide }: RowKeysOptions): string | undefined {
  const { shortcuts } = useServices();
  const [, navigate] = useLocation();
  const [current, setCurrent] = useState<string>();
  useEffect(() => {
    const index = rows.findIndex((row) => keyOf(row) === current);
    const row = rows[index];
    const move = (by: number) => (): void => {
      const next = rows[Math.min(rows.length - 1, Math.max(0, index + by))];
      if (next === undefined) return;
      setCurrent(keyOf(next));
      document.querySelector(`[data-key="${CSS.escape(keyOf(next))}"]`)?.scrollIntoView({ block: 'nearest' });
    };
    const onRow = (act: (current: UpdateRow) => void) => (): void => {
      if (row !== undefined) act(row);
    };
    const onPending = (act: (current: UpdateRow) => void): (() => void) =>
      onRow((found) => {
        if (found.phase === 'Pending') act(found);
      });
    return shortcuts.add([
      { keys: 'j', label: 'Next row', run: move(1) },
      { keys: 'k', label: 'Previous row', run: move(-1) },
      { keys: 'o', label: 'Open the row', run: onRow((found) => navigate(`/updates/${keyOf(found)}`)) },
      {
        keys: 'x',
        label: 'Select the row',
        run: onPending((found) => select([keyOf(found)], !selected.has(keyOf(found)))),
      },
      { keys: 'a', label: 'Approve', run: onPending((found) => decide('approve', found)) },
      { keys: 'r', label: 'Reject', run: onPending((found) => decide('reject', found)) },
    ]);
  }, [rows, selected, current, shortcuts, select, decide, navigate]);
  return current;
}
