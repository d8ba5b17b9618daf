import type { JSX } from 'preact';
import { useServices } from '../state/services.ts';
import { ActDialog } from './act-dialog.tsx';
import type { WorkloadName } from './workload-page.tsx';

/** Freezes a workload, or lets it go on. */
export function PauseDialog({
  workload,
  paused,
  onClose,
  onDone,
}: {
  readonly workload: WorkloadName;
  /** What it shall be. */
  readonly paused: boolean;
  readonly onClose: () => void;
  readonly onDone: () => void;
}): JSX.Element {
  const { api, toasts } = useServices();
  const { kind, namespace, name } = workload;
  return (
    <ActDialog
      title={paused ? `Pause ${name}?` : `Let ${name} go on?`}
      act={paused ? 'Pause' : 'Resume'}
      onClose={onClose}
      run={async (reason) => {
        const path = `/api/v1/workloads/${kind}/${namespace}/${name}/${paused ? 'pause' : 'resume'}`;
        const { message } = await api.send<{ readonly message: string }>(
          'POST',
          path,
          reason === '' ? {} : { reason },
        );
        toasts.show({ tone: 'ok', text: `${name}: ${message}` });
        onDone();
      }}
    >
      <p>
        {paused
          ? 'Nothing of it is updated until somebody lets it go on, not even what was approved. Headwind sets headwind.sh/paused on it.'
          : 'What was approved is applied then. Headwind takes headwind.sh/paused away.'}
      </p>
      <p class="quiet">Where a tool such as Flux or Argo CD owns the annotations, it may set them back.</p>
    </ActDialog>
  );
}
