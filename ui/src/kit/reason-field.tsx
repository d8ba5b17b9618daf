import type { JSX } from 'preact';

const MAX_REASON = 1024;

/** Where one says why. */
export function ReasonField({
  value,
  onInput,
  label = 'Reason (optional)',
}: {
  readonly value: string;
  readonly onInput: (reason: string) => void;
  readonly label?: string;
}): JSX.Element {
  return (
    <label class="field">
      <span>{label}</span>
      <textarea
        class="input"
        rows={3}
        maxLength={MAX_REASON}
        value={value}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    </label>
  );
}
