import type { JSX } from 'preact';
import { useServices } from '../state/services.ts';
import { ActDialog } from './act-dialog.tsx';
import type { Hold } from './artifact-card.tsx';

/** Lets a version be proposed again. */
export function ReleaseDialog({
  namespace,
  hold,
  onClose,
  onDone,
}: {
  readonly namespace: string;
  readonly hold: Hold;
  readonly onClose: () => void;
  readonly onDone: () => void;
}): JSX.Element {
  const { api, toasts } = useServices();
  return (
    <ActDialog
      title={`Clear the hold on ${hold.version}?`}
      act="Clear the hold"
      onClose={onClose}
      run={async (reason) => {
        const path = `/api/v1/holds/${encodeURIComponent(namespace)}/${encodeURIComponent(hold.request)}`;
        const { message } = await api.send<{ readonly message: string }>(
          'DELETE',
          path,
          reason === '' ? {} : { reason },
        );
        toasts.show({ tone: 'ok', text: message });
        onDone();
      }}
    >
      <p>
        <span class="mono">{hold.image}</span>
        {` was ${hold.why}${hold.by === undefined ? '' : ` by ${hold.by}`}. It may be proposed again then, the next time Headwind hears of it.`}
      </p>
      {hold.message !== undefined && <p class="quiet">{hold.message}</p>}
    </ActDialog>
  );
}
