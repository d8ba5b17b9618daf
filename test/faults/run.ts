import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import { eventually } from '../parts/eventually.ts';
import { workloadOf } from '../parts/world.ts';
import { gather } from './evidence.ts';
import type { Healing } from './fault.ts';
import { judge } from './oracle.ts';
import { decide, pushImage, rollBack, tellOf, type Acting, type Promises } from './people.ts';
import { describePlan, FIRST_VERSION, type FaultPlan, type Plan, type WorkloadPlan } from './plan.ts';
import { drawsOf } from './random.ts';
import { NAMESPACE, POLLING_INTERVAL_SECONDS } from './scene-facts.ts';
import type { RunningScene } from './scene.ts';

const LOOKS_EVERY_MS = 100;

export interface RunResult {
  /** Nothing where all is well. */
  readonly complaints: readonly string[];
  /** How long it took from the last healing on, in milliseconds. */
  readonly convergedAfterMs: number;
  /** How often each fault of the run has done something, by its name. */
  readonly bites: readonly (readonly [fault: string, count: number])[];
  /** For people: what was planned, and what happened when. */
  readonly story: () => string;
}

/** Plays one run, and judges what came of it. */
export async function play(scene: RunningScene, plan: Plan): Promise<RunResult> {
  const startedMs = performance.now();
  const startedAt = new Date().toISOString();
  const timeline: string[] = [];
  scene.begin((what) => timeline.push(`${Math.round(performance.now() - startedMs)} ms: ${what}`));
  await createWorkloads(scene, plan.workloads);
  scene.note('all workloads are known');
  const promises: Promises = {
    told: new Set(),
    begun: new Set(),
    pushed: new Set(),
    approved: new Set(),
    rejected: new Set(),
  };
  let isOver = false;
  const acting: Acting = { scene, promises, isOver: () => isOver };

  const people = plan.workloads.map(async (workload) => {
    if (workload.requireApproval) await decide(acting, workload);
    if (workload.rollsBackAtMs === undefined) return;
    await sleep(workload.rollsBackAtMs);
    await rollBack(acting, workload);
  });
  // One push after the other: they share a layer, and docker-registry loses one that is uploaded twice at the same time.
  const pushing = pLimit(1);
  const senders = plan.pushes.map(async (push) => {
    await sleep(push.atMs);
    await pushing(() => pushImage(acting, push));
    await tellOf(acting, push);
  });
  const breakers = plan.faults.map((fault) => breakAndHeal(scene, fault));
  const complaints: string[] = [];
  const before = scene.replicas.map((replica) => ({
    logs: replica.logs().length,
    other: replica.otherOutput().length,
    crashes: replica.crashes.length,
  }));
  const story = (): string => tell({ plan, timeline, scene, startedAt });
  try {
    const healings = await Promise.all(breakers);
    const healedMs = performance.now();
    scene.note('all is healed');
    complaints.push(...(await converge(acting, plan, senders)));
    const convergedAfterMs = performance.now() - healedMs;
    complaints.push(...(await scene.aftermath.followUp(scene, plan, promises)));
    complaints.push(...soundness(scene, before));
    // Some are felt only when a replica asks again, which may be after the healing.
    const bites = healings.map(({ name, healing }) => [name, healing.bites()] as const);
    return { complaints, convergedAfterMs, bites, story };
  } finally {
    isOver = true;
    await Promise.all([...people, ...senders]);
  }
}

async function createWorkloads(scene: RunningScene, workloads: readonly WorkloadPlan[]): Promise<void> {
  const { access } = scene.controlPlane;
  for (const workload of workloads) {
    const { name } = workload;
    await scene.registry.real.pushImage({ repository: name, tag: FIRST_VERSION });
    const described = workloadOf('Deployment', {
      name,
      images: { app: `${scene.registry.front.host}/${name}:${FIRST_VERSION}` },
      annotations: {
        policy: workload.policy,
        'require-approval': String(workload.requireApproval),
        'event-source': workload.eventSource,
        'min-update-interval': String(workload.minIntervalSeconds),
        'polling-interval': String(POLLING_INTERVAL_SECONDS),
      },
    });
    await access.expectOk('POST', `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`, described);
  }
  for (const { urls, name } of scene.replicas)
    await eventually(
      async () => {
        const answer = await fetch(`${urls.api}/api/v1/workloads?namespace=${NAMESPACE}`, {
          signal: AbortSignal.timeout(5000),
        });
        const text = await answer.text();
        return workloads.every((workload) => text.includes(`"${workload.name}"`));
      },
      { what: `${name} knows the workloads`, timeoutMs: 20_000, everyMs: 50 },
    );
}

/** What the replicas themselves say is wrong: each record at level ERROR is a bug, and so is an end that nobody asked for. */
function soundness(
  scene: RunningScene,
  before: readonly { readonly logs: number; readonly other: number; readonly crashes: number }[],
): readonly string[] {
  return scene.replicas.flatMap((replica, index) => {
    const { logs = 0, other = 0, crashes = 0 } = before[index] ?? {};
    const errors = replica
      .logs()
      .slice(logs)
      .filter(({ level }) => level === 'ERROR');
    return [
      ...errors.map(({ fields }) => `${replica.name} has a bug: ${JSON.stringify(fields)}`),
      ...replica
        .otherOutput()
        .slice(other)
        .map((line) => `${replica.name} printed: ${line}`),
      ...replica.crashes.slice(crashes).map((exit) => `${replica.name} ended: ${JSON.stringify(exit)}`),
    ];
  });
}

async function breakAndHeal(
  scene: RunningScene,
  { fault, atMs, lastsMs, seed }: FaultPlan,
): Promise<{ readonly name: string; readonly healing: Healing }> {
  const { name } = fault;
  await sleep(atMs);
  scene.note(`fault: ${name}`);
  const draws = drawsOf(seed);
  const healing = await fault.begin(scene, () => draws.next());
  await sleep(lastsMs);
  await healing.heal();
  scene.note(`healed: ${name}, after ${healing.bites()} bites`);
  return { name, healing };
}

/** Waits until nothing is missing; answers what is wrong, and what is missing when the time is over. */
async function converge(
  { scene, promises }: Acting,
  plan: Plan,
  senders: readonly Promise<void>[],
): Promise<readonly string[]> {
  const endMs = performance.now() + plan.convergesWithinMs;
  let areAllTold = false;
  // Whoever plays the run waits for them too, and learns of a failure.
  void Promise.all(senders).then(
    () => (areAllTold = true),
    () => undefined,
  );
  for (;;) {
    const verdicts = (await gather(scene, plan.workloads, promises)).map(judge);
    const wrong = verdicts.flatMap((verdict) => verdict.wrong);
    const missing = [
      ...(areAllTold ? [] : ['not all webhooks are acknowledged']),
      ...verdicts.flatMap((verdict) => verdict.missing),
    ];
    if (wrong.length > 0 || missing.length === 0) return wrong;
    if (performance.now() > endMs)
      return missing.map((what) => `not within ${plan.convergesWithinMs / 1000} s: ${what}`);
    await sleep(LOOKS_EVERY_MS);
  }
}

function tell(about: {
  readonly plan: Plan;
  readonly timeline: readonly string[];
  readonly scene: RunningScene;
  readonly startedAt: string;
}): string {
  const logs = about.scene.replicas.flatMap((replica) =>
    replica
      .logs()
      .filter(({ timestamp, level }) => timestamp >= about.startedAt && level !== 'DEBUG')
      .map(
        ({ timestamp, level, fields }) => `${timestamp} ${replica.name} ${level} ${JSON.stringify(fields)}`,
      ),
  );
  return [
    describePlan(about.plan),
    `begun at ${about.startedAt}`,
    ...about.timeline,
    ...logs.toSorted(),
  ].join('\n');
}
