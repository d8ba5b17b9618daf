import type { ComponentChildren, JSX } from 'preact';
import { useServices } from '../state/services.ts';

export interface ActButtonProps {
  /** E.g. `primary`, `danger`. */
  readonly tone?: string;
  /** Why it cannot be pressed; undefined where it can. */
  readonly why: string | undefined;
  readonly label?: string;
  readonly onClick: () => void;
  readonly children: ComponentChildren;
}

/** A button for what takes a right. Where that is missing it can still be found, and says why it does nothing. */
export function ActButton({ tone = '', why, label, onClick, children }: ActButtonProps): JSX.Element {
  const { toasts } = useServices();
  return (
    <button
      type="button"
      class={`button ${tone}`}
      aria-disabled={why !== undefined}
      aria-label={label}
      title={why}
      onClick={() => {
        if (why === undefined) onClick();
        else toasts.show({ tone: 'plain', text: why });
      }}
    >
      {children}
    </button>
  );
}
