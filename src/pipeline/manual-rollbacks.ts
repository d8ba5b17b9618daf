import { ANNOTATION } from '../core/annotations.ts';
import { historyOf, parseHistory } from '../core/history.ts';
import { isOpen } from '../core/open-requests.ts';
import { undoneBy } from '../core/rollback-request.ts';
import {
  chooseRollback,
  numberHistory,
  type NumberedEntry,
  type RollbackRefusal,
  type RollbackTarget,
  type RollbackWish,
} from '../core/rollback-target.ts';
import { MAX_UNDONE } from '../core/update-request.ts';
import { KINDS } from '../core/workload-kind-name.ts';
import { workloadKey, type Workload, type WorkloadKind } from '../core/workload.ts';
import type { Applier } from './apply.ts';
import type { ActionOutcome } from './approvals.ts';
import { artifactKey, type RequestStore } from './request-store.ts';
import type { Rollbacks } from './rollbacks.ts';

interface WorkloadName {
  readonly namespace: string;
  readonly name: string;
  readonly kind?: WorkloadKind | undefined;
}

type Missing =
  | { readonly kind: 'no-workload' }
  | { readonly kind: 'several-kinds'; readonly kinds: readonly WorkloadKind[] };

type Named = Pick<Workload, 'kind' | 'namespace' | 'name'>;

/** What a rollback does, or would do. */
export interface RollbackPlan {
  readonly workload: Named;
  readonly container: string;
  readonly previousImage: string;
  readonly image: string;
  readonly index: number;
  /** The names of the requests that it takes back. */
  readonly takesBack: readonly string[];
}

export type ManualRollbackOutcome =
  | Missing
  | { readonly kind: 'refused'; readonly workload: Named; readonly refusal: RollbackRefusal }
  | { readonly kind: 'planned'; readonly plan: RollbackPlan }
  | { readonly kind: 'settled'; readonly plan: RollbackPlan; readonly outcome: ActionOutcome };

export interface ManualRollbacks {
  /** What the workload was given so far, newest first. Throws when Kubernetes cannot answer. */
  history(workload: WorkloadName): Promise<
    | Missing
    | {
        readonly kind: 'found';
        readonly workload: Named;
        readonly containers: readonly { readonly container: string; readonly image: string }[];
        readonly entries: readonly NumberedEntry[];
      }
  >;
  /** Rolls back for a person, or tells what that would do. Throws when Kubernetes cannot answer. */
  rollBack(command: {
    readonly workload: WorkloadName;
    readonly container: string | undefined;
    readonly wish: RollbackWish;
    readonly dryRun: boolean;
    readonly identity: string;
    readonly reason: string | undefined;
  }): Promise<ManualRollbackOutcome>;
}

export interface ManualRollbacksOptions {
  readonly catalog: { get(key: string): Workload | undefined };
  readonly applier: Pick<Applier, 'read'>;
  readonly requests: Pick<RequestStore, 'ofArtifact' | 'get' | 'fetch'>;
  readonly rollbacks: Pick<Rollbacks, 'rollBack'>;
}

/** From the name of a workload and what a person wants to go back to, to the rollback: gather, choose, act. */
export function createManualRollbacks(options: ManualRollbacksOptions): ManualRollbacks {
  const { catalog, applier, requests, rollbacks } = options;

  /** Read afresh, with its history: the catalog tells only that it is there. */
  async function find(
    wanted: WorkloadName,
  ): Promise<Missing | { readonly kind: 'found'; workload: Workload }> {
    const kinds = wanted.kind === undefined ? KINDS : [wanted.kind];
    const known = kinds.flatMap((kind) => catalog.get(workloadKey({ ...wanted, kind })) ?? []);
    const [only] = known;
    if (known.length > 1) return { kind: 'several-kinds', kinds: known.map(({ kind }) => kind) };
    const workload = only === undefined ? undefined : await applier.read({ spec: { targetRef: only } });
    if (workload?.annotations[ANNOTATION.policy] === undefined) return { kind: 'no-workload' };
    return { kind: 'found', workload };
  }

  function plan(workload: Workload, { artifact, entry }: RollbackTarget): RollbackPlan {
    const history = parseHistory(workload.annotations[ANNOTATION.updateHistory]);
    const all = requests.ofArtifact(artifactKey(workload, artifact.name));
    return {
      workload: nameOf(workload),
      container: artifact.name,
      previousImage: artifact.image,
      image: entry.image,
      index: entry.index,
      takesBack: undoneBy({ artifact, toImage: entry.image, history, requests: all }),
    };
  }

  /**
   * The workload is read afresh, so what its history names has to be as well: another replica applies, and the watch may
   * lag. No more than can be taken back: anybody who may change the workload may have written a history of thousands.
   */
  async function catchUp({ namespace, annotations }: Workload, container: string): Promise<void> {
    const history = historyOf(parseHistory(annotations[ANNOTATION.updateHistory]), container);
    const names = new Set(history.flatMap(({ updateRequestName }) => updateRequestName ?? []));
    const stale = [...names].filter((name) => {
      const known = requests.get(`${namespace}/${name}`);
      return known === undefined || isOpen(known);
    });
    await Promise.all(stale.slice(0, MAX_UNDONE).map((name) => requests.fetch(namespace, name)));
  }

  return {
    async history(wanted) {
      const found = await find(wanted);
      if (found.kind !== 'found') return found;
      const { workload } = found;
      const { artifacts } = workload;
      const history = parseHistory(workload.annotations[ANNOTATION.updateHistory]);
      return {
        kind: 'found',
        workload: nameOf(workload),
        containers: artifacts.map(({ name, image }) => ({ container: name, image })),
        entries: numberHistory(artifacts, history),
      };
    },
    async rollBack({ workload: wanted, container, wish, dryRun, identity, reason }) {
      const found = await find(wanted);
      if (found.kind !== 'found') return found;
      const { workload } = found;
      const history = parseHistory(workload.annotations[ANNOTATION.updateHistory]);
      const chosen = chooseRollback({ artifacts: workload.artifacts, history, container, wish });
      if (!chosen.ok) return { kind: 'refused', workload: nameOf(workload), refusal: chosen.error };
      await catchUp(workload, chosen.value.artifact.name);
      const planned = plan(workload, chosen.value);
      if (dryRun) return { kind: 'planned', plan: planned };
      const { artifact } = chosen.value;
      const action = { workload, artifact, toImage: planned.image, undoes: planned.takesBack };
      const outcome = await rollbacks.rollBack({ ...action, identity, reason });
      return { kind: 'settled', plan: planned, outcome };
    },
  };
}

function nameOf({ kind, namespace, name }: Workload): Named {
  return { kind, namespace, name };
}
