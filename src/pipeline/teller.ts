import { settingsOf } from '../core/annotations.ts';
import type { Clock } from '../core/clock.ts';
import { invalidAnnotations } from '../core/decision.ts';
import { requestKey } from '../core/update-request.ts';
import { workloadKey, type Workload } from '../core/workload.ts';
import { createWorkQueue, type Outcome, type WorkFailure } from '../scheduling/work-queue.ts';
import type { Announcer } from './announce.ts';
import type { RequestStore } from './request-store.ts';
import { writeAsWork } from './write-as-work.ts';

export interface TellerOptions {
  readonly requests: Pick<RequestStore, 'all' | 'get' | 'fetch' | 'isUntold' | 'subscribe' | 'writeStatus'>;
  readonly catalog: { get(key: string): Workload | undefined };
  readonly announcer: Pick<Announcer, 'invalidAnnotations'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onFailure: (failure: WorkFailure) => void;
}

/**
 * What one replica tells for all: decisions that somebody wrote past Headwind, and workloads whose annotations cannot be
 * read. The others keep in mind what would be told, for the case that they have to.
 */
export interface Teller {
  invalidAnnotations: Announcer['invalidAnnotations'];
  /** Begins with what has been kept in mind. */
  start(): void;
  /** Keeps in mind, until `start` is called again. */
  pause(): void;
  stop(): Promise<void>;
}

/** A decision about what applies at once is told with the write that says so: one of its own would only be in the way. */
const QUIET_MS = 300;
const AT_ONCE = 4;
/** So many workloads with a problem are kept in mind before those that are gone are taken out. */
const MANY_KEPT = 1000;

export function createTeller(options: TellerOptions): Teller {
  const { requests, catalog, announcer } = options;
  // Keys of workloads: at least of those that have a problem, at most of twice as many as there are, or MANY_KEPT.
  const kept = new Set<string>();
  let sweepAt = MANY_KEPT;
  let telling = false;

  const queue = createWorkQueue({
    name: 'decisions',
    handle: tellDecision,
    concurrency: AT_ONCE,
    clock: options.clock,
    random: options.random,
    onError: options.onFailure,
  });

  /** To write that it is told is to tell it: of all who may try, one can. */
  async function tellDecision(key: string): Promise<Outcome> {
    const request = requests.get(key);
    if (!telling || request === undefined || !requests.isUntold(request)) return { kind: 'done' };
    return writeAsWork(requests, { request, status: request.status, againAfterMs: QUIET_MS });
  }

  function keep(key: string): void {
    kept.add(key);
    if (kept.size < sweepAt) return;
    for (const one of kept) if (catalog.get(one) === undefined) kept.delete(one);
    sweepAt = Math.max(MANY_KEPT, kept.size * 2);
  }

  const unsubscribe = requests.subscribe((request, event) => {
    if (telling && event === 'changed' && requests.isUntold(request))
      queue.addAfter(requestKey(request), QUIET_MS);
  });

  return {
    invalidAnnotations(workload, message) {
      if (telling) announcer.invalidAnnotations(workload, message);
      else keep(workloadKey(workload));
    },
    start() {
      telling = true;
      for (const request of requests.all()) if (requests.isUntold(request)) queue.add(requestKey(request));
      for (const key of kept) {
        const workload = catalog.get(key);
        const { problems } = workload === undefined ? { problems: [] } : settingsOf(workload);
        if (workload !== undefined && problems.length > 0)
          announcer.invalidAnnotations(workload, invalidAnnotations(problems).message);
      }
      kept.clear();
    },
    pause() {
      telling = false;
    },
    async stop() {
      telling = false;
      unsubscribe();
      await queue.stop();
    },
  };
}
