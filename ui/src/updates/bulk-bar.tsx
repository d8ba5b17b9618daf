import type { JSX } from 'preact';
import type { Chosen } from './use-selection.ts';

export interface BulkBarProps {
  readonly chosen: Chosen;
  /** How many wait under the filter, on this page and others. */
  readonly pending: number;
  readonly onSelectAll: () => void;
  readonly onDecide: (verb: 'approve' | 'reject') => void;
}

/** What can be done with the requests that are selected. */
export function BulkBar({ chosen, pending, onSelectAll, onDecide }: BulkBarProps): JSX.Element {
  const count = chosen.targets.length;
  if (count === 0) return <></>;
  return (
    <div class="bulk-bar card" role="region" aria-label="Selected updates">
      <strong aria-live="polite">{chosen.isWide ? `All ${count} that match` : `${count} selected`}</strong>
      {!chosen.isWide && pending > count && (
        <button type="button" class="button plain" onClick={onSelectAll}>
          Select all that match
        </button>
      )}
      <span class="bulk-acts">
        <button type="button" class="button primary" onClick={() => onDecide('approve')}>
          Approve
        </button>
        <button type="button" class="button danger" onClick={() => onDecide('reject')}>
          Reject
        </button>
        <button type="button" class="button plain" onClick={chosen.clear}>
          Clear
        </button>
      </span>
    </div>
  );
}
