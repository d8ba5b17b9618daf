import type { JSX } from 'preact';
import { Link } from 'wouter-preact';
import type { WorkloadDetail } from '../../../src/http/dashboard-workload-shapes.ts';
import { ActButton } from '../kit/act-button.tsx';
import { Time } from '../kit/time.tsx';

export type Entry = NonNullable<WorkloadDetail['history']>[number];

const BY_POLICY = 'policy';

/** What a container was given, newest first, with the way back to each. */
export function HistoryList({
  detail: { row, history, historyProblem },
  container,
  why,
  onRollback,
}: {
  readonly detail: WorkloadDetail;
  readonly container: string;
  readonly why: string | undefined;
  readonly onRollback: (entry: Entry) => void;
}): JSX.Element {
  if (history === undefined) return <p class="warning">{historyProblem ?? 'The history cannot be read.'}</p>;
  const entries = history.filter((entry) => entry.container === container);
  if (entries.length === 0)
    return <p class="quiet">Headwind has not updated it so far: there is nothing to go back to.</p>;
  return (
    <ol class="story">
      {entries.map((entry) => (
        <li key={entry.index} class={entry.index === 0 ? 'ok' : ''}>
          <div class="history-entry">
            <strong class="mono">
              {entry.version === '' ? (entry.digest ?? entry.image) : entry.version}
            </strong>
            {entry.index === 0 ? (
              <span class="chip ok">runs now</span>
            ) : (
              <ActButton
                why={why}
                label={`Roll back to ${entry.version}, ${entry.index} before what runs`}
                onClick={() => onRollback(entry)}
              >
                Roll back
              </ActButton>
            )}
          </div>
          <div class="quiet story-detail">
            <Time at={entry.timestamp} />
            {entry.approvedBy !== undefined &&
              (entry.approvedBy === BY_POLICY ? ', by policy' : `, approved by ${entry.approvedBy}`)}
            {entry.updateRequestName !== undefined && (
              <>
                {', '}
                <Link href={`/updates/${row.namespace}/${entry.updateRequestName}`}>its request</Link>
              </>
            )}
          </div>
        </li>
      ))}
    </ol>
  );
}
