import type { JSX } from 'preact';
import { Link } from 'wouter-preact';
import type { UpdateList } from '../../../src/http/dashboard-shapes.ts';

const CARDS = [
  { phase: 'Pending', label: 'Pending updates' },
  { phase: 'Approved', label: 'Approved, waiting' },
  { phase: 'Completed', label: 'Completed' },
  { phase: 'Failed', label: 'Failed' },
  { phase: 'RolledBack', label: 'Rolled back' },
  { phase: 'Rejected', label: 'Rejected' },
] as const;

/** How many requests there are in each phase; each number leads to them. */
export function Stats({
  phases,
  chosen,
}: {
  readonly phases: UpdateList['phases'] | undefined;
  readonly chosen: string | undefined;
}): JSX.Element {
  return (
    <ul class="stats" aria-label="Requests by phase">
      {CARDS.map(({ phase, label }) => (
        <li key={phase} class="card">
          <Link
            href={phase === chosen ? '/' : `/?phase=${phase}`}
            aria-current={phase === chosen ? 'true' : undefined}
          >
            <strong>{phases === undefined ? '–' : phases[phase]}</strong>
            <span class="quiet">{label}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
