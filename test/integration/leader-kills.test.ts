import { describe, expect, inject, it } from 'vitest';
import { eventually } from '../parts/eventually.ts';
import type { Program } from '../parts/program.ts';
import { nothingIsLost, openPushLoad, type Deliver, type PushLoad } from '../parts/push-load.ts';
import { leads, startReplica, tellReplica, untilLeading } from '../parts/replicas.ts';
import { knownTo, requestsFor } from '../parts/workload-views.ts';
import { openWorld, requestsWhen, type World } from '../parts/world.ts';

// With the default times a kill costs 12 s of waiting, and shows what everybody gets. What happens in the gap does not hang on its
// length, so most kills are with times of a third of those, and twenty of them take less than three minutes.
const ROUNDS = [
  {
    what: 'the default times',
    kills: Number(process.env['HEADWIND_TEST_LEADER_KILLS'] ?? '2'),
    takeoverSeconds: 15,
    env: {},
  },
  {
    what: 'short times',
    kills: 18,
    takeoverSeconds: 10,
    env: {
      HEADWIND_LEASE_DURATION: '4',
      HEADWIND_LEASE_RENEW_DEADLINE: '3',
      HEADWIND_LEASE_RETRY_PERIOD: '1',
    },
  },
];

describe.each(ROUNDS)(
  'the leader is killed $kills times under load, with $what',
  ({ what, kills, takeoverSeconds, env }) => {
    it('the other takes over in time, nothing that was acknowledged is lost, and nothing is applied twice', async () => {
      const world = await openWorld(inject('controlPlane'), {
        narrow: true,
        notifies: false,
        env: { HEADWIND_LEADER_ELECTION: 'true', HEADWIND_VERIFY_IMAGES: 'never', ...env },
      });
      const replicas: Program[] = [];
      let load: PushLoad | undefined;
      try {
        replicas.push(world.headwind(), await startReplica(world));
        const { api, namespace } = world;
        load = await openPushLoad({
          api,
          namespace,
          workloads: 40,
          senders: 2,
          pauseMs: 150,
          deliver: toOneAfterTheOther(replicas),
        });
        await knownTo(world, ...load.names);
        await untilLeading(world.headwind());
        load.start();
        const takeovers: number[] = [];
        for (let kill = 0; kill < kills; kill += 1) {
          takeovers.push(await killLeader(replicas, load));
          replicas.push(await startReplica(world));
        }
        await load.stop();
        tell(what, takeovers);
        expect(Math.max(...takeovers)).toBeLessThanOrEqual(takeoverSeconds);
        await expectNothingLost(world, load);
      } finally {
        load?.close();
        for (const program of replicas) await program.stop();
        await world.close();
      }
    }, 900_000);
  },
);

/** As a registry does that is told a Service: any of those that run, and another one when that does not answer. */
function toOneAfterTheOther(replicas: readonly Program[]): Deliver {
  let turn = 0;
  return async ({ repository, tag }) => {
    turn += 1;
    const replica = replicas[turn % replicas.length];
    if (replica === undefined) throw new Error('nobody runs');
    return tellReplica(replica, repository, tag);
  };
}

/** Kills the leader and answers after how many seconds a webhook that came later is applied; the dead one is taken away. */
async function killLeader(replicas: Program[], load: PushLoad): Promise<number> {
  const [first, second] = replicas;
  if (first === undefined || second === undefined) throw new Error('two replicas run');
  const [leader, other] = (await leads(first)) ? [first, second] : [second, first];
  await untilLeading(leader);
  const killedAtMs = performance.now();
  leader.kill('SIGKILL');
  await leader.exited;
  replicas.splice(replicas.indexOf(leader), 1);
  // The dead one cannot have applied what came to be after its end.
  const image = await load.push(load.spare, ({ repository, tag }) => tellReplica(other, repository, tag));
  await eventually(() => load.imageOf(load.spare) === image, { what: `${image} runs`, timeoutMs: 30_000 });
  const seconds = (performance.now() - killedAtMs) / 1000;
  expect(await leads(other)).toBe(true);
  return seconds;
}

function tell(what: string, takeovers: readonly number[]): void {
  const sorted = takeovers.toSorted((a, b) => a - b).map((seconds) => `${seconds.toFixed(1)} s`);
  const [least, median, most] = [sorted[0], sorted[Math.floor(sorted.length / 2)], sorted.at(-1)];
  process.stdout.write(
    `takeovers with ${what}: ${sorted.length}, at least ${least}, median ${median}, at most ${most}\n`,
  );
}

async function expectNothingLost(world: World, load: PushLoad): Promise<void> {
  const outcomes = await nothingIsLost(load);
  const finished = new Set(['Completed', 'Superseded']);
  const requests = await requestsWhen(world, 'each request is finished', (all) =>
    all.every(({ status }) => finished.has(status.phase)),
  );
  for (const { name, acknowledged, ran } of outcomes) {
    const ours = requestsFor(requests, name);
    const imagesOf = (all: typeof ours): readonly string[] => all.map(({ spec }) => spec.newImage).toSorted();
    // Asked for a second time where the workload moved on while the first request was made: from another version then.
    expect(new Set(imagesOf(ours))).toEqual(new Set(acknowledged));
    expect(imagesOf(ours.filter(({ status }) => status.phase === 'Completed'))).toEqual(
      ran.slice(1).toSorted(),
    );
  }
  const sum = (count: (outcome: (typeof outcomes)[number]) => number): number =>
    outcomes.reduce((so, outcome) => so + count(outcome), 0);
  process.stdout.write(
    `${sum(({ acknowledged }) => acknowledged.length)} webhooks were acknowledged, ` +
      `${sum(({ changes }) => changes)} of their versions applied, the others passed over for newer ones\n`,
  );
}
