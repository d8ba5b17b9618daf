import { LRUCache } from 'lru-cache';
import { atMost } from '../core/at-most.ts';
import type { Clock } from '../core/clock.ts';
import { repositoryKey } from '../core/image-reference.ts';
import type { Signal } from '../core/signal.ts';

/** What was pushed lately, whether or not anybody used it then. */
export interface RecentSignals {
  remember(signals: readonly Signal[]): void;
  /** Those for the repository with this key, the oldest first. */
  of(repository: string): readonly Signal[];
}

const MAX_SIGNALS = 2000;
const REMEMBERED_MS = 600_000;

/**
 * A push may come just before the workload that it concerns is known: the two were made at the same moment, or the watch
 * was interrupted. So signals are remembered for ten minutes, and told to workloads that turn up meanwhile.
 */
export function createRecentSignals(clock: Pick<Clock, 'elapsed'>): RecentSignals {
  const recent = new LRUCache<string, { readonly signal: Signal; readonly untilMs: number }>({
    ...atMost(MAX_SIGNALS),
  });
  return {
    remember(signals) {
      for (const signal of signals) {
        const key = `${repositoryKey(signal.repository)}:${signal.tag}`;
        recent.delete(key);
        recent.set(key, { signal, untilMs: clock.elapsed() + REMEMBERED_MS });
      }
    },
    of(repository) {
      return recent
        .values()
        .filter(
          ({ signal, untilMs }) =>
            repositoryKey(signal.repository) === repository && clock.elapsed() < untilMs,
        )
        .map(({ signal }) => signal)
        .toArray()
        .reverse();
    },
  };
}
