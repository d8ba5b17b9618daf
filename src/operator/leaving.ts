import type { Settings } from '../config/settings.ts';
import type { Clock } from '../core/clock.ts';
import type { Connection } from '../kubernetes/connection.ts';
import type { Jobs } from './jobs.ts';
import type { Leadership } from './leadership.ts';

export interface LeavingOptions {
  readonly settings: Pick<Settings, 'shutdownDelayMs'>;
  /** From a pod one leaves a Service. */
  readonly connection: Pick<Connection, 'inCluster'>;
  readonly clock: Pick<Clock, 'after'>;
}

const IN_A_POD_MS = 5000;
/** What was begun has so long to end before another replica may begin; what has not by then is that one's to do. */
const HANDING_OVER_MS = 1000;

/**
 * Resolves when nobody sends anything here any more: nodes and load balancers learn that a pod leaves its Service at the same time
 * as the pod does, and until they have, a port that is closed already is a webhook that is turned away. Meanwhile this replica
 * answers as one that does not lead: another one acts, whatever becomes of this pod in those seconds.
 */
export async function outOfService(
  { settings, connection, clock }: LeavingOptions,
  {
    jobs,
    leadership,
  }: { readonly jobs: Pick<Jobs, 'lead'>; readonly leadership: Pick<Leadership, 'isLeading' | 'stop'> },
): Promise<void> {
  const delayMs = settings.shutdownDelayMs ?? (connection.inCluster === true ? IN_A_POD_MS : 0);
  if (delayMs <= 0) return;
  const passed = (ms: number): Promise<void> => new Promise((resolve) => void clock.after(ms, resolve));
  jobs.lead(false);
  // Who does not lead has begun nothing, and is not to be elected any more.
  const handingOverMs = leadership.isLeading() ? HANDING_OVER_MS : 0;
  const handedOver = passed(Math.min(handingOverMs, delayMs)).then(() => leadership.stop());
  await Promise.all([handedOver, passed(delayMs)]);
}
