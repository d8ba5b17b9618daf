import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { UpdateRow } from '../../../src/http/dashboard-shapes.ts';
import { Dialog } from '../kit/dialog.tsx';
import { ChangeView } from './change.tsx';

export interface DecideDialogProps {
  readonly verb: 'approve' | 'reject';
  readonly rows: readonly UpdateRow[];
  readonly onClose: () => void;
  /** Does it; whether it was taken. */
  readonly run: (reason: string) => Promise<boolean>;
}

const MAX_LISTED = 8;
const MAX_REASON = 1024;

/** The last look before a decision: what exactly changes, and for a rejection why not. */
export function DecideDialog({ verb, rows, onClose, run }: DecideDialogProps): JSX.Element {
  const [reason, setReason] = useState('');
  const [busy, setBusy] = useState(false);
  const what = rows.length === 1 ? 'this update' : `${rows.length} updates`;
  const submit = async (): Promise<void> => {
    setBusy(true);
    const taken = await run(reason.trim());
    setBusy(false);
    if (taken) onClose();
  };
  return (
    <Dialog title={`${verb === 'approve' ? 'Approve' : 'Reject'} ${what}?`} onClose={onClose}>
      <form
        class="decide"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <ul class="decide-list">
          {rows.slice(0, MAX_LISTED).map((row) => (
            <li key={`${row.namespace}/${row.name}`}>
              <div>
                <strong>{row.workload}</strong>{' '}
                <span class="quiet">{`${row.kind} in ${row.namespace}, ${row.artifact}`}</span>
              </div>
              <ChangeView change={row.change} rollback={row.rollback} />
            </li>
          ))}
        </ul>
        {rows.length > MAX_LISTED && <p class="quiet">{`and ${rows.length - MAX_LISTED} more`}</p>}
        {verb === 'approve' ? (
          <p class="quiet">Approving applies the update at once.</p>
        ) : (
          <label class="field">
            <span>Reason (optional)</span>
            <textarea
              class="input"
              rows={3}
              maxLength={MAX_REASON}
              value={reason}
              onInput={(event) => setReason(event.currentTarget.value)}
            />
          </label>
        )}
        <footer>
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button
            type="submit"
            class={`button ${verb === 'approve' ? 'primary' : 'danger solid'}`}
            disabled={busy}
          >
            {verb === 'approve' ? 'Approve' : 'Reject'}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
