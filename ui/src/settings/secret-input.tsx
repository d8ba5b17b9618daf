import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Value } from './draft.ts';

export interface SecretInputProps {
  readonly id: string;
  readonly label: string;
  readonly describedBy: string;
  /** Whether there is one now. */
  readonly isSet: boolean;
  /** What somebody wants in its place; undefined for no change. */
  readonly wanted: Value | undefined;
  readonly disabled: boolean;
  /** Undefined leaves it as it is. */
  readonly onChange: (value: Value | undefined) => void;
}

/** A secret can be given, replaced and cleared, and never be read. */
export function SecretInput(props: SecretInputProps): JSX.Element {
  const { id, label, describedBy, isSet, wanted, disabled, onChange } = props;
  const [isReplacing, setReplacing] = useState(false);
  const keep = (): void => {
    setReplacing(false);
    onChange(undefined);
  };
  if (wanted === null || (isSet && wanted === undefined && !isReplacing))
    return (
      <div class="secret" role="group" aria-label={label} aria-describedby={describedBy}>
        <span class={`chip ${wanted === null ? 'warn' : 'ok'}`}>
          {wanted === null ? 'Will be cleared' : 'Set'}
        </span>
        {wanted === null ? (
          <button type="button" class="button" onClick={keep}>
            Keep it
          </button>
        ) : (
          <>
            <button
              type="button"
              class="button"
              disabled={disabled}
              aria-label={`Replace ${label}`}
              onClick={() => setReplacing(true)}
            >
              Replace
            </button>
            <button
              type="button"
              class="button"
              disabled={disabled}
              aria-label={`Clear ${label}`}
              onClick={() => onChange(null)}
            >
              Clear
            </button>
          </>
        )}
      </div>
    );
  return (
    <div class="secret">
      <input
        id={id}
        class="input"
        type="password"
        autocomplete="off"
        spellcheck={false}
        placeholder={isSet ? 'The new one' : 'Not set'}
        aria-label={label}
        aria-describedby={describedBy}
        disabled={disabled}
        value={typeof wanted === 'string' ? wanted : ''}
        onInput={({ currentTarget: { value } }) => onChange(value === '' ? undefined : value)}
      />
      {isSet && (
        <button type="button" class="button" aria-label={`Keep ${label}`} onClick={keep}>
          Keep it
        </button>
      )}
    </div>
  );
}
