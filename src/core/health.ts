import type { ContainerFacts, PodFacts, PodRollout } from './rollout.ts';

/** What one look at a rollout says. */
export type Verdict =
  | {
      readonly health: 'healthy';
      readonly message: string;
      /** Restarts of all its pods: where they grow, it was not that healthy after all. */
      readonly restarts: number;
      /** For how long it has to stay so before it is believed, in milliseconds. */
      readonly settleMs: number;
    }
  | {
      readonly health: 'progressing';
      readonly message: string;
      /** How many of the wanted pods are not ready. */
      readonly missing: number;
      /** Why waiting need not help, and going back neither: the new pods come when somebody wants them to. */
      readonly stalled?: { readonly reason: string; readonly message: string };
    }
  | {
      readonly health: 'failing';
      /** One word in CamelCase, for conditions. */
      readonly reason: string;
      readonly message: string;
      /** The containers that are in trouble; empty where that cannot be said. */
      readonly containers: readonly string[];
    }
  /** Nothing can be said yet. */
  | { readonly health: 'unseen'; readonly message: string };

export interface JudgeContext {
  /** Restarts from before the update, by `podUid/container`: they do not count. */
  readonly restartsBefore: Readonly<Record<string, number>>;
  readonly nowMs: number;
}

/** What is healthy has to stay so for this long: a crash some seconds after the first readiness is not missed. */
export const SETTLE_MS = 10_000;
/** It has to last longer than what crashed before; but nobody waits longer than this for that. */
const LONGEST_SETTLE_MS = 300_000;
const MAX_RESTARTS = 5;
/** After so many ends kubelet lets a container wait before it starts anew: it crashes again and again. */
const CRASH_LOOP_ENDS = 2;
const MAX_SHOWN = 300;

/** What kubelet says of a container that cannot start, or not stay up. */
const FAILURES: ReadonlySet<string> = new Set([
  'CrashLoopBackOff',
  'ImagePullBackOff',
  'ErrImagePull',
  'ErrImageNeverPull',
  'InvalidImageName',
  'ImageInspectError',
  'CreateContainerError',
  'CreateContainerConfigError',
  'RunContainerError',
  'PostStartHookError',
]);

/**
 * Judges a rollout by the pods of its new revision alone, from the first moment on. It does not know how long it has
 * taken: whether that is too long is the caller's question.
 */
export function judgePods(rollout: PodRollout, context: JudgeContext): Verdict {
  if (!rollout.observed) return { health: 'unseen', message: 'The controller has not seen the update yet' };
  if (rollout.desired === 0)
    return { health: 'healthy', message: 'Scaled to zero: no pod has to be ready', restarts: 0, settleMs: 0 };
  const pods = rollout.pods.filter(({ leaving }) => !leaving);
  const troubles = pods.flatMap((pod) => pod.containers.flatMap((one) => troubleOf(pod, one, context)));
  const [worst] = troubles;
  if (worst !== undefined)
    return { health: 'failing', ...worst, containers: [...new Set(troubles.map(({ name }) => name))] };
  const expected = Math.max(0, rollout.desired - rollout.partition);
  const ready = pods.filter((pod) => pod.ready).length;
  if (expected > 0 && ready >= expected) {
    const containers = pods.flatMap((pod) => pod.containers);
    const settleMs = Math.max(rollout.minReadyMs, ...containers.map(provingMs), SETTLE_MS);
    const restarts = sum(containers.map((one) => one.restarts));
    return { health: 'healthy', message: `${ready} new pods are ready`, restarts, settleMs };
  }
  if (rollout.deadlineExceeded !== undefined && !rollout.paused)
    return {
      health: 'failing',
      reason: 'ProgressDeadlineExceeded',
      message: rollout.deadlineExceeded,
      containers: unreadyContainers(pods),
    };
  return progressing(rollout, { pods, ready, expected });
}

interface Trouble {
  readonly reason: string;
  readonly message: string;
  readonly name: string;
}

function troubleOf(pod: PodFacts, container: ContainerFacts, context: JudgeContext): readonly Trouble[] {
  const { name, waiting } = container;
  const exit = exitOf(container);
  const trouble = (reason: string, why: string): readonly Trouble[] => {
    const message = `Container ${name} of pod ${pod.name}: ${reason}${why === '' ? '' : `: ${why}`}`;
    return [{ name, reason, message: shorten(message) }];
  };
  if (waiting !== undefined && FAILURES.has(waiting.reason))
    return trouble(waiting.reason, exit ?? waiting.message);
  const restarts = container.restarts - (context.restartsBefore[restartKey(pod, container)] ?? 0);
  if (restarts > MAX_RESTARTS) return trouble('TooManyRestarts', `${restarts} restarts since the update`);
  // Between two crashes it runs for a moment, and may even be ready: that does not make it a healthy one.
  const ends = restarts + (container.ended === true && !container.ready ? 1 : 0);
  const crashes = ends >= CRASH_LOOP_ENDS && !isSteady(container, context.nowMs);
  return crashes ? trouble('CrashLoopBackOff', exit ?? '') : [];
}

/** Whether its present run has lasted. A node's clock that is ahead of ours must not make a container look young. */
function isSteady({ ready, runningSinceMs }: ContainerFacts, nowMs: number): boolean {
  if (!ready) return false;
  const lasted = runningSinceMs === undefined ? SETTLE_MS : nowMs - runningSinceMs;
  return lasted < 0 || lasted >= SETTLE_MS;
}

/** How long a container has to run before it is believed: one that has crashed, longer than it lived before. */
function provingMs({ restarts, ended, lastRunMs = 0 }: ContainerFacts): number {
  return restarts === 0 || ended === true ? SETTLE_MS : Math.min(LONGEST_SETTLE_MS, lastRunMs + SETTLE_MS);
}

function progressing(
  rollout: PodRollout,
  {
    pods,
    ready,
    expected,
  }: { readonly pods: readonly PodFacts[]; readonly ready: number; readonly expected: number },
): Verdict {
  const missing = rollout.desired - ready;
  const stalled = stalledBy(rollout, pods);
  const parts = [
    `${ready} of ${expected} new pods are ready`,
    stalled?.message ?? '',
    rollout.obstacle ?? '',
    pods.find(({ unschedulable }) => unschedulable !== undefined)?.unschedulable ?? '',
  ];
  const message = shorten(parts.filter((part) => part !== '').join('; '));
  return { health: 'progressing', message, missing, ...(stalled === undefined ? {} : { stalled }) };
}

/** Why new pods do not come by themselves, while those that have come are fine. */
function stalledBy(
  rollout: PodRollout,
  pods: readonly PodFacts[],
): { readonly reason: string; readonly message: string } | undefined {
  const complete = pods.length >= rollout.desired;
  if (complete || !pods.every(({ ready }) => ready)) return undefined;
  if (rollout.paused)
    return { reason: 'DeploymentPaused', message: 'spec.paused keeps new pods from coming' };
  if (rollout.onDelete)
    return {
      reason: 'OnDelete',
      message: 'the update strategy OnDelete leaves pods as they are until deleted',
    };
  if (rollout.partition >= rollout.desired)
    return {
      reason: 'Partition',
      message: `spec.updateStrategy.rollingUpdate.partition is ${rollout.partition}`,
    };
  return undefined;
}

function unreadyContainers(pods: readonly PodFacts[]): readonly string[] {
  const names = pods.flatMap(({ containers }) =>
    containers.flatMap(({ name, ready }) => (ready ? [] : [name])),
  );
  return [...new Set(names)];
}

/** Names a container's restarts in a baseline. */
export function restartKey(pod: Pick<PodFacts, 'uid'>, { name }: Pick<ContainerFacts, 'name'>): string {
  return `${pod.uid}/${name}`;
}

function exitOf({ lastExit }: ContainerFacts): string | undefined {
  if (lastExit === undefined) return undefined;
  return `it ended with exit code ${lastExit.code}${lastExit.reason === '' ? '' : ` (${lastExit.reason})`}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function shorten(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
