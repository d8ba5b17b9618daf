import { ANNOTATION } from '../core/annotations.ts';
import { workloadKey, type Workload, type WorkloadKind } from '../core/workload.ts';
import type { Applier } from './apply.ts';

export type PauseOutcome =
  | { readonly kind: 'changed' | 'unchanged' | 'no-workload' }
  | { readonly kind: 'conflict' | 'refused'; readonly message: string };

export interface Pauses {
  /** Freezes a workload, or lets it go on. Throws when Kubernetes cannot answer. */
  set(command: {
    readonly workload: { readonly kind: WorkloadKind; readonly namespace: string; readonly name: string };
    readonly paused: boolean;
    readonly identity: string;
    readonly reason: string | undefined;
  }): Promise<PauseOutcome>;
}

export interface PausesOptions {
  readonly catalog: { get(key: string): Workload | undefined };
  readonly applier: Pick<Applier, 'read' | 'annotate'>;
  /** Told of every change, once each. */
  readonly onChanged: (
    workload: Workload,
    by: { readonly paused: boolean; readonly identity: string; readonly reason: string | undefined },
  ) => void;
}

const MAX_TRIES = 5;

/** `headwind.sh/paused`, as people set it through Headwind. */
export function createPauses({ catalog, applier, onChanged }: PausesOptions): Pauses {
  return {
    async set({ workload: wanted, paused, identity, reason }) {
      // Only what Headwind follows: it writes to nothing else.
      const known = catalog.get(workloadKey(wanted));
      if (known === undefined) return { kind: 'no-workload' };
      for (let tries = 0; tries < MAX_TRIES; tries += 1) {
        const workload = await applier.read({ spec: { targetRef: known } });
        if (workload?.annotations[ANNOTATION.policy] === undefined) return { kind: 'no-workload' };
        const value = paused ? 'true' : undefined;
        if (workload.annotations[ANNOTATION.paused] === value) return { kind: 'unchanged' };
        const written = await applier.annotate(workload, { [ANNOTATION.paused]: value ?? null });
        if (written.kind === 'refused') return written;
        if (written.kind === 'written') {
          onChanged(workload, { paused, identity, reason });
          return { kind: 'changed' };
        }
      }
      return { kind: 'conflict', message: 'The workload keeps changing; try again' };
    },
  };
}
