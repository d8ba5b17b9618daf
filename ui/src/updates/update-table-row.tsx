import type { JSX } from 'preact';
import { Link } from 'wouter-preact';
import type { UpdateRow } from '../../../src/http/dashboard-shapes.ts';
import { ActButton } from '../kit/act-button.tsx';
import { PlannedTime, Time } from '../kit/time.tsx';
import type { WhyNot } from '../state/use-rights.ts';
import { ChangeView } from './change.tsx';
import { PhaseChip } from './phase.tsx';
import { keyOf } from './key-of.ts';

export interface UpdateTableRowProps {
  readonly whyNot: WhyNot;
  readonly onSelect: (keys: readonly string[], selected: boolean) => void;
  readonly onDecide: (verb: 'approve' | 'reject', row: UpdateRow) => void;
  readonly row: UpdateRow;
  readonly index: number;
  readonly isSelected: boolean;
  readonly isGone: boolean;
  readonly isCurrent: boolean;
}

export function UpdateTableRow(props: UpdateTableRowProps): JSX.Element {
  const { row, index, isSelected, isGone, isCurrent, whyNot, onSelect, onDecide } = props;
  const key = keyOf(row);
  const isOpen = row.phase === 'Pending' && !isGone;
  return (
    <tr
      aria-current={isCurrent ? 'true' : undefined}
      aria-rowindex={index + 2}
      data-index={index}
      data-key={key}
      data-gone={isGone ? 'true' : undefined}
    >
      <td class="narrow">
        {isOpen && (
          <input
            type="checkbox"
            aria-label={`Select ${row.name}`}
            checked={isSelected}
            onChange={() => onSelect([key], !isSelected)}
          />
        )}
      </td>
      <th scope="row">
        <Link class="row-link" href={`/updates/${key}`}>
          {row.workload}
        </Link>
        <div class="quiet row-place">{`${row.kind} · ${row.namespace}${row.artifact === '' ? '' : ` · ${row.artifact}`}`}</div>
      </th>
      <td>
        <ChangeView change={row.change} rollback={row.rollback} page={row.registryPage} />
      </td>
      <td data-label="Policy">{row.policy}</td>
      <td data-label="State">
        {isGone ? (
          <span class="chip">No longer in this list</span>
        ) : (
          <>
            <PhaseChip phase={row.phase} />
            <State row={row} />
          </>
        )}
      </td>
      <td data-label="Created">
        <Time at={row.createdAt} />
      </td>
      <td class="row-actions">
        {isOpen && (
          <>
            <ActButton
              tone="primary"
              why={whyNot('approve', row.namespace)}
              label={`Approve ${row.name}`}
              onClick={() => onDecide('approve', row)}
            >
              Approve
            </ActButton>
            <ActButton
              tone="danger"
              why={whyNot('reject', row.namespace)}
              label={`Reject ${row.name}`}
              onClick={() => onDecide('reject', row)}
            >
              Reject
            </ActButton>
          </>
        )}
      </td>
    </tr>
  );
}

/** What there is to say beside the phase: what it waits for and until when, whether it is healthy, who decided. */
function State({ row }: { readonly row: UpdateRow }): JSX.Element {
  const waits = row.waitsFor.filter(({ code }) => code !== 'awaiting-approval');
  const notes = [
    ...(row.health === 'Unknown' ? ['Watching its health'] : []),
    ...(row.health === 'True' ? ['Healthy'] : []),
    ...(row.by === undefined || row.phase === 'Pending' ? [] : [`by ${row.by}`]),
    ...(row.phase === 'Failed' || row.phase === 'RolledBack' ? [row.message ?? ''] : []),
    ...(row.verified || row.phase !== 'Pending' ? [] : ['Not verified by the registry']),
  ];
  return (
    <div class="quiet state-note">
      {waits.map(({ code, message, liftsAt }) => (
        <div key={code}>
          {message}
          {liftsAt !== undefined && (
            <>
              {': lifts '}
              <PlannedTime at={liftsAt} />
            </>
          )}
        </div>
      ))}
      <span class="clamped">{notes.filter((note) => note !== '').join(' · ')}</span>
    </div>
  );
}
