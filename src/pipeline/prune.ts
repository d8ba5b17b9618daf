import type { Clock } from '../core/clock.ts';
import { prunable, type RetentionLimits } from '../core/prunable.ts';
import type { UpdateRequest } from '../core/update-request.ts';
import type { Log } from '../telemetry/log.ts';
import { artifactKeyOf, type RequestStore } from './request-store.ts';

export interface PrunerOptions {
  readonly requests: RequestStore;
  readonly limits: RetentionLimits;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Pruner {
  start(): void;
  /** Deletes nothing more, until `start` is called again. */
  pause(): void;
  stop(): Promise<void>;
}

const LONGEST_PAUSE_MS = 600_000;
const SHORTEST_PAUSE_MS = 1000;
/** Between two sweeps lies a tenth of the retention, so that nothing outlives it by much. */
const SWEEPS_PER_RETENTION = 10;

/** Deletes finished requests that need not be kept, a few at a time, now and then. */
export function createPruner({ requests, limits, clock, log }: PrunerOptions): Pruner {
  const pauseMs = Math.min(
    LONGEST_PAUSE_MS,
    Math.max(SHORTEST_PAUSE_MS, limits.retentionMs / SWEEPS_PER_RETENTION),
  );
  let cancel = (): void => undefined;
  let sweeping = Promise.resolve();
  let running = false;

  const sweep = async (): Promise<void> => {
    for (const request of doomed(requests, limits, clock.now())) {
      if (!running) return;
      const { namespace, name } = request.metadata;
      try {
        await requests.remove(request);
        log.debug({ namespace, name }, 'pruned a finished request');
      } catch (error) {
        log.warn({ namespace, name, error }, 'could not prune a finished request');
        return;
      }
    }
  };
  const schedule = (): void => {
    cancel();
    cancel = clock.after(pauseMs, () => {
      sweeping = sweep().then(() => (running ? schedule() : undefined));
    });
  };

  const pause = (): void => {
    running = false;
    cancel();
  };

  return {
    start() {
      if (running) return;
      running = true;
      // A sweep that a pause has interrupted plans nothing any more.
      void sweeping.then(() => (running ? schedule() : undefined));
    },
    pause,
    async stop() {
      pause();
      await sweeping;
    },
  };
}

function doomed(requests: RequestStore, limits: RetentionLimits, nowMs: number): readonly UpdateRequest[] {
  const byArtifact = Map.groupBy(requests.all(), artifactKeyOf);
  return [...byArtifact.values()].flatMap((group) => prunable(group, limits, nowMs));
}
