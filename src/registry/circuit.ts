import { LRUCache } from 'lru-cache';
import type { Clock } from '../core/clock.ts';

export interface CircuitOptions {
  readonly clock: Pick<Clock, 'elapsed'>;
  /** So many failures in a row open the circuit. */
  readonly threshold: number;
  /** How long an open circuit lets nothing through, in milliseconds; then one request is let through as a probe. */
  readonly openMs: number;
  /** Of so many hosts failures are remembered; beyond that the host asked least recently starts afresh. */
  readonly maxHosts: number;
}

/**
 * How an admitted request ended. `answered`: the host works, whatever it said. `failed`: it does not. `unknown`: the
 * request was given up for a reason of ours.
 */
export type Verdict = 'answered' | 'failed' | 'unknown';

export type Admission =
  | {
      readonly admitted: true;
      /** To be called once, when the request has ended. */ settle(verdict: Verdict): void;
    }
  | { readonly admitted: false; readonly retryAfterMs: number };

export interface Circuit {
  /** Whether `host` may be asked now. */
  enter(host: string): Admission;
  /** How many hosts are let alone at present, those on probation included. */
  openCount(): number;
}

interface HostState {
  failures: number;
  /** When the circuit opened, as `Clock.elapsed` counts; undefined while it is closed. */
  openedAt: number | undefined;
  /** A probe is under way. Only meaningful while open. */
  probing: boolean;
}

/** A circuit breaker per host: closed, open, and half-open while one probe is under way. Hosts do not affect each other. */
export function createCircuit({ clock, threshold, openMs, maxHosts }: CircuitOptions): Circuit {
  // Holds only hosts that failed lately: an answer removes them.
  const states = new LRUCache<string, HostState>({ max: maxHosts });

  const fail = (host: string, isProbe: boolean): void => {
    const state = states.get(host) ?? { failures: 0, openedAt: undefined, probing: false };
    states.set(host, state);
    state.failures += 1;
    if (isProbe) state.probing = false;
    // Requests that were under way when the circuit opened do not prolong it; a failed probe does.
    if (isProbe || (state.openedAt === undefined && state.failures >= threshold))
      state.openedAt = clock.elapsed();
  };

  const settlement = (host: string, isProbe: boolean): ((verdict: Verdict) => void) => {
    return (verdict) => {
      if (verdict === 'answered') states.delete(host);
      else if (verdict === 'failed') fail(host, isProbe);
      else if (isProbe) release(states.get(host));
    };
  };

  return {
    enter: (host) => {
      const state = states.get(host);
      if (state?.openedAt === undefined) return { admitted: true, settle: settlement(host, false) };
      const retryAfterMs = state.openedAt + openMs - clock.elapsed();
      if (retryAfterMs > 0) return { admitted: false, retryAfterMs };
      if (state.probing) return { admitted: false, retryAfterMs: openMs };
      state.probing = true;
      return { admitted: true, settle: settlement(host, true) };
    },
    openCount: () => [...states.values()].filter((state) => state.openedAt !== undefined).length,
  };
}

function release(state: HostState | undefined): void {
  if (state !== undefined) state.probing = false;
}
