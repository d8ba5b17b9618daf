import type { JSX } from 'preact';
import { useServices } from '../state/services.ts';

/** Copies a text; where the browser does not let it, says so. */
export function CopyButton({ text, label }: { readonly text: string; readonly label: string }): JSX.Element {
  const { toasts } = useServices();
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      toasts.show({ tone: 'ok', text: 'Copied' });
    } catch {
      // Without HTTPS and localhost, pages have no clipboard.
      toasts.show({ tone: 'danger', text: 'The browser does not let this page copy.' });
    }
  };
  return (
    <button type="button" class="copy" aria-label={label} title={label} onClick={() => void copy()}>
      ⧉
    </button>
  );
}
