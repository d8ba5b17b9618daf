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
      <svg width="14" height="14" viewBox="0 0 16 16" fill="none" stroke="currentColor" aria-hidden="true">
        <rect x="5.5" y="5.5" width="8" height="8" rx="1.5" />
        <path d="M10.5 2.5h-7a1 1 0 0 0-1 1v7" />
      </svg>
    </button>
  );
}
