import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { UpdateRow } from '../../../src/http/dashboard-shapes.ts';
import { Dialog } from '../kit/dialog.tsx';
import { ReasonField } from '../kit/reason-field.tsx';
import { useServices } from '../state/services.ts';
import { approve, reject } from './actions.ts';
import { ChangeView } from './change.tsx';

export interface DecideDialogProps {
  readonly verb: 'approve' | 'reject';
  readonly row: UpdateRow;
  readonly onClose: () => void;
  /** Told when the request may be another one than before. */
  readonly onDone: () => void;
}

const WARNINGS: Partial<Record<UpdateRow['change']['kind'], string>> = {
  major: 'This changes the major version.',
  downgrade: 'This goes down to a lower version.',
  unordered: 'Nobody can tell from the two versions which one is newer.',
};

/** The last look before a decision: what exactly changes, and for a rejection why not. */
export function DecideDialog({ verb, row, onClose, onDone }: DecideDialogProps): JSX.Element {
  const services = useServices();
  const [reason, setReason] = useState('');
  const [busy, setBusy] = useState(false);
  const warning = row.rollback ? undefined : WARNINGS[row.change.kind];
  const submit = async (): Promise<void> => {
    setBusy(true);
    const isSettled = await (verb === 'approve'
      ? approve(services, row)
      : reject(services, row, reason.trim()));
    setBusy(false);
    onDone();
    if (isSettled) onClose();
  };
  return (
    <Dialog title={`${verb === 'approve' ? 'Approve' : 'Reject'} this update?`} onClose={onClose}>
      <form
        class="decide"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <div>
          <strong>{row.workload}</strong>{' '}
          <span class="quiet">{`${row.kind} in ${row.namespace}${row.artifact === '' ? '' : `, ${row.artifact}`}`}</span>
        </div>
        <ChangeView change={row.change} rollback={row.rollback} />
        {verb === 'approve' && warning !== undefined && <p class="warning">{warning}</p>}
        {verb === 'approve' ? (
          <p class="quiet">Approving applies the update at once.</p>
        ) : (
          <>
            <ReasonField value={reason} onInput={setReason} />
            <p class="quiet">The version is held: it is not proposed again until somebody lifts that.</p>
          </>
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
            {busy ? 'One moment' : verb === 'approve' ? 'Approve' : 'Reject'}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
