import type { JSX } from 'preact';
import { Link } from 'wouter-preact';
import type { WorkloadList } from '../../../src/http/dashboard-workload-shapes.ts';
import { STATES } from './query.ts';

/** How many workloads there are in each state; each number leads to them. */
export function States({
  states,
  chosen,
}: {
  readonly states: WorkloadList['states'] | undefined;
  readonly chosen: string | undefined;
}): JSX.Element {
  return (
    <ul class="stats" aria-label="Workloads by state">
      {STATES.map(({ state, label, meaning }) => (
        <li key={state} class="card" title={meaning}>
          <Link
            href={state === chosen ? '/workloads' : `/workloads?state=${state}`}
            aria-current={state === chosen ? 'true' : undefined}
          >
            <strong>{states === undefined ? '–' : states[state]}</strong>
            <span class="quiet">{label}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
