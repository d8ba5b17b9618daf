import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { eventually } from '../parts/eventually.ts';
import { killProgramOf, openReplicated, type Replicated } from '../parts/cluster/replicated.ts';
import { rounds } from '../parts/cluster/rounds.ts';
import { nothingIsLost, openPushLoad, type Deliver, type PushLoad } from '../parts/push-load.ts';

const TAKEOVER_SECONDS = 15;

describe.each(rounds(process.env))('two replicas, installed by the shipped manifests, round %i', () => {
  let headwind: Replicated;
  let load: PushLoad;
  const refused: string[] = [];

  /** As the Service does it: any pod that is ready; one that does not answer, or not with 200, is written down. */
  const toTheService: Deliver = async (push) => {
    turn += 1;
    const addresses = headwind.addresses();
    const address = addresses[turn % addresses.length] ?? '';
    try {
      const answer = await headwind.tell(address, push);
      if (answer.status !== 200) refused.push(`${answer.status} ${JSON.stringify(answer.body)}`);
      return answer;
    } catch (error) {
      refused.push(String(error));
      throw error;
    }
  };
  let turn = 0;

  beforeAll(async () => {
    headwind = await openReplicated(2);
    const { api, namespace } = headwind;
    load = await openPushLoad({
      api,
      namespace,
      workloads: 20,
      pauseMs: 200,
      senders: 4,
      deliver: toTheService,
    });
  });
  afterAll(async () => {
    load.close();
    await headwind.close();
  });

  /** Answers after how many seconds since `fromMs` a push that one pod is told of runs. */
  const appliedBy = async (address: string, fromMs: number): Promise<number> => {
    const image = await load.push(load.spare, (push) => headwind.tell(address, push));
    await eventually(() => load.imageOf(load.spare) === image, { what: `${image} runs`, timeoutMs: 30_000 });
    return (performance.now() - fromMs) / 1000;
  };

  it('both are ready and answer, and one leads', async () => {
    const pods = await headwind.leaderFirst();

    for (const { status } of pods) await appliedBy(status.podIP ?? '', 0);
    expect(new Set(headwind.addresses())).toEqual(new Set(pods.map(({ status }) => status.podIP)));
  });

  it.each([
    {
      how: 'its program is killed',
      end: async ([leader]: Awaited<ReturnType<Replicated['ready']>>) => {
        if (leader === undefined) throw new Error('one leads');
        // The programs of another machine are out of reach; then its pod goes, as below.
        if (inject('cluster').notifies) await killProgramOf(leader);
        else await deletePod(leader.metadata.name);
      },
    },
    {
      how: 'its pod is deleted at once',
      end: ([leader]: Awaited<ReturnType<Replicated['ready']>>) => deletePod(leader?.metadata.name ?? ''),
    },
  ])('another one takes over within 15 s when $how', async ({ how, end }) => {
    const pods = await headwind.leaderFirst();
    const [leader, other] = pods;
    const fromMs = performance.now();
    await end(pods);
    const seconds = await appliedBy(other?.status.podIP ?? '', fromMs);

    process.stdout.write(`replicas: ${how}, another one acts after ${seconds.toFixed(1)} s\n`);
    expect(seconds).toBeLessThanOrEqual(TAKEOVER_SECONDS);
    // The other one, or the pod that came for the one that was deleted: whoever was the first to see that the Lease was free.
    const [next] = await headwind.leaderFirst();
    expect(next?.metadata.uid).not.toBe(leader?.metadata.uid);
  });

  const deletePod = async (name: string): Promise<void> => {
    const words = ['delete', 'pod', name, '--grace-period=0', '--force', '--wait=false'];
    await headwind.kubectl.run('--namespace', headwind.home, ...words);
  };

  it('a rolling restart turns no webhook away, loses none, and applies none twice', async () => {
    const before = await headwind.leaderFirst();
    refused.length = 0;
    load.start();
    const { kubectl, home } = headwind;
    await kubectl.run('--namespace', home, 'rollout', 'restart', 'deployment/headwind');
    const after = await eventually(
      async () => {
        const pods = await headwind.leaderFirst();
        const old = pods.filter(({ metadata }) => before.some((pod) => pod.metadata.uid === metadata.uid));
        return old.length === 0 ? pods : undefined;
      },
      { what: 'all pods are new ones', timeoutMs: 180_000, everyMs: 200 },
    );
    await load.stop();
    const outcomes = await nothingIsLost(load);
    const pushes = outcomes.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0);

    process.stdout.write(`replicas: ${pushes} webhooks, ${refused.length} turned away\n`);
    expect(after).toHaveLength(2);
    expect(pushes).toBeGreaterThan(50);
    expect(refused).toEqual([]);
  });
});
