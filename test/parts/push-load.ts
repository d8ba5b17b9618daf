import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { follow } from './cluster/follow.ts';
import type { ControlPlaneAccess } from './control-plane-access.ts';
import { eventually } from './eventually.ts';
import type { Answer } from './workload-views.ts';
import { workloadOf } from './world.ts';

/** Tells somebody of a push, the `attempt`th time that this is tried (from 1 on); what it throws is tried again. */
export type Deliver = (push: Push, attempt: number) => Promise<Pick<Answer, 'status' | 'body'>>;

export interface Push {
  readonly repository: string;
  readonly tag: string;
}

export interface PushLoadOptions {
  readonly api: ControlPlaneAccess;
  /** Where its workloads are made. */
  readonly namespace: string;
  readonly workloads: number;
  /** How long a sender waits between two pushes, in milliseconds. */
  readonly pauseMs: number;
  /** How many send at the same time, each for workloads of its own; one unless told. */
  readonly senders?: number;
  readonly deliver: Deliver;
}

/** Webhooks for as long as it runs: each workload gets version after version. */
export interface PushLoad {
  /** Names of its workloads: Deployments without pods, from `registry.test/NAME:1.0.0` on, approved by their policy. */
  readonly names: readonly string[];
  /** One more of them that gets no push but those that a test makes. */
  readonly spare: string;
  /** Tells of the next version of a workload, again until that is acknowledged; answers its image. */
  push(name: string, deliver: Deliver): Promise<string>;
  /** The image that a workload runs now. */
  imageOf(name: string): string | undefined;
  start(): void;
  /** Ends it, and waits for the pushes that are under way. Throws if one was not acknowledged within a minute. */
  stop(): Promise<void>;
  /** Ends it however far it is, and sees no more of the workloads. */
  close(): void;
  /** What was acknowledged, and what was seen of the workloads while that happened. */
  outcome(): readonly WorkloadOutcome[];
}

export interface WorkloadOutcome {
  readonly name: string;
  /** Images whose webhook was answered 2xx, in that order. */
  readonly acknowledged: readonly string[];
  /** Images that it ran, in that order; the one that it was created with is the first. */
  readonly ran: readonly string[];
  /** How often its spec was changed. */
  readonly changes: number;
}

const Deployment = z.object({
  metadata: z.object({ name: z.string(), generation: z.number() }),
  spec: z.object({
    template: z.object({ spec: z.object({ containers: z.tuple([z.object({ image: z.string() })]) }) }),
  }),
});
const Acknowledged = z.object({ matched: z.number() });

/** Creates the workloads and watches them; `start` begins with the pushes. */
export async function openPushLoad(options: PushLoadOptions): Promise<PushLoad> {
  const { api, namespace, workloads, pauseMs, senders = 1 } = options;
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
  const spare = 'spare';
  const names = Array.from({ length: workloads }, (_, index) => `load-${index}`);
  const all = [...names, spare];
  const acknowledged = new Map<string, string[]>(all.map((name) => [name, []]));
  const ran = new Map<string, string[]>(all.map((name) => [name, []]));
  const annotations = { 'require-approval': 'false', 'min-update-interval': '0' };
  for (const name of all) {
    const images = { app: `registry.test/${name}:1.0.0` };
    await api.expectOk('POST', path, workloadOf('Deployment', { name, images, annotations }));
  }
  const deployments = await follow({
    api,
    path,
    parse: (object) => Deployment.parse(object),
    onChange: (deployment) => {
      const images = ran.get(deployment.metadata.name);
      if (images?.at(-1) !== imageIn(deployment)) images?.push(imageIn(deployment));
    },
  });
  const ours = (): readonly z.infer<typeof Deployment>[] =>
    deployments.all().filter(({ metadata }) => acknowledged.has(metadata.name));
  const stopping = new AbortController();
  let running: Promise<unknown> = Promise.resolve();

  async function push(name: string, deliver: Deliver): Promise<string> {
    const soFar = acknowledged.get(name) ?? [];
    const tag = `1.${soFar.length + 1}.0`;
    const repository = `registry.test/${name}`;
    let attempt = 0;
    await eventually(
      async () => {
        attempt += 1;
        const { status, body } = await deliver({ repository, tag }, attempt);
        return status === 200 && Acknowledged.parse(body).matched > 0;
      },
      { what: `the push of ${tag} of ${name} is acknowledged`, timeoutMs: 60_000, everyMs: 100 },
    );
    soFar.push(`${repository}:${tag}`);
    return `${repository}:${tag}`;
  }

  async function goOn(sender: number): Promise<void> {
    const own = names.filter((_, index) => index % senders === sender);
    for (let turn = 0; !stopping.signal.aborted; turn += 1) {
      await push(own[turn % own.length] ?? '', options.deliver);
      await sleep(pauseMs);
    }
  }

  return {
    names: all,
    spare,
    push,
    imageOf: (name) =>
      ours()
        .filter(({ metadata }) => metadata.name === name)
        .map(imageIn)[0],
    start() {
      running = Promise.all(Array.from({ length: senders }, (_, sender) => goOn(sender)));
      // Whoever stops it is told.
      running.catch(() => undefined);
    },
    async stop() {
      stopping.abort();
      await running;
    },
    close() {
      stopping.abort();
      deployments.stop();
    },
    outcome: () =>
      ours().map(({ metadata: { name, generation } }) => ({
        name,
        acknowledged: acknowledged.get(name) ?? [],
        ran: ran.get(name) ?? [],
        changes: generation - 1,
      })),
  };
}

function imageIn({ spec }: z.infer<typeof Deployment>): string {
  return spec.template.spec.containers[0].image;
}

/** What went wrong with a workload, in words: nothing where each version was applied once or passed over for a newer one. */
export function wrongsOf({ name, acknowledged, ran, changes }: WorkloadOutcome): readonly string[] {
  const last = acknowledged.at(-1) ?? ran[0];
  const versions = ran.map((image) => Number(/:1\.(\d+)\.0$/.exec(image)?.[1]));
  const below = ran.filter((_, index) => !((versions[index] ?? 0) > (versions[index - 1] ?? -1)));
  return [
    ...(ran.at(-1) === last ? [] : [`${name} runs ${ran.at(-1)}, and ${last} was the last acknowledged`]),
    ...below.map((image) => `${name} came to ${image} from a version that is not below it`),
    ...(changes === ran.length - 1
      ? []
      : [`${name} was changed ${changes} times to run ${ran.length - 1} versions`]),
  ];
}

/**
 * Waits until each workload runs what was acknowledged last, and throws unless each came there upwards and with one change for
 * each version. Answers what came of all of them.
 */
export async function nothingIsLost(load: PushLoad): Promise<readonly WorkloadOutcome[]> {
  return eventually(
    () => {
      const outcomes = load.outcome();
      const wrongs = outcomes.flatMap(wrongsOf);
      if (wrongs.length > 0) throw new Error(wrongs.slice(0, 10).join('; '));
      return outcomes;
    },
    { what: 'each workload runs what was acknowledged last, and came there upwards', timeoutMs: 30_000 },
  );
}
