import type { JSX } from 'preact';
import { Link } from 'wouter-preact';
import type { UpdateRow } from '../../../src/http/dashboard-shapes.ts';
import { Time } from '../kit/time.tsx';
import { ChangeView } from './change.tsx';
import { PhaseChip } from './phase.tsx';

export interface UpdateTableProps {
  readonly rows: readonly UpdateRow[];
  readonly selected: ReadonlySet<string>;
  /** The row that single keys are about. */
  readonly current: string | undefined;
  readonly onSelect: (keys: readonly string[], selected: boolean) => void;
  readonly onDecide: (verb: 'approve' | 'reject', row: UpdateRow) => void;
}

export function keyOf({ namespace, name }: Pick<UpdateRow, 'namespace' | 'name'>): string {
  return `${namespace}/${name}`;
}

/** The requests as a table; on a narrow screen each row is a card. */
export function UpdateTable({ rows, selected, current, onSelect, onDecide }: UpdateTableProps): JSX.Element {
  const pending = rows.filter(({ phase }) => phase === 'Pending').map(keyOf);
  const allSelected = pending.length > 0 && pending.every((key) => selected.has(key));
  return (
    <table class="table card">
      <caption class="visually-hidden">Update requests</caption>
      <thead>
        <tr>
          <th scope="col" class="narrow">
            <input
              type="checkbox"
              aria-label="Select all pending on this page"
              disabled={pending.length === 0}
              checked={allSelected}
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
      <tbody>
        {rows.map((row) => (
          <Row
            key={keyOf(row)}
            row={row}
            selected={selected.has(keyOf(row))}
            isCurrent={current === keyOf(row)}
            onSelect={onSelect}
            onDecide={onDecide}
          />
        ))}
      </tbody>
    </table>
  );
}

function Row({
  row,
  selected,
  isCurrent,
  onSelect,
  onDecide,
}: {
  readonly row: UpdateRow;
  readonly selected: boolean;
  readonly isCurrent: boolean;
} & Pick<UpdateTableProps, 'onSelect' | 'onDecide'>): JSX.Element {
  const pending = row.phase === 'Pending';
  return (
    <tr aria-current={isCurrent ? 'true' : undefined} data-key={keyOf(row)}>
      <td class="narrow">
        {pending && (
          <input
            type="checkbox"
            aria-label={`Select ${row.name}`}
            checked={selected}
            onChange={() => onSelect([keyOf(row)], !selected)}
          />
        )}
      </td>
      <th scope="row">
        <Link class="row-link" href={`/updates/${row.namespace}/${row.name}`}>
          {row.workload}
        </Link>
        <div class="quiet">{`${row.kind} · ${row.namespace}${row.artifact === '' ? '' : ` · ${row.artifact}`}`}</div>
      </th>
      <td>
        <ChangeView change={row.change} rollback={row.rollback} />
      </td>
      <td data-label="Policy">{row.policy}</td>
      <td data-label="State">
        <PhaseChip phase={row.phase} />
        <State row={row} />
      </td>
      <td data-label="Created">
        <Time at={row.createdAt} />
      </td>
      <td class="row-actions">
        {pending && (
          <>
            <button type="button" class="button primary" onClick={() => onDecide('approve', row)}>
              Approve
            </button>
            <button type="button" class="button danger" onClick={() => onDecide('reject', row)}>
              Reject
            </button>
          </>
        )}
      </td>
    </tr>
  );
}

/** What there is to say beside the phase: what it waits for, whether it is healthy, who decided. */
function State({ row }: { readonly row: UpdateRow }): JSX.Element {
  const waits = row.waitsFor.filter(({ code }) => code !== 'awaiting-approval');
  const notes = [
    ...waits.map(({ message }) => message),
    ...(row.health === 'Unknown' ? ['Watching its health'] : []),
    ...(row.health === 'True' ? ['Healthy'] : []),
    ...(row.by === undefined || row.phase === 'Pending' ? [] : [`by ${row.by}`]),
    ...(row.phase === 'Failed' || row.phase === 'RolledBack' ? [row.message ?? ''] : []),
    ...(row.verified || row.phase !== 'Pending' ? [] : ['Not verified by the registry']),
  ];
  return <div class="quiet state-note">{notes.filter((note) => note !== '').join(' · ')}</div>;
}
