import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { UpdateRow } from '../../../src/http/dashboard-shapes.ts';
import { ActButton } from '../kit/act-button.tsx';
import { useServices } from '../state/services.ts';
import { useRights } from '../state/use-rights.ts';
import { DecideDialog } from '../updates/decide-dialog.tsx';

/** The decision that a request waits for, by button or by key. */
export function Decide({
  row,
  onChanged,
}: {
  readonly row: UpdateRow;
  readonly onChanged: () => void;
}): JSX.Element {
  const { shortcuts } = useServices();
  const [verb, setVerb] = useState<'approve' | 'reject'>();
  const isOpen = row.phase === 'Pending';
  const whyNot = useRights(isOpen ? [row.namespace] : []);
  const approveWhy = whyNot('approve', row.namespace);
  const rejectWhy = whyNot('reject', row.namespace);
  useEffect(() => {
    if (!isOpen) return undefined;
    return shortcuts.add([
      ...(approveWhy === undefined ? [{ keys: 'a', label: 'Approve', run: () => setVerb('approve') }] : []),
      ...(rejectWhy === undefined ? [{ keys: 'r', label: 'Reject', run: () => setVerb('reject') }] : []),
    ]);
  }, [shortcuts, isOpen, approveWhy, rejectWhy]);
  return (
    <>
      {isOpen && (
        <div class="row-actions">
          <ActButton tone="primary" why={approveWhy} onClick={() => setVerb('approve')}>
            Approve
          </ActButton>
          <ActButton tone="danger" why={rejectWhy} onClick={() => setVerb('reject')}>
            Reject
          </ActButton>
        </div>
      )}
      {verb !== undefined && (
        <DecideDialog verb={verb} row={row} onClose={() => setVerb(undefined)} onDone={onChanged} />
      )}
    </>
  );
}
