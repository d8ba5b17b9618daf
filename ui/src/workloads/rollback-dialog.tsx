import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { RollbackAnswer } from '../../../src/http/rollback-shapes.ts';
import { ApiError } from '../state/api.ts';
import { useServices } from '../state/services.ts';
import { ActDialog } from './act-dialog.tsx';
import type { Entry } from './history-list.tsx';
import type { WorkloadName } from './workload-page.tsx';

type Trial =
  | { readonly kind: 'asking' }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'planned'; readonly plan: RollbackAnswer };

/** Says first what the server would do, and then has it done. */
export function RollbackDialog({
  workload,
  entry,
  onClose,
  onDone,
}: {
  readonly workload: WorkloadName;
  readonly entry: Entry;
  readonly onClose: () => void;
  readonly onDone: () => void;
}): JSX.Element {
  const { api, toasts } = useServices();
  const [trial, setTrial] = useState<Trial>({ kind: 'asking' });
  const { kind, namespace, name } = workload;
  const path = `/api/v1/rollback/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
  // Its number may change with the next update; its image stays what it is.
  const wish = { kind, container: entry.container, image: entry.image };

  useEffect(() => {
    api.send<RollbackAnswer>('POST', path, { ...wish, dryRun: true }).then(
      (plan) => setTrial({ kind: 'planned', plan }),
      (error: unknown) => {
        const why = error instanceof ApiError ? error.message : 'The page has a mistake.';
        setTrial({ kind: 'refused', why });
      },
    );
  }, []);

  return (
    <ActDialog
      title={`Roll back ${name}?`}
      act="Roll back"
      tone="danger solid"
      isReady={trial.kind === 'planned'}
      onClose={onClose}
      run={async (reason) => {
        const answer = await api.send<RollbackAnswer>(
          'POST',
          path,
          reason === '' ? wish : { ...wish, reason },
        );
        toasts.show({ tone: 'ok', text: `${name}: ${answer.message}` });
        onDone();
      }}
    >
      {trial.kind === 'asking' && <p class="quiet">Asking what would happen…</p>}
      {trial.kind === 'refused' && (
        <p class="problem" role="alert">
          {trial.why}
        </p>
      )}
      {trial.kind === 'planned' && <Plan plan={trial.plan} />}
    </ActDialog>
  );
}

function Plan({ plan }: { readonly plan: RollbackAnswer }): JSX.Element {
  return (
    <>
      <dl class="pairs">
        <div>
          <dt class="quiet">From</dt>
          <dd class="mono">{plan.previousImage}</dd>
        </div>
        <div>
          <dt class="quiet">To</dt>
          <dd class="mono">
            <strong>{plan.image}</strong>
          </dd>
        </div>
      </dl>
      {plan.takesBack.length > 0 && (
        <div>
          <p>Takes back, and holds from being proposed again:</p>
          <ul class="plain-list">
            {plan.takesBack.map((request) => (
              <li key={request} class="mono">
                {request}
              </li>
            ))}
          </ul>
        </div>
      )}
    </>
  );
}
