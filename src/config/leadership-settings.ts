import { formatDuration } from '../core/duration.ts';
import { LEADERSHIP_VARIABLES as own } from './leadership-variables.ts';
import type { ConfigProblem } from './problem.ts';
import type { Variable } from './variables.ts';

/** How several replicas choose one that leads. */
export interface LeadershipSettings {
  /** Undefined: where the program runs in a cluster. */
  readonly enabled: boolean | undefined;
  /** The Lease's name. */
  readonly leaseName: string;
  readonly durationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
}

/** The settings, by a function that reads one variable. */
export function collectLeadership(get: <T>(name: string, variable: Variable<T>) => T): LeadershipSettings {
  return {
    enabled: get('HEADWIND_LEADER_ELECTION', own.HEADWIND_LEADER_ELECTION),
    leaseName: get('HEADWIND_LEASE_NAME', own.HEADWIND_LEASE_NAME),
    durationMs: get('HEADWIND_LEASE_DURATION', own.HEADWIND_LEASE_DURATION),
    renewDeadlineMs: get('HEADWIND_LEASE_RENEW_DEADLINE', own.HEADWIND_LEASE_RENEW_DEADLINE),
    retryPeriodMs: get('HEADWIND_LEASE_RETRY_PERIOD', own.HEADWIND_LEASE_RETRY_PERIOD),
  };
}

/** A leader has to give up before another one takes over, and to have time for a second try before that. */
export function findImpossibleTimes({
  durationMs,
  renewDeadlineMs,
  retryPeriodMs,
}: LeadershipSettings): readonly ConfigProblem[] {
  const pairs = [
    ['HEADWIND_LEASE_DURATION', durationMs, 'HEADWIND_LEASE_RENEW_DEADLINE', renewDeadlineMs],
    ['HEADWIND_LEASE_RENEW_DEADLINE', renewDeadlineMs, 'HEADWIND_LEASE_RETRY_PERIOD', retryPeriodMs],
  ] as const;
  return pairs
    .filter(([, longer, , shorter]) => longer <= shorter)
    .map(([variable, longer, than, shorter]) => ({
      variable,
      value: formatDuration(longer),
      expected: `more than ${than}, which is ${formatDuration(shorter)}`,
    }));
}
