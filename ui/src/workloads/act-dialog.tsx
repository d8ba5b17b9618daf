import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Dialog } from '../kit/dialog.tsx';
import { ReasonField } from '../kit/reason-field.tsx';
import { ApiError } from '../state/api.ts';

export interface ActDialogProps {
  readonly title: string;
  /** What the button says. */
  readonly act: string;
  readonly tone?: 'primary' | 'danger solid';
  /** Whether it can be done at all (yet). */
  readonly isReady?: boolean;
  readonly onClose: () => void;
  /** Does it, with the reason that was given; an ApiError is shown. */
  readonly run: (reason: string) => Promise<void>;
  readonly children: ComponentChildren;
}

/** What is about to be done, why, and what is wrong where it could not be. */
export function ActDialog(props: ActDialogProps): JSX.Element {
  const { title, act, tone = 'primary', isReady = true, onClose, run, children } = props;
  const [reason, setReason] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const submit = async (): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    try {
      await run(reason.trim());
      onClose();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setProblem(error.message);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        class="decide"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        {children}
        <ReasonField value={reason} onInput={setReason} />
        {problem !== undefined && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
        <footer>
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class={`button ${tone}`} disabled={busy || !isReady}>
            {busy ? 'One moment' : act}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
