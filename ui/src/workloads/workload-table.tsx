import type { JSX, RefObject } from 'preact';
import { Link } from 'wouter-preact';
import type { WorkloadRow } from '../../../src/http/dashboard-workload-shapes.ts';
import { Room } from '../kit/room.tsx';
import { Time } from '../kit/time.tsx';
import type { DrawnRows } from '../kit/use-window.ts';
import { pageOf } from './query.ts';
import { StateChip } from './state-chip.tsx';
import { Lifts } from './why-not.tsx';
import { mainReason, shortName, titleOf } from './why.ts';

export interface WorkloadTableProps {
  readonly body: RefObject<HTMLTableSectionElement | null>;
  readonly drawn: DrawnRows;
  readonly rows: readonly WorkloadRow[];
  readonly gone: ReadonlySet<string>;
  /** The row that single keys are about. */
  readonly current: string | undefined;
}

export function keyOf({ kind, namespace, name }: Pick<WorkloadRow, 'kind' | 'namespace' | 'name'>): string {
  return `${kind}/${namespace}/${name}`;
}

const MAX_ARTIFACTS = 3;
const COLUMNS = 5;

/** The workloads as a table; on a narrow screen each row is a card. */
export function WorkloadTable({ body, drawn, rows, gone, current }: WorkloadTableProps): JSX.Element {
  const { first, end, before, after } = drawn.window;
  return (
    <table class="table card" aria-rowcount={rows.length + 1}>
      <caption class="visually-hidden">Workloads</caption>
      <thead>
        <tr aria-rowindex={1}>
          <th scope="col">Workload</th>
          <th scope="col">Runs</th>
          <th scope="col">Policy</th>
          <th scope="col">State</th>
          <th scope="col">Updated</th>
        </tr>
      </thead>
      <tbody ref={body}>
        <Room height={before} columns={COLUMNS} />
        {rows.slice(first, end).map((row, offset) => (
          <Row
            key={keyOf(row)}
            row={row}
            index={first + offset}
            isGone={gone.has(keyOf(row))}
            isCurrent={current === keyOf(row)}
          />
        ))}
        <Room height={after} columns={COLUMNS} />
      </tbody>
    </table>
  );
}

function Row({
  row,
  index,
  isGone,
  isCurrent,
}: {
  readonly row: WorkloadRow;
  readonly index: number;
  readonly isGone: boolean;
  readonly isCurrent: boolean;
}): JSX.Element {
  return (
    <tr
      aria-current={isCurrent ? 'true' : undefined}
      aria-rowindex={index + 2}
      data-index={index}
      data-key={keyOf(row)}
      data-gone={isGone ? 'true' : undefined}
    >
      <th scope="row">
        <Link class="row-link" href={pageOf(row)}>
          {row.name}
        </Link>
        <div class="quiet row-place">{`${row.kind} · ${row.namespace}`}</div>
      </th>
      <td>
        <Artifacts artifacts={row.artifacts} />
      </td>
      <td data-label="Policy">{row.policy}</td>
      <td data-label="State">
        {isGone ? <span class="chip">No longer in this list</span> : <StateChip state={row.state} />}
        <Reason row={row} />
      </td>
      <td data-label="Updated">
        {row.updatedAt === undefined ? (
          <span class="quiet">never by Headwind</span>
        ) : (
          <Time at={row.updatedAt} />
        )}
      </td>
    </tr>
  );
}

function Artifacts({ artifacts }: Pick<WorkloadRow, 'artifacts'>): JSX.Element {
  const more = artifacts.length - MAX_ARTIFACTS;
  return (
    <ul class="artifacts">
      {artifacts.slice(0, MAX_ARTIFACTS).map(({ name, image, version, digest, openRequest }) => (
        <li key={name}>
          <span class="mono" title={image}>
            {shortName(image)} <strong>{version === '' ? (digest ?? '').slice(0, 19) : version}</strong>
          </span>
          {artifacts.length > 1 && <span class="quiet"> {name}</span>}
          {openRequest !== undefined && <span class="chip accent">update open</span>}
        </li>
      ))}
      {more > 0 && <li class="quiet">{`${more} more`}</li>}
    </ul>
  );
}

function Reason({ row }: { readonly row: WorkloadRow }): JSX.Element {
  const main = mainReason(row.artifacts);
  // Those say no more than the state itself.
  if (main === undefined || ['up-to-date', 'paused'].includes(main.blocker.code)) return <></>;
  const { artifact, blocker } = main;
  const whose = row.artifacts.length > 1 ? `${artifact}: ` : '';
  return (
    <div class="quiet state-note" title={blocker.message}>
      {`${whose}${titleOf(blocker.code)}`} <Lifts blocker={blocker} />
    </div>
  );
}
