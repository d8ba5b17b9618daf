import type { JSX } from 'preact';
import type { SourceShape } from '../../../src/http/settings-shapes.ts';

const SHORT: Readonly<Record<SourceShape['from'], string>> = {
  environment: 'Environment',
  file: 'File',
  configmap: 'ConfigMap',
  secret: 'Secret',
  default: 'Default',
};
const LONG: Readonly<Record<SourceShape['from'], string>> = {
  environment: 'From the environment variable',
  file: 'From the file',
  configmap: 'From the ConfigMap',
  secret: 'From the Secret',
  default: 'Nobody has set this',
};

/** Where a value comes from, in a word. */
export function SourceChip({ source }: { readonly source: SourceShape }): JSX.Element {
  const { from, name = '' } = source;
  return (
    <span class={`setting-source ${from}`} title={`${LONG[from]} ${name}`.trim()}>
      {SHORT[from]}
    </span>
  );
}

/** A word about a field where one is needed, and why it cannot be changed. */
export function SettingNote({
  id,
  source,
  hint,
}: {
  readonly id: string;
  readonly source: SourceShape;
  readonly hint: string | undefined;
}): JSX.Element {
  const { changeable, reason = '' } = source;
  const why = changeable ? undefined : `${reason} It cannot be changed here.`.trim();
  return (
    <p id={id} class="setting-note">
      {hint}
      {hint !== undefined && why !== undefined && ' '}
      {why !== undefined && <strong>{why}</strong>}
    </p>
  );
}
