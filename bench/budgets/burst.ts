import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import { z } from 'zod';
import { UpdateRequest } from '../../src/core/update-request.ts';
import { requestsPath } from '../../src/pipeline/request-store.ts';
import { awaitReady } from '../await-ready.ts';
import { updateBarely } from '../bare-writes.ts';
import type { ClusterBudget, Row } from '../budget.ts';
import { repositoryOf, workloadName, type Stage } from '../stage.ts';
import { startUpdateWatch } from '../update-watch.ts';
import { postWebhook } from '../webhook-body.ts';

const BURST = 1000;
const TAG = '1.1.0';
/** As many as Headwind works on at once, so that the floor uses the API server as it does. */
const WRITERS = 16;
const PATIENCE_MS = 180_000;

export const burst: ClusterBudget = {
  kind: 'cluster',
  name: 'burst',
  title: 'Burst of webhooks that match',
  sizes: [5000],
  async measure(stage, size) {
    // The last ones: the first ones have been updated by other measurements.
    const count = Math.min(stage.quick ? 100 : BURST, size);
    const numbers = Array.from({ length: count }, (_, index) => size - count + index);
    await stage.pushTags(numbers, TAG);
    const floorMs = await bareMs(stage, count);
    const headwind = await stage.startHeadwind({ narrow: true });
    const watch = await startUpdateWatch(stage);
    try {
      await awaitReady(headwind);
      stage.progress(`${count} webhooks at once`);
      const before = await generations(stage, numbers);
      const seen = numbers.map((number) => watch.update(workloadName(number), TAG));
      const startedMs = performance.now();
      const attempts = await Promise.all(
        numbers.map((number) => postUntilAccepted(stage, headwind.urls.webhook, number)),
      );
      const answeredMs = performance.now() - startedMs;
      const all = Promise.all(seen.flatMap(({ patched, completed }) => [patched, completed]));
      const late = sleep(PATIENCE_MS, undefined, { ref: false });
      await Promise.race([all, late]);
      const completedMs = performance.now() - startedMs;
      const fate = await judge(stage, numbers, before);
      const again = attempts.reduce((sum, tries) => sum + tries - 1, 0);
      return toRows({ ...fate, count, answeredMs, completedMs, again, floorMs });
    } finally {
      await watch.stop();
      await headwind.stop();
      await stage.forgetRequests();
    }
  },
};

async function bareMs(stage: Stage, count: number): Promise<number> {
  const names = await stage.floorDeployments(count);
  stage.progress(`the bare writes of ${count} updates, ${WRITERS} at once`);
  const limit = pLimit(WRITERS);
  const startedMs = performance.now();
  await limit.map([...names], (name) => updateBarely(stage, name, TAG));
  return performance.now() - startedMs;
}

/** As registries do: what is not accepted is sent again. Answers how often it was sent. */
async function postUntilAccepted(stage: Stage, server: string, number: number): Promise<number> {
  const pushed = { host: stage.registryHost, repository: repositoryOf(number), tag: TAG };
  for (let tries = 1; ; tries += 1) {
    const { status } = await postWebhook(server, pushed);
    if (status === 200) return tries;
    if (status !== 429 && status !== 503) throw new Error(`a webhook of the burst was answered ${status}`);
    await sleep(1000);
  }
}

interface Fate {
  /** Workloads that do not run the new tag, or whose request is not Completed. */
  readonly lost: number;
  /** Workloads that were changed more than once, or have more than one request. */
  readonly twice: number;
}

const Deployment = z.object({
  metadata: z.object({ generation: z.number() }),
  spec: z.object({
    template: z.object({ spec: z.object({ containers: z.array(z.object({ image: z.string() })) }) }),
  }),
});
type Deployment = z.infer<typeof Deployment>;

async function deployment(stage: Stage, number: number): Promise<Deployment> {
  const path = `/apis/apps/v1/namespaces/${stage.namespace}/deployments/${workloadName(number)}`;
  return Deployment.parse(await stage.client.request({ method: 'GET', path }));
}

async function generations(stage: Stage, numbers: readonly number[]): Promise<readonly number[]> {
  const limit = pLimit(WRITERS);
  return limit.map([...numbers], async (number) => (await deployment(stage, number)).metadata.generation);
}

async function judge(stage: Stage, numbers: readonly number[], before: readonly number[]): Promise<Fate> {
  const list = z
    .object({ items: z.array(UpdateRequest) })
    .parse(await stage.client.request({ method: 'GET', path: requestsPath(stage.namespace) }));
  const requests = Map.groupBy(list.items, ({ spec }) => spec.targetRef.name);
  const limit = pLimit(WRITERS);
  const fates = await limit.map(
    numbers.map((number, index) => ({ number, index })),
    async ({ number, index }) => {
      const { metadata, spec } = await deployment(stage, number);
      const own = requests.get(workloadName(number)) ?? [];
      const runs = spec.template.spec.containers[0]?.image.endsWith(`:${TAG}`) === true;
      return {
        lost: !runs || own[0]?.status.phase !== 'Completed',
        twice: own.length > 1 || metadata.generation > (before[index] ?? 0) + 1,
      };
    },
  );
  return { lost: fates.filter(({ lost }) => lost).length, twice: fates.filter(({ twice }) => twice).length };
}

function toRows(
  burst: Fate & {
    readonly count: number;
    readonly answeredMs: number;
    readonly completedMs: number;
    readonly again: number;
    readonly floorMs: number;
  },
): readonly Row[] {
  const name = `burst of ${burst.count}`;
  const none = { kind: 'at most', value: 0 } as const;
  const floor = { what: `the bare writes, ${WRITERS} at once`, value: burst.floorMs / 1000 };
  return [
    { what: `${name}: lost`, value: burst.lost, unit: '', limit: none },
    { what: `${name}: applied twice`, value: burst.twice, unit: '', limit: none },
    { what: `${name}: refused once and sent again`, value: burst.again, unit: '' },
    { what: `${name}: all answered`, value: burst.answeredMs / 1000, unit: 's', floor },
    { what: `${name}: all completed`, value: burst.completedMs / 1000, unit: 's', floor },
  ];
}
