import type { JSX, RefObject } from 'preact';
import type { UpdateRow } from '../../../src/http/dashboard-shapes.ts';
import { Room } from '../kit/room.tsx';
import type { WhyNot } from '../state/use-rights.ts';
import type { DrawnRows } from '../kit/use-window.ts';
import { keyOf } from './key-of.ts';
import { UpdateTableRow } from './update-table-row.tsx';

export interface UpdateTableProps {
  readonly body: RefObject<HTMLTableSectionElement | null>;
  readonly drawn: DrawnRows;
  readonly rows: readonly UpdateRow[];
  readonly selected: ReadonlySet<string>;
  /** Shown, and not part of the list any more. */
  readonly gone: ReadonlySet<string>;
  /** The row that single keys are about. */
  readonly current: string | undefined;
  readonly whyNot: WhyNot;
  readonly onSelect: (keys: readonly string[], selected: boolean) => void;
  readonly onDecide: (verb: 'approve' | 'reject', row: UpdateRow) => void;
}

const COLUMNS = 7;

/** The requests as a table; on a narrow screen each row is a card. Of many rows only those are drawn that can be seen. */
export function UpdateTable(props: UpdateTableProps): JSX.Element {
  const { body, drawn, rows, selected, gone, current, onSelect } = props;
  const { first, end, before, after } = drawn.window;
  const pending = rows.filter((row) => row.phase === 'Pending' && !gone.has(keyOf(row))).map(keyOf);
  const chosen = pending.filter((key) => selected.has(key)).length;
  const allSelected = pending.length > 0 && chosen === pending.length;
  return (
    <table class="table card" aria-rowcount={rows.length + 1}>
      <caption class="visually-hidden">Update requests</caption>
      <thead>
        <tr aria-rowindex={1}>
          <th scope="col" class="narrow">
            <input
              type="checkbox"
              aria-label="Select all pending on this page"
              disabled={pending.length === 0}
              checked={allSelected}
              indeterminate={chosen > 0 && !allSelected}
              onChange={() => onSelect(pending, !allSelected)}
            />
          </th>
          <th scope="col">Workload</th>
          <th scope="col">Change</th>
          <th scope="col">Policy</th>
          <th scope="col">State</th>
          <th scope="col">Created</th>
          <th scope="col" class="narrow">
            <span class="visually-hidden">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody ref={body}>
        <Room height={before} columns={COLUMNS} />
        {rows.slice(first, end).map((row, offset) => (
          <UpdateTableRow
            key={keyOf(row)}
            index={first + offset}
            row={row}
            isSelected={selected.has(keyOf(row))}
            isGone={gone.has(keyOf(row))}
            isCurrent={current === keyOf(row)}
            whyNot={props.whyNot}
            onSelect={onSelect}
            onDecide={props.onDecide}
          />
        ))}
        <Room height={after} columns={COLUMNS} />
      </tbody>
    </table>
  );
}
