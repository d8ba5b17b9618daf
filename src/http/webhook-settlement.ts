import type { Clock } from '../core/clock.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { Signal } from '../core/signal.ts';
import type { WebhookOutcomeView } from './api-shapes.ts';
import { createDeliveryMemory } from './delivery-memory.ts';
import type { Counter, Log } from './dependencies.ts';
import { problem, retryAfter, type Problem } from './problem.ts';
import { createTokenBuckets } from './token-buckets.ts';
import type { Taken } from './webhook-intake.ts';

/** What the pipeline made of the signals, once that is durable. */
export interface AcceptOutcome {
  /** Artifacts that the signals concern. */
  readonly matched: number;
  /** UpdateRequests created. */
  readonly created: number;
  /** Signals whose consequences could not be made durable. */
  readonly unresolved: number;
  /** What became of single signals; not all of them where they are many. */
  readonly results?: readonly WebhookOutcomeView[];
}

/** What a delivery came to, once it may be answered with 2xx. */
export interface Settled extends AcceptOutcome {
  readonly outcome: 'accepted' | 'ignored' | 'duplicate';
}

export interface SettlementLimits {
  /** How long a sender waits for its event to be durable, in milliseconds. */
  readonly acceptTimeoutMs: number;
  /** Pushes that concern somebody, for each sender; 0: any number. */
  readonly pushesPerSecond: number;
}

export interface SettlementDependencies {
  /** Resolves only when everything that the signals cause is durable. */
  readonly accept: (signals: readonly Signal[]) => Promise<AcceptOutcome>;
  /** Whether a signal may concern anybody; what concerns nobody is never too much. Without it, all of them may. */
  readonly concerns?: (signal: Signal) => boolean;
  readonly metrics: { readonly webhookEventsTotal: Counter };
  readonly log: Log;
  readonly clock: Clock;
  readonly limits: SettlementLimits;
}

const NOT_DURABLE_RETRY_SECONDS = 5;
/** What a sender may tell at once after a silence, in seconds of its rate. */
const BURST_SECONDS = 10;
const NOTHING = { matched: 0, created: 0, unresolved: 0 };

/**
 * Settles deliveries that are believed: drops what came before, holds each sender to its rate, and waits until what a
 * delivery causes is durable. `leave` is called when nothing of it is in work any more, which may be after the answer.
 */
export function createSettlement(
  dependencies: SettlementDependencies,
): (taken: Taken, leave: () => void) => Promise<Result<Settled, Problem>> {
  const { log, clock, metrics, limits } = dependencies;
  const memory = createDeliveryMemory(clock);
  const rates = createTokenBuckets({
    perSecond: limits.pushesPerSecond,
    burst: limits.pushesPerSecond * BURST_SECONDS,
    clock,
  });
  const mayConcern = (signal: Signal): boolean => dependencies.concerns?.(signal) ?? true;

  // The place is given back when the pipeline is done, not when the sender stops waiting: what is in work stays bounded.
  const hand = async (signals: readonly Signal[], leave: () => void): Promise<AcceptOutcome> => {
    try {
      return await dependencies.accept(signals);
    } finally {
      leave();
    }
  };

  const untilDurable = async (
    signals: readonly Signal[],
    leave: () => void,
  ): Promise<Result<AcceptOutcome, Problem>> => {
    const { promise: timeout, resolve: expire } = Promise.withResolvers<'timeout'>();
    const cancel = clock.after(limits.acceptTimeoutMs, () => expire('timeout'));
    try {
      const outcome = await Promise.race([hand(signals, leave), timeout]);
      if (outcome === 'timeout') log.warn({}, 'webhook took too long to be recorded');
      else if (outcome.unresolved === 0) return ok(outcome);
      else log.warn({ ...outcome }, 'webhook was recorded only in part');
    } catch (error) {
      log.warn({ error }, 'webhook could not be recorded');
    } finally {
      cancel();
    }
    return fail(notDurable());
  };

  return async ({ sender, ids, reading: { signals } }, leave) => {
    const isRepeated = signals.length > 0 && memory.knows({ sender, ids, signals });
    if (signals.length === 0 || isRepeated) {
      leave();
      return ok({ ...NOTHING, outcome: isRepeated ? 'duplicate' : 'ignored' });
    }
    const waitMs = rates.take(sender, signals.filter((signal) => mayConcern(signal)).length);
    if (waitMs > 0) {
      leave();
      return fail(tooMuch(sender, waitMs));
    }
    metrics.webhookEventsTotal.inc(signals.length);
    const outcome = await untilDurable(signals, leave);
    if (!outcome.ok) return outcome;
    // What concerned nobody costs nothing when it comes again, and would push out what did.
    if (outcome.value.matched > 0) memory.remember({ sender, ids, signals });
    return ok({ ...outcome.value, outcome: 'accepted' });
  };
}

function tooMuch(sender: string, waitMs: number): Problem {
  const detail = `${sender} tells of more pushes than HEADWIND_WEBHOOK_RATE_LIMIT allows; send it again later.`;
  return retryAfter(Math.ceil(waitMs / 1000), problem('HW_RATE_LIMITED', detail));
}

function notDurable(): Problem {
  const detail = 'The event could not be recorded in Kubernetes; send it again.';
  return retryAfter(NOT_DURABLE_RETRY_SECONDS, problem('HW_NOT_DURABLE', detail));
}
