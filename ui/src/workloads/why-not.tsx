import type { JSX } from 'preact';
import { PlannedTime } from '../kit/time.tsx';
import { titleOf, type Blocker } from './why.ts';

/** Why something is not updated now, one reason after the other, and when each of them lifts where that is known. */
export function WhyNot({ blockers }: { readonly blockers: readonly Blocker[] }): JSX.Element {
  if (blockers.length === 0) return <></>;
  return (
    <ul class="why-not" aria-label="Why it does not update now">
      {blockers.map((blocker) => (
        <li key={blocker.code}>
          <strong>{titleOf(blocker.code)}</strong>
          <Lifts blocker={blocker} />
          <div class="quiet">{blocker.message}</div>
        </li>
      ))}
    </ul>
  );
}

/** What its end is called, where it does not just lift. */
const ENDS: Readonly<Record<string, string>> = { 'awaiting-approval': 'expires' };

/** When a reason lifts by itself; nothing where that is not known. */
export function Lifts({ blocker: { code, liftsAt } }: { readonly blocker: Blocker }): JSX.Element {
  if (liftsAt === undefined) return <></>;
  return (
    <span class="chip">
      {ENDS[code] ?? 'lifts'} <PlannedTime at={liftsAt} />
    </span>
  );
}
