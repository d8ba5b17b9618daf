import { z } from 'zod';
import type { ContainerFacts, PodFacts } from '../core/rollout.ts';

const Exit = z.object({
  exitCode: z.number().catch(0),
  reason: z.string().catch(''),
  startedAt: z.string().catch(''),
  finishedAt: z.string().catch(''),
});
const ContainerStatus = z.object({
  name: z.string(),
  ready: z.boolean().catch(false),
  restartCount: z.number().int().min(0).catch(0),
  state: z
    .object({
      waiting: z
        .object({ reason: z.string().catch(''), message: z.string().catch('') })
        .nullish()
        .catch(undefined),
      running: z
        .object({ startedAt: z.string().catch('') })
        .nullish()
        .catch(undefined),
      terminated: Exit.nullish().catch(undefined),
    })
    .nullish()
    .catch(undefined),
  lastState: z
    .object({ terminated: Exit.nullish().catch(undefined) })
    .nullish()
    .catch(undefined),
});
type ContainerStatus = z.infer<typeof ContainerStatus>;
// One bad entry must not lose the pod: it is read as null and left out.
const ContainerStatuses = z.array(ContainerStatus.nullable().catch(null)).catch([]);

const Pod = z.object({
  metadata: z.object({
    name: z.string(),
    uid: z.string(),
    deletionTimestamp: z.string().nullish(),
    labels: z.record(z.string(), z.string()).catch({}),
    ownerReferences: z.array(z.object({ uid: z.string(), controller: z.boolean().nullish() })).catch([]),
  }),
  status: z
    .object({
      phase: z.string().catch(''),
      conditions: z
        .array(z.object({ type: z.string(), status: z.string(), message: z.string().optional() }))
        .catch([]),
      containerStatuses: ContainerStatuses,
      initContainerStatuses: ContainerStatuses,
    })
    .default({ phase: '', conditions: [], containerStatuses: [], initContainerStatuses: [] }),
});
type Pod = z.infer<typeof Pod>;

/** What is kept of a pod while its workload's rollout is judged. */
export interface RolloutPod extends PodFacts {
  /** Of the controller that made it: a ReplicaSet, StatefulSet or DaemonSet. */
  readonly ownerUid: string;
  /** `pod-template-hash` or `controller-revision-hash`. */
  readonly revision: string;
}

/** Reads a pod. Throws where the object is none. */
export function toRolloutPod(object: unknown): RolloutPod {
  const pod = Pod.parse(object);
  const { metadata, status } = pod;
  const statuses = [...status.initContainerStatuses, ...status.containerStatuses];
  const unschedulable = unschedulableOf(pod);
  return {
    uid: metadata.uid,
    name: metadata.name,
    ownerUid: metadata.ownerReferences.find(({ controller }) => controller === true)?.uid ?? '',
    revision: metadata.labels['pod-template-hash'] ?? metadata.labels['controller-revision-hash'] ?? '',
    leaving: metadata.deletionTimestamp != null || ENDED.has(status.phase),
    ready: isTrue(pod, 'Ready'),
    ...(unschedulable === undefined ? {} : { unschedulable }),
    containers: statuses.filter((one) => one != null).map(toContainer),
  };
}

const ENDED: ReadonlySet<string> = new Set(['Failed', 'Succeeded']);

function toContainer({ name, ready, restartCount, state, lastState }: ContainerStatus): ContainerFacts {
  const startedMs = Date.parse(state?.running?.startedAt ?? '');
  return {
    name,
    ready,
    restarts: restartCount,
    ...(state?.waiting == null ? {} : { waiting: state.waiting }),
    ...(state?.terminated == null ? {} : { ended: true }),
    ...(Number.isNaN(startedMs) ? {} : { runningSinceMs: startedMs }),
    ...endOf(state?.terminated ?? lastState?.terminated),
  };
}

function endOf(
  exit: z.infer<typeof Exit> | null | undefined,
): Pick<ContainerFacts, 'lastExit' | 'lastRunMs'> {
  if (exit == null) return {};
  const lastRunMs = Date.parse(exit.finishedAt) - Date.parse(exit.startedAt);
  const lastExit = { code: exit.exitCode, reason: exit.reason };
  return lastRunMs >= 0 ? { lastExit, lastRunMs } : { lastExit };
}

function isTrue({ status }: Pod, type: string): boolean {
  return status.conditions.some((one) => one.type === type && one.status === 'True');
}

function unschedulableOf({ status }: Pod): string | undefined {
  const scheduled = status.conditions.find(({ type }) => type === 'PodScheduled');
  return scheduled?.status === 'False' ? (scheduled.message ?? 'not scheduled') : undefined;
}
