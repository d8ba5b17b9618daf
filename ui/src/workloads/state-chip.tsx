import type { JSX } from 'preact';
import type { WorkloadRow } from '../../../src/http/dashboard-workload-shapes.ts';
import { STATES } from './query.ts';

/** How a workload stands. */
export function StateChip({ state }: Pick<WorkloadRow, 'state'>): JSX.Element {
  const known = STATES.find((candidate) => candidate.state === state);
  return (
    <span class={`chip ${known?.tone ?? ''}`} title={known?.meaning}>
      {known?.label ?? state}
    </span>
  );
}
