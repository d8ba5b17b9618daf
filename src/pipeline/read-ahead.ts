import type { Clock } from '../core/clock.ts';
import type { UpdateRequest } from '../core/update-request.ts';
import { workloadKey, type Workload } from '../core/workload.ts';
import type { Applier } from './apply.ts';

type Target = UpdateRequest['spec']['targetRef'];

/** Workloads that are read before it is certain that they are patched, so that the patch need not wait for that. */
export interface ReadAhead {
  /** Begins to read the workload, unless that is under way or too many are. Never throws. */
  begin(targetRef: Target): void;
  /**
   * What was begun to be read of it, once and not for long; undefined where nothing was. It may have changed since: it is
   * good for a patch that is guarded by its version, and for nothing else. Resolves with undefined where there is no such
   * workload or it could not be read.
   */
  take(targetRef: Target): Promise<Workload | undefined> | undefined;
}

/** What is older would too often have changed. */
const FRESH_MS = 1000;
const MOST_AT_ONCE = 64;

/** Makes a memory of what is read ahead through `applier`. */
export function createReadAhead(applier: Pick<Applier, 'read'>, clock: Pick<Clock, 'elapsed'>): ReadAhead {
  // In the order in which they were begun.
  const begun = new Map<string, { readonly reading: Promise<Workload | undefined>; readonly atMs: number }>();
  const dropStale = (): void => {
    for (const [key, { atMs }] of begun) {
      if (clock.elapsed() - atMs <= FRESH_MS) return;
      begun.delete(key);
    }
  };
  return {
    begin(targetRef) {
      dropStale();
      const key = workloadKey(targetRef);
      if (begun.has(key) || begun.size >= MOST_AT_ONCE) return;
      const reading = applier.read({ spec: { targetRef } }).catch(() => undefined);
      begun.set(key, { reading, atMs: clock.elapsed() });
    },
    take(targetRef) {
      dropStale();
      const key = workloadKey(targetRef);
      const found = begun.get(key);
      begun.delete(key);
      return found?.reading;
    },
  };
}
