import type { JSX } from 'preact';
import type { UpdateRow } from '../../../src/http/dashboard-shapes.ts';

type Phase = UpdateRow['phase'];

const TONES: Readonly<Record<Phase, string>> = {
  Pending: 'accent',
  Approved: 'violet',
  Completed: 'ok',
  Failed: 'danger',
  Rejected: 'warn',
  RolledBack: 'danger',
  Expired: '',
  Superseded: '',
};
const TEXTS: Partial<Record<Phase, string>> = { RolledBack: 'Rolled back' };

export function PhaseChip({ phase }: { readonly phase: Phase }): JSX.Element {
  return <span class={`chip ${TONES[phase]}`}>{TEXTS[phase] ?? phase}</span>;
}
