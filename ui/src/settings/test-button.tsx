import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ActButton } from '../kit/act-button.tsx';
import { ApiError } from '../state/api.ts';
import { useServices } from '../state/services.ts';

type Outcome = { readonly tone: 'ok' | 'danger'; readonly text: string };

/** Sends a test message to a channel, and says what came of it. */
export function TestButton({
  channel,
  why,
}: {
  readonly channel: string;
  /** Why it cannot be tried out just now; undefined where it can. */
  readonly why: string | undefined;
}): JSX.Element {
  const { api } = useServices();
  const [isBusy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<Outcome>();
  const run = async (): Promise<void> => {
    setBusy(true);
    setOutcome(undefined);
    try {
      await api.send('POST', '/api/v1/settings/test-notification', { type: channel });
      setOutcome({ tone: 'ok', text: 'The test message has arrived.' });
    } catch (error) {
      const text = error instanceof ApiError ? error.message : 'The page has a mistake.';
      setOutcome({ tone: 'danger', text });
    }
    setBusy(false);
  };
  return (
    <div class="test">
      <ActButton why={isBusy ? 'The test message is on its way.' : why} onClick={() => void run()}>
        Send a test message
      </ActButton>
      <p class={`test-outcome ${outcome?.tone ?? ''}`} role="status">
        {isBusy ? 'Sending…' : (outcome?.text ?? '')}
      </p>
    </div>
  );
}
