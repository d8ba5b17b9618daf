import { setTimeout as sleep } from 'node:timers/promises';
import { awaitReady } from '../await-ready.ts';
import { updateBarelySeen } from '../bare-writes.ts';
import type { ClusterBudget, Floor } from '../budget.ts';
import { judge, standings } from '../fate.ts';
import type { MemorySample } from '../memory-trend.ts';
import { residentMb, settledMb } from '../process-usage.ts';
import { quantile } from '../quantile.ts';
import { soakRows } from '../soak-rows.ts';
import { repositoryOf, workloadName, type Stage } from '../stage.ts';
import { startUpdateWatch, type UpdateWatch } from '../update-watch.ts';
import { postUntilAccepted } from '../webhook-sender.ts';

const PER_MINUTE = 1000;
const MINUTE_MS = 60_000;
/** Webhooks go round these, the first of the workloads: the same one is told of a newer version 2.5 minutes later. */
const REPOSITORIES = 2500;
const FIRST_MINOR = 10;
const FLOOR_SAMPLES = 120;
const MEMORY_EVERY_MS = 5000;
/** More webhooks than this are never under way at once. */
const MOST_UNDER_WAY = 2000;
const SETTLE_MS = 8000;
/** How long after the last webhook the last update may be seen. */
const PATIENCE_MS = 120_000;

export const soak: ClusterBudget = {
  kind: 'cluster',
  name: 'soak',
  title: 'Webhooks that match, evenly, for a long time',
  how: "1,000 webhooks a minute, evenly, for 2,500 of the 10,000 workloads in turn, with versions that rise, approved by policy. A webhook is lost if it was acknowledged and its workload does not run the newest version at the end; applied twice if a Deployment's generation rose more often than it was told of a version. `VmRSS` is read every five seconds; the first fifth of the time is warming up. What is left in the cluster, one finished UpdateRequest for each webhook, has to be known until it is pruned: what they need is read off a process that starts on the same cluster afterwards, and memory may not rise by more than that.",
  onlyByName: true,
  sizes: [10_000],
  async measure(stage, size) {
    const plan = planFor(stage, size);
    for (const [tag, numbers] of Map.groupBy(plan, ({ tag }) => tag)) {
      await stage.pushTags(
        numbers.map(({ number }) => number),
        tag,
      );
    }
    const floors = await bareUpdates(stage);
    const headwind = await stage.startHeadwind();
    const watch = await startUpdateWatch(stage, stage.namespace);
    try {
      await awaitReady(headwind);
      await sleep(SETTLE_MS);
      const idleMb = await settledMb(headwind.pid);
      const before = await standings(stage);
      const traffic = { plan, watch, server: headwind.urls.webhook, pid: headwind.pid };
      const sent = await send(stage, traffic);
      const told = new Map<string, string[]>();
      for (const { number, tag } of plan)
        told.set(workloadName(number), [...(told.get(workloadName(number)) ?? []), tag]);
      stage.progress('looking at what became of them');
      const fate = await judge(stage, told, before);
      for (const text of fate.evidence) stage.progress(text);
      const restingMb = await settledMb(headwind.pid);
      await headwind.stop();
      const freshMb = await freshProcessMb(stage);
      const memory = { idleMb, restingMb, freshMb };
      return soakRows({ ...sent, ...fate, ...floors, ...memory, minutes: stage.minutes, size });
    } finally {
      await watch.stop();
      await headwind.stop();
      await stage.forgetRequests();
    }
  },
};

/** What one that starts now holds: it knows the same workloads and requests, and has no past. */
async function freshProcessMb(stage: Stage): Promise<number> {
  stage.progress('starting anew, to see what the cluster as it is now needs');
  const fresh = await stage.startHeadwind();
  try {
    await awaitReady(fresh);
    await sleep(SETTLE_MS);
    return await settledMb(fresh.pid);
  } finally {
    await fresh.stop();
  }
}

interface Planned {
  readonly number: number;
  readonly tag: string;
}

function planFor({ minutes, quick }: Stage, size: number): readonly Planned[] {
  const repositories = Math.min(REPOSITORIES, size);
  const count = minutes * (quick ? Math.min(PER_MINUTE, size) : PER_MINUTE);
  return Array.from({ length: count }, (_, index) => ({
    number: index % repositories,
    tag: `1.${FIRST_MINOR + Math.floor(index / repositories)}.0`,
  }));
}

async function bareUpdates(stage: Stage): Promise<{ readonly floorP50: Floor; readonly floorP99: Floor }> {
  const names = await stage.floorDeployments(FLOOR_SAMPLES);
  const times: number[] = [];
  const watch = await startUpdateWatch(stage, stage.floorNamespace);
  try {
    for (const name of names)
      times.push((await updateBarelySeen(stage, { watch, name, tag: '1.1.0' })).patchedMs);
  } finally {
    await watch.stop();
  }
  const what = 'the 3 bare writes up to the patch, one update after the other';
  return {
    floorP50: { what: `${what}, median`, value: quantile(times, 0.5) },
    floorP99: { what: `${what}, p99`, value: quantile(times, 0.99) },
  };
}

export interface Sent {
  /** By minute of sending, from 0: how long each took from being sent to the patch, in milliseconds. */
  readonly patchedMs: readonly (readonly number[])[];
  readonly samples: readonly MemorySample[];
  /** Webhooks that were refused and sent again. */
  readonly again: number;
  /** How late the latest webhook was sent, in milliseconds: what the sender itself could not keep up with. */
  readonly latestMs: number;
}

interface Traffic {
  readonly plan: readonly Planned[];
  readonly watch: UpdateWatch;
  readonly server: string;
  readonly pid: number;
}

/** Sends each webhook when its time has come, whatever became of those before; resolves when all updates were seen. */
async function send(stage: Stage, { plan, watch, server, pid }: Traffic): Promise<Sent> {
  const everyMs = (stage.minutes * MINUTE_MS) / plan.length;
  const patchedMs = Array.from({ length: stage.minutes }, (): number[] => []);
  const underWay = new Set<Promise<void>>();
  const startedMs = performance.now();
  let again = 0;
  let latestMs = 0;
  const failures: unknown[] = [];
  const one = async ({ number, tag }: Planned, minute: number): Promise<void> => {
    const seen = watch.update(workloadName(number), tag);
    const sentMs = performance.now();
    const pushed = { host: stage.registryHost, repository: repositoryOf(number), tag };
    again += (await postUntilAccepted(server, pushed)) - 1;
    const late = sleep(PATIENCE_MS, undefined, { ref: false });
    const atMs = await Promise.race([seen.patched, late]);
    // What is never seen is counted as lost afterwards.
    if (atMs !== undefined) patchedMs[minute]?.push(atMs - sentMs);
    await Promise.race([seen.completed, late]);
  };
  const memory = watchMemory(stage, { pid, startedMs, patchedMs });
  for (const [index, planned] of plan.entries()) {
    const dueMs = startedMs + index * everyMs;
    await sleep(Math.max(0, dueMs - performance.now()));
    while (underWay.size >= MOST_UNDER_WAY) await Promise.race(underWay);
    latestMs = Math.max(latestMs, performance.now() - dueMs);
    const minute = Math.min(stage.minutes - 1, Math.floor((index * everyMs) / MINUTE_MS));
    const work = one(planned, minute)
      .catch((error: unknown) => void failures.push(error))
      .finally(() => underWay.delete(work));
    underWay.add(work);
    if (failures.length > 0) break;
  }
  const samples = memory.stop();
  await Promise.all(underWay);
  if (failures.length > 0)
    throw new Error(`a webhook failed: ${String(failures[0])}`, { cause: failures[0] });
  return { patchedMs, samples, again, latestMs };
}

/** Looks at the memory every five seconds, and tells a person every minute how it goes. */
function watchMemory(
  stage: Stage,
  traffic: {
    readonly pid: number;
    readonly startedMs: number;
    readonly patchedMs: readonly (readonly number[])[];
  },
): { readonly stop: () => readonly MemorySample[] } {
  const samples: MemorySample[] = [];
  let told = 0;
  const look = async (): Promise<void> => {
    const minutes = (performance.now() - traffic.startedMs) / MINUTE_MS;
    const mb = await residentMb(traffic.pid);
    samples.push({ minutes, mb });
    if (minutes < told + 1) return;
    const times = traffic.patchedMs[told] ?? [];
    told += 1;
    const latency =
      times.length === 0
        ? 'nothing patched'
        : `p50 ${quantile(times, 0.5).toFixed(0)} ms, p99 ${quantile(times, 0.99).toFixed(0)} ms`;
    stage.progress(`minute ${told}: ${times.length} patched, ${latency}, ${mb.toFixed(1)} MB`);
  };
  // A process that has ended is told by the webhooks that it does not answer.
  const timer = setInterval(() => void look().catch(() => undefined), MEMORY_EVERY_MS);
  return {
    stop() {
      clearInterval(timer);
      return samples;
    },
  };
}
