import { hostname } from 'node:os';
import type { Settings } from '../config/settings.ts';
import type { Clock } from '../core/clock.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import type { Connection } from '../kubernetes/connection.ts';
import { createElection } from '../kubernetes/lease/election.ts';
import { createLeaseObject } from '../kubernetes/lease/lease-object.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';

export interface LeadershipOptions {
  readonly settings: Pick<Settings, 'leadership' | 'namespace'>;
  /** From a pod there may be several. */
  readonly connection: Pick<Connection, 'inCluster'>;
  /** The name of the pod, or of the machine; without it, that of this one. */
  readonly host?: string;
  readonly client: Pick<KubernetesClient, 'request'>;
  readonly clock: Clock;
  /** Milliseconds of a clock that only ever goes forward; without it, the process's. */
  readonly monotonicMs?: () => number;
  readonly random: () => number;
  readonly metrics: Pick<Metrics, 'leader' | 'leaderTransitionsTotal'>;
  readonly log: Log;
}

/** Whether this replica is the one that acts. */
export interface Leadership {
  isLeading(): boolean;
  /** Tells from now on whenever that changes: at once where there is nobody to share with. */
  start(onChanged: (leading: boolean) => void): void;
  /** Gives it to another replica: call it when nothing acts any more. */
  stop(): Promise<void>;
}

/** By a Lease where there may be several replicas; else this process leads from the beginning to the end. */
export function createLeadership(options: LeadershipOptions): Leadership {
  const { client, clock, random, metrics, log } = options;
  const { namespace, leadership: settings } = options.settings;
  if (!(settings.enabled ?? options.connection.inCluster === true)) {
    metrics.leader.set(1);
    return { isLeading: () => true, start: (onChanged) => onChanged(true), stop: () => Promise.resolve() };
  }
  metrics.leader.set(0);
  let tell: (leading: boolean) => void = () => undefined;
  const election = createElection({
    // Half of the time that is left to renew it, so that a call without an answer leaves time for another.
    lease: createLeaseObject({
      client,
      namespace,
      name: settings.leaseName,
      timeoutMs: settings.renewDeadlineMs / 2,
    }),
    identity: `${options.host ?? hostname()}_${suffixOf(random)}`,
    times: settings,
    clock,
    monotonicMs: options.monotonicMs ?? ((): number => performance.now()),
    random,
    log,
    onChanged(leading) {
      metrics.leader.set(leading ? 1 : 0);
      if (leading) metrics.leaderTransitionsTotal.inc();
      tell(leading);
    },
  });
  return {
    isLeading: () => election.isLeading(),
    start(onChanged) {
      tell = onChanged;
      election.start();
    },
    stop: () => election.stop(),
  };
}

/** Tells a process from the one before it in the same pod, which may have been killed with the Lease in its hand. */
function suffixOf(random: () => number): string {
  return Math.floor(random() * 0xffffffff)
    .toString(16)
    .padStart(8, '0');
}
