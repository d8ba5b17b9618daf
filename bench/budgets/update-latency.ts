import { z } from 'zod';
import { awaitReady } from '../await-ready.ts';
import { updateBarelySeen } from '../bare-writes.ts';
import { timesFloor, type ClusterBudget, type Floor, type Row } from '../budget.ts';
import { quantile } from '../quantile.ts';
import { repositoryOf, workloadName, type Stage } from '../stage.ts';
import { sinceStart, startUpdateWatch, type Seen, type UpdateWatch } from '../update-watch.ts';
import { postWebhook } from '../webhook-body.ts';

/** Here and above the budget counts. */
const BUDGETED_SIZE = 5000;
/** A hundredth of them has to be many: what a collector of garbage meets varies. */
const SAMPLES = 2000;
/** At the sizes that only show how it grows. */
const FEW_SAMPLES = 120;
const QUICK_SAMPLES = 60;
const WARM_UP = 20;

export const updateLatency: ClusterBudget = {
  kind: 'cluster',
  name: 'update-latency',
  title: 'Webhook received to workload patched, approved by policy',
  how: 'One update after the other, from giving the webhook to its connection until a watch shows the patched Deployment: 2,000 samples from 5,000 workloads on. In turns with the floor: the three writes that it takes up to there (create the UpdateRequest, approve it, patch the workload), by a bare client, seen by a watch of the same kind.',
  sizes: [100, 1000, BUDGETED_SIZE, 10_000],
  async measure(stage, size) {
    const count = Math.min(stage.quick ? QUICK_SAMPLES : WARM_UP + samplesAt(size), size);
    const tag = `1.0.${size}`;
    await stage.pushTags(
      Array.from({ length: count }, (_, number) => number),
      tag,
    );
    const floorNames = await stage.floorDeployments(count);
    const headwind = await stage.startHeadwind({ narrow: true });
    const watch = await startUpdateWatch(stage, stage.namespace);
    const floorWatch = await startUpdateWatch(stage, stage.floorNamespace);
    try {
      await awaitReady(headwind);
      stage.progress(`${count} updates one after the other, and the same writes barely`);
      const floors: Seen[] = [];
      const own: Own[] = [];
      // By turns, so that whatever else the machine does meets both alike.
      for (let sample = 0; sample < count; sample += 1) {
        floors.push(
          await updateBarelySeen(stage, { watch: floorWatch, name: floorNames[sample] ?? '', tag }),
        );
        own.push(await updateByWebhook(stage, { url: headwind.urls.webhook, watch, number: sample, tag }));
      }
      return toRows(size, floors.slice(WARM_UP), own.slice(WARM_UP));
    } finally {
      await watch.stop();
      await floorWatch.stop();
      await headwind.stop();
      await stage.forgetRequests();
    }
  },
};

function samplesAt(size: number): number {
  return size >= BUDGETED_SIZE ? SAMPLES : FEW_SAMPLES;
}

interface Own extends Seen {
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
  const pushed = { host: stage.registryHost, repository: repositoryOf(number), tag };
  const answer = await postWebhook(update.url, pushed);
  const answeredMs = performance.now() - answer.sentMs;
  if (!Answer.safeParse(answer.body).success)
    throw new Error(`the webhook caused no update: ${answer.status} ${JSON.stringify(answer.body)}`);
  return { answeredMs, ...(await sinceStart(seen, answer.sentMs)) };
}

function toRows(size: number, floors: readonly Seen[], own: readonly Own[]): readonly Row[] {
  const row = (
    what: string,
    share: number,
    { values, bare }: { readonly values: readonly number[]; readonly bare: Floor },
  ): Row => {
    const series = `webhook → ${what}, ${share === 0.5 ? 'median' : `p${share * 100}`}`;
    return {
      what: `${series}, ${size} workloads`,
      value: quantile(values, share),
      unit: 'ms',
      floor: bare,
      growth: { series, of: 'workloads', size },
    };
  };
  const patched = own.map(({ patchedMs }) => patchedMs);
  const upToPatch = floors.map(({ patchedMs }) => patchedMs);
  const all = floors.map(({ completedMs }) => completedMs);
  const bare = (writes: string, values: readonly number[], share: number): Floor => ({
    what: `${writes}, ${share === 0.5 ? 'median' : 'p99'}`,
    value: quantile(values, share),
  });
  const three = 'the 3 bare writes up to the patch';
  const four = 'the 4 bare writes';
  const p99 = row('workload patched', 0.99, { values: patched, bare: bare(three, upToPatch, 0.99) });
  return [
    size >= BUDGETED_SIZE ? { ...p99, ...timesFloor(1.5, bare(three, upToPatch, 0.99)) } : p99,
    row('workload patched', 0.5, { values: patched, bare: bare(three, upToPatch, 0.5) }),
    row('answered', 0.5, {
      values: own.map(({ answeredMs }) => answeredMs),
      bare: bare(four, all, 0.5),
    }),
    row('Completed', 0.5, {
      values: own.map(({ completedMs }) => completedMs),
      bare: bare(four, all, 0.5),
    }),
  ];
}
