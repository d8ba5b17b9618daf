import { z } from 'zod';
import { awaitReady } from '../await-ready.ts';
import { updateBarely, type BareUpdate } from '../bare-writes.ts';
import { timesFloor, type ClusterBudget, type Row } from '../budget.ts';
import { median, quantile } from '../quantile.ts';
import { repositoryOf, workloadName, type Stage } from '../stage.ts';
import { startUpdateWatch, type UpdateWatch } from '../update-watch.ts';
import { postWebhook } from '../webhook-body.ts';

const BUDGETED_SIZE = 5000;
const SAMPLES = 400;
/** At the sizes that only show how it grows. */
const FEW_SAMPLES = 60;
const WARM_UP = 20;

export const updateLatency: ClusterBudget = {
  kind: 'cluster',
  name: 'update-latency',
  title: 'Webhook received to workload patched, approved by policy',
  sizes: [100, 1000, BUDGETED_SIZE],
  async measure(stage, size) {
    const isBudgeted = size >= BUDGETED_SIZE;
    const wanted = isBudgeted && !stage.quick ? SAMPLES : FEW_SAMPLES;
    const count = Math.min(wanted, size);
    const tag = `1.0.${size}`;
    await stage.pushTags(
      Array.from({ length: count }, (_, number) => number),
      tag,
    );
    const floorNames = await stage.floorDeployments(count);
    const headwind = await stage.startHeadwind({ narrow: true });
    const watch = await startUpdateWatch(stage);
    try {
      await awaitReady(headwind);
      stage.progress(`${count} updates one after the other, and the same writes barely`);
      const floors: BareUpdate[] = [];
      const own: Own[] = [];
      // By turns, so that whatever else the machine does meets both alike.
      for (let sample = 0; sample < count; sample += 1) {
        floors.push(await updateBarely(stage, floorNames[sample] ?? '', tag));
        own.push(await updateByWebhook(stage, { url: headwind.urls.webhook, watch, number: sample, tag }));
      }
      return toRows(size, floors.slice(WARM_UP), own.slice(WARM_UP));
    } finally {
      await watch.stop();
      await headwind.stop();
      await stage.forgetRequests();
    }
  },
};

interface Own extends BareUpdate {
  /** Until the webhook was answered. */
  readonly answeredMs: number;
}

const Answer = z.object({ created: z.literal(1) });

async function updateByWebhook(
  stage: Stage,
  update: {
    readonly url: string;
    readonly watch: UpdateWatch;
    readonly number: number;
    readonly tag: string;
  },
): Promise<Own> {
  const { watch, number, tag } = update;
  const seen = watch.update(workloadName(number), tag);
  const startedMs = performance.now();
  const pushed = { host: stage.registryHost, repository: repositoryOf(number), tag };
  const answer = await postWebhook(update.url, pushed);
  const answeredMs = performance.now() - startedMs;
  if (!Answer.safeParse(answer.body).success)
    throw new Error(`the webhook caused no update: ${answer.status} ${JSON.stringify(answer.body)}`);
  const patchedMs = (await seen.patched) - startedMs;
  const completedMs = (await seen.completed) - startedMs;
  return { answeredMs, patchedMs, completedMs };
}

function toRows(size: number, floors: readonly BareUpdate[], own: readonly Own[]): readonly Row[] {
  const p99 = quantile(
    own.map(({ patchedMs }) => patchedMs),
    0.99,
  );
  const floor = {
    what: 'the 4 bare writes, p99',
    value: quantile(
      floors.map(({ completedMs }) => completedMs),
      0.99,
    ),
  };
  const isBudgeted = size >= BUDGETED_SIZE;
  const middle = (what: string, value: number, bare: string, values: readonly number[]): Row => ({
    what: `${what}, median, ${size} workloads`,
    value,
    unit: 'ms',
    floor: { what: bare, value: median(values) },
  });
  return [
    {
      what: `webhook → workload patched, p99, ${size} workloads`,
      value: p99,
      unit: 'ms',
      ...(isBudgeted ? timesFloor(1.5, floor) : { floor }),
    },
    middle(
      'webhook → answered',
      median(own.map(({ answeredMs }) => answeredMs)),
      'the 4 bare writes, median',
      floors.map(({ completedMs }) => completedMs),
    ),
    middle(
      'webhook → workload patched',
      median(own.map(({ patchedMs }) => patchedMs)),
      'the 3 writes up to the patch, median',
      floors.map(({ patchedMs }) => patchedMs),
    ),
    middle(
      'webhook → Completed',
      median(own.map(({ completedMs }) => completedMs)),
      'the 4 bare writes, median',
      floors.map(({ completedMs }) => completedMs),
    ),
  ];
}
