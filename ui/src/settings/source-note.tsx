import type { JSX } from 'preact';
import type { SourceShape } from '../../../src/http/settings-shapes.ts';

export interface SourceNoteProps {
  readonly id: string;
  readonly source: SourceShape;
  readonly hint: string | undefined;
}

const PLACES = {
  environment: 'the environment variable',
  file: 'the file',
  configmap: 'the ConfigMap',
  secret: 'the Secret',
  default: '',
} as const;

/** What there is to know about a field: a word about it, where its value comes from, and why it cannot be changed. */
export function SourceNote({ id, source, hint }: SourceNoteProps): JSX.Element {
  const { from, name = '', changeable, reason } = source;
  const origin = from === 'default' ? 'Default.' : `From ${PLACES[from]} ${name}.`;
  return (
    <p id={id} class="setting-note">
      {hint !== undefined && `${hint} `}
      {changeable ? origin : <strong>{`${reason ?? origin} It cannot be changed here.`}</strong>}
    </p>
  );
}
