import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Replica } from './fault.ts';
import { FIRST_VERSION, type PushPlan, type WorkloadPlan } from './plan.ts';
import { NAMESPACE } from './scene-facts.ts';
import type { RunningScene } from './scene.ts';

/** A replica that is stopped keeps its connections, and says nothing. */
const PATIENCE_MS = 4000;
const PAUSE_MS = 200;

/** What those who use a scene have been promised, as a run goes on. */
export interface Promises {
  /** `workload tag` of each push whose webhook was acknowledged. */
  readonly told: Set<string>;
  /** `workload tag` of each push that has begun: a poll may find it before whoever pushes knows that it is done. */
  readonly begun: Set<string>;
  /** `workload tag` of each push that is in the registry. */
  readonly pushed: Set<string>;
  /** `workload request` of each decision that was acknowledged. */
  readonly approved: Set<string>;
  readonly rejected: Set<string>;
}

/** Who does it in which scene, how long, and what came of it. */
export interface Acting {
  readonly scene: RunningScene;
  readonly promises: Promises;
  /** Whether the run is over. */
  isOver(): boolean;
}

/** Pushes an image. */
export async function pushImage({ scene, promises }: Acting, { workload, tag }: PushPlan): Promise<void> {
  promises.begun.add(`${workload} ${tag}`);
  await scene.registry.real.pushImage({ repository: workload, tag, content: `${workload} ${tag}` });
  promises.pushed.add(`${workload} ${tag}`);
}

/** Tells of a push as registries do, until a replica has acknowledged that or the sender gives up. */
export async function tellOf(acting: Acting, push: PushPlan): Promise<void> {
  const { scene, promises } = acting;
  const { workload, tag } = push;
  const repository = `${scene.registry.front.host}/${workload}`;
  for (let attempt = 0; attempt < push.attempts && !acting.isOver(); attempt += 1) {
    const replica = replicaOf(scene, push.toldTo + attempt);
    const status = await post(`${replica.urls.webhook}/webhook/registry`, { repository, tag });
    scene.note(`${replica.name} is told of ${workload}:${tag}: ${status}`);
    if (status !== undefined && status < 300) {
      promises.told.add(`${workload} ${tag}`);
      return;
    }
    await sleep(PAUSE_MS);
  }
}

const Listed = z.array(
  z.object({
    metadata: z.object({ name: z.string() }),
    spec: z.object({ targetRef: z.object({ name: z.string() }), newImage: z.string() }),
    status: z.object({ phase: z.string() }),
  }),
);

/** Says yes or no to every request for a workload that waits, at one replica or the other, until the run is over. */
export async function decide(acting: Acting, workload: WorkloadPlan): Promise<void> {
  const { scene, promises } = acting;
  for (let turn = workload.decidesAt; !acting.isOver(); turn += 1) {
    const replica = replicaOf(scene, turn);
    for (const { metadata, spec } of await requestsAt(replica, workload.name, 'Pending')) {
      const { name } = metadata;
      const tag = tagOf(spec.newImage);
      const verb = workload.rejects.includes(tag) ? 'reject' : 'approve';
      const url = `${replica.urls.api}/api/v1/updates/${NAMESPACE}/${name}/${verb}`;
      const status = await post(url, { approver: 'alice' });
      scene.note(`${replica.name} is asked to ${verb} ${name} (${tag}): ${status}`);
      if (status === undefined || status >= 300) continue;
      (verb === 'approve' ? promises.approved : promises.rejected).add(`${workload.name} ${name}`);
    }
    await sleep(PAUSE_MS);
  }
}

/** Takes the first version of a workload back once it has moved, until a replica has acknowledged that. */
export async function rollBack(acting: Acting, workload: WorkloadPlan): Promise<void> {
  const { scene } = acting;
  for (let turn = workload.decidesAt; !acting.isOver(); turn += 1) {
    const replica = replicaOf(scene, turn);
    // What is applied and not yet written down could not be taken back.
    if ((await requestsAt(replica, workload.name, 'Completed')).length > 0) {
      const url = `${replica.urls.api}/api/v1/rollback/${NAMESPACE}/${workload.name}`;
      const status = await post(url, { image: FIRST_VERSION, user: 'alice' });
      scene.note(`${replica.name} is asked to roll ${workload.name} back: ${status}`);
      if (status !== undefined && status < 300) return;
    }
    await sleep(PAUSE_MS);
  }
}

async function requestsAt(
  replica: Replica,
  workload: string,
  phase: 'Pending' | 'Completed',
): Promise<z.infer<typeof Listed>> {
  try {
    const query = `namespace=${NAMESPACE}&phase=${phase}&limit=100`;
    const answer = await fetch(`${replica.urls.api}/api/v1/updates?${query}`, {
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const text = await answer.text();
    if (!answer.ok) return [];
    return Listed.parse(JSON.parse(text)).filter(({ spec }) => spec.targetRef.name === workload);
  } catch {
    return [];
  }
}

/** The status, or undefined where there was no answer. */
async function post(url: string, body: object): Promise<number | undefined> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    await answer.arrayBuffer();
    return answer.status;
  } catch {
    return undefined;
  }
}

function replicaOf(scene: RunningScene, turn: number): Replica {
  const replica = scene.replicas[turn % scene.replicas.length];
  if (replica === undefined) throw new Error('a scene without replicas');
  return replica;
}

export function tagOf(image: string): string {
  return image.slice(image.lastIndexOf(':') + 1);
}
