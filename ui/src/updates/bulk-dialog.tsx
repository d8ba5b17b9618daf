import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { Dialog } from '../kit/dialog.tsx';
import { useServices } from '../state/services.ts';
import type { RequestName } from './actions.ts';
import { decideMany, phraseFor, wantsTyping, type ItemResult } from './bulk.ts';
import { ReasonField } from '../kit/reason-field.tsx';

export interface BulkDialogProps {
  readonly verb: 'approve' | 'reject';
  readonly targets: readonly RequestName[];
  /** How many of them change a major version, or go down. */
  readonly majors: number;
  readonly onClose: () => void;
  /** Told when something has been done. */
  readonly onDone: () => void;
}

type Stage =
  | { readonly kind: 'asking' }
  | { readonly kind: 'running'; readonly done: number }
  | { readonly kind: 'over'; readonly results: readonly ItemResult[] };

const DONE = { approve: 'approved', reject: 'rejected' } as const;

/** The same decision about many requests: asked for with care, with progress, and with what came of each. */
export function BulkDialog({ verb, targets, majors, onClose, onDone }: BulkDialogProps): JSX.Element {
  const { api } = useServices();
  const [stage, setStage] = useState<Stage>({ kind: 'asking' });
  const [wanted, setWanted] = useState(targets);
  const [reason, setReason] = useState('');
  const isStopped = useRef(false);
  const title = `${verb === 'approve' ? 'Approve' : 'Reject'} ${wanted.length} updates`;

  const run = async (of: readonly RequestName[]): Promise<void> => {
    isStopped.current = false;
    setWanted(of);
    setStage({ kind: 'running', done: 0 });
    const results = await decideMany(of, {
      api,
      verb,
      reason: reason.trim(),
      onProgress: (known) => setStage({ kind: 'running', done: known.length }),
      isStopped: () => isStopped.current,
    });
    setStage({ kind: 'over', results });
    onDone();
  };
  const close = (): void => {
    isStopped.current = true;
    onClose();
  };

  return (
    <Dialog title={title} onClose={close}>
      {stage.kind === 'asking' && (
        <Asking
          verb={verb}
          count={targets.length}
          majors={majors}
          targets={targets}
          reason={reason}
          onReason={setReason}
          onCancel={close}
          onGo={() => void run(targets)}
        />
      )}
      {stage.kind === 'running' && (
        <>
          <label class="field">
            <span aria-live="polite">{`${stage.done} of ${wanted.length}`}</span>
            <progress max={wanted.length} value={stage.done} />
          </label>
          <footer>
            <button
              type="button"
              class="button"
              onClick={() => {
                isStopped.current = true;
              }}
            >
              Stop after this part
            </button>
          </footer>
        </>
      )}
      {stage.kind === 'over' && (
        <Outcome verb={verb} results={stage.results} onClose={close} onRetry={(failed) => void run(failed)} />
      )}
    </Dialog>
  );
}

interface AskingProps extends Pick<BulkDialogProps, 'verb' | 'majors' | 'targets'> {
  readonly count: number;
  readonly reason: string;
  readonly onReason: (reason: string) => void;
  readonly onCancel: () => void;
  readonly onGo: () => void;
}

function Asking({ verb, count, majors, targets, reason, ...on }: AskingProps): JSX.Element {
  const [typed, setTyped] = useState('');
  const phrase = phraseFor(verb, count);
  const mustType = wantsTyping(count, majors);
  return (
    <form
      class="decide"
      onSubmit={(event) => {
        event.preventDefault();
        on.onGo();
      }}
    >
      <ByNamespace targets={targets} />
      {majors > 0 && (
        <p class="warning">
          {`${majors} of them ${majors === 1 ? 'changes' : 'change'} the major version or ${majors === 1 ? 'goes' : 'go'} down.`}
        </p>
      )}
      {verb === 'approve' ? (
        <p class="quiet">Approving applies the updates at once.</p>
      ) : (
        <ReasonField value={reason} onInput={on.onReason} />
      )}
      {mustType && (
        <label class="field">
          <span>
            Type <code>{phrase}</code> to go on
          </span>
          <input
            class="input"
            autoComplete="off"
            spellcheck={false}
            value={typed}
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
        </label>
      )}
      <footer>
        <button type="button" class="button" onClick={on.onCancel}>
          Cancel
        </button>
        <button
          type="submit"
          class={`button ${verb === 'approve' ? 'primary' : 'danger solid'}`}
          disabled={mustType && typed.trim() !== phrase}
        >
          {verb === 'approve' ? 'Approve all' : 'Reject all'}
        </button>
      </footer>
    </form>
  );
}

const MAX_NAMESPACES = 6;

function ByNamespace({ targets }: Pick<BulkDialogProps, 'targets'>): JSX.Element {
  const byNamespace = new Map<string, number>();
  for (const { namespace } of targets) byNamespace.set(namespace, (byNamespace.get(namespace) ?? 0) + 1);
  const counts = Array.from(byNamespace, ([namespace, count]) => ({ namespace, count })).sort(
    (a, b) => b.count - a.count,
  );
  const more = counts.length - MAX_NAMESPACES;
  return (
    <ul class="counts" aria-label="By namespace">
      {counts.slice(0, MAX_NAMESPACES).map(({ namespace, count }) => (
        <li key={namespace} class="chip">
          {namespace} <strong>{count}</strong>
        </li>
      ))}
      {more > 0 && <li class="chip">{`${more} more namespaces`}</li>}
    </ul>
  );
}

function Outcome({
  verb,
  results,
  onClose,
  onRetry,
}: Pick<BulkDialogProps, 'verb' | 'onClose'> & {
  readonly results: readonly ItemResult[];
  readonly onRetry: (failed: readonly RequestName[]) => void;
}): JSX.Element {
  const failed = results.filter(({ problem }) => problem !== undefined);
  const done = results.length - failed.length;
  return (
    <>
      <p role="status">
        <strong>{`${done} ${DONE[verb]}`}</strong>
        {failed.length > 0 && `, ${failed.length} not ${DONE[verb]}`}
      </p>
      {failed.length > 0 && (
        <ul class="results" tabIndex={0} aria-label={`Not ${DONE[verb]}`}>
          {failed.map(({ namespace, name, problem }) => (
            <li key={`${namespace}/${name}`}>
              <span class="mono">{`${namespace}/${name}`}</span>
              <span class="quiet">{problem}</span>
            </li>
          ))}
        </ul>
      )}
      <footer>
        {failed.length > 0 && (
          <button type="button" class="button" onClick={() => onRetry(failed)}>
            {`Try the ${failed.length} again`}
          </button>
        )}
        <button type="button" class="button primary" onClick={onClose}>
          Close
        </button>
      </footer>
    </>
  );
}
