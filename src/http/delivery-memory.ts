import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { atMost } from '../core/at-most.ts';
import type { Clock } from '../core/clock.ts';
import { repositoryKey } from '../core/image-reference.ts';
import type { Signal } from '../core/signal.ts';

/** What identifies a delivery. */
export interface NamedDelivery {
  readonly sender: string;
  /** As the sender names it; empty where it does not. */
  readonly ids: readonly string[];
  readonly signals: readonly Signal[];
}

/** Deliveries that were answered with 2xx, so that one that comes again is not acted on again. */
export interface DeliveryMemory {
  knows(delivery: NamedDelivery): boolean;
  /** Called once everything that the delivery caused is durable, and not before. */
  remember(delivery: NamedDelivery): void;
}

const MAX_DELIVERIES = 10_000;
/** Senders repeat within seconds; whoever sends again by hand an hour later wants something to happen. */
const KEPT_MS = 600_000;

/** Remembers the last 10,000 deliveries for 10 minutes. */
export function createDeliveryMemory(clock: Pick<Clock, 'elapsed'>): DeliveryMemory {
  const seen = new LRUCache<string, true>({
    ...atMost(MAX_DELIVERIES),
    ttl: KEPT_MS,
    // Else the time is read at most once in a while, with a timer of the cache's own.
    ttlResolution: 0,
    perf: { now: () => clock.elapsed() },
  });
  return {
    knows: (delivery) => isNamed(delivery) && seen.has(keyOf(delivery)),
    remember(delivery) {
      if (isNamed(delivery)) seen.set(keyOf(delivery), true);
    },
  };
}

function isNamed({ ids }: NamedDelivery): boolean {
  return ids.length > 0;
}

/** A name alone says too little: some pipelines give every delivery the same. */
function keyOf({ sender, ids, signals }: NamedDelivery): string {
  const tags = signals.map(({ type, repository, tag, digest }) => [
    type,
    repositoryKey(repository),
    tag,
    digest,
  ]);
  // In one call: an object to be fed costs several times as much, at every webhook.
  return hash('sha256', JSON.stringify([sender, ids, tags]), 'base64');
}
