import type { JSX } from 'preact';
import { CopyButton } from './copy-button.tsx';

/** One line of a list of facts, with its value to be copied. */
export function Fact({ label, value }: { readonly label: string; readonly value: string }): JSX.Element {
  return (
    <div>
      <dt class="quiet">{label}</dt>
      <dd class="mono">
        {value} <CopyButton text={value} label={`Copy: ${label}`} />
      </dd>
    </div>
  );
}
