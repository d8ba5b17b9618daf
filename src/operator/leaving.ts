import type { Settings } from '../config/settings.ts';
import type { Clock } from '../core/clock.ts';
import type { Connection } from '../kubernetes/connection.ts';

export interface LeavingOptions {
  readonly settings: Pick<Settings, 'shutdownDelayMs'>;
  /** From a pod one leaves a Service. */
  readonly connection: Pick<Connection, 'inCluster'>;
  readonly clock: Pick<Clock, 'after'>;
}

const IN_A_POD_MS = 5000;

/**
 * Resolves when nobody sends anything here any more: nodes and load balancers learn that a pod leaves its Service at the same time
 * as the pod does, and until they have, a port that is closed already is a webhook that is turned away.
 */
export async function outOfService({ settings, connection, clock }: LeavingOptions): Promise<void> {
  const delayMs = settings.shutdownDelayMs ?? (connection.inCluster === true ? IN_A_POD_MS : 0);
  if (delayMs > 0) await new Promise<void>((resolve) => void clock.after(delayMs, resolve));
}
