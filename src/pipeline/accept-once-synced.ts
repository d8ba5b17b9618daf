import type { Clock } from '../core/clock.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Engine } from './engine.ts';

/** How long a webhook that comes before the first lists are complete waits for them. */
const SYNC_PATIENCE_MS = 10_000;

/** A signal that comes before the workloads are known would match nothing and be lost: it waits, or is refused. */
export function acceptOnceSynced({
  accept,
  synced,
  clock,
  metrics,
}: {
  readonly accept: Engine['accept'];
  readonly synced: Promise<unknown>;
  readonly clock: Clock;
  readonly metrics: Pick<Metrics, 'webhookEventsProcessed'>;
}): Engine['accept'] {
  return async (signals) => {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const cancel = clock.after(SYNC_PATIENCE_MS, () => reject(new Error('workloads are not known yet')));
    try {
      await Promise.race([synced, late]);
    } finally {
      cancel();
    }
    const outcome = await accept(signals);
    if (outcome.unresolved === 0) for (const _ of signals) metrics.webhookEventsProcessed.inc();
    return outcome;
  };
}
