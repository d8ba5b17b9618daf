import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiQuestion, Fault, Replica, Scene } from './fault.ts';
import { LEASE_SECONDS } from './scene-facts.ts';
import { between, lasting } from './timing.ts';

const RESTARTS_WITHIN_MS = 1000;
/** Longer than the Lease, and than the look of the other one that finds it over. */
const ASLEEP_MS = (LEASE_SECONDS.duration + LEASE_SECONDS.retryPeriod) * 1000 + 500;
/** How long a write that was waited for may take to come; else the fault is over without a bite. */
const AWAITED_MS = 4000;

type Role = 'leader' | 'follower';

/** The replica that leads, or does not; where nobody leads just now, one of them all the same. */
async function inRole({ replicas }: Scene, role: Role, random: () => number): Promise<Replica> {
  const fallback = replicas[Math.floor(random() * replicas.length)];
  for (const replica of replicas) if ((await replica.leads()) === (role === 'leader')) return replica;
  if (fallback === undefined) throw new Error('a scene without replicas');
  return fallback;
}

function ended(role: Role, signal: 'SIGKILL' | 'SIGTERM', name: string): Fault {
  return {
    name,
    async begin(scene, random) {
      const awayForMs = between(random, 0, RESTARTS_WITHIN_MS);
      const replica = await inRole(scene, role, random);
      scene.note(`${replica.name} gets ${signal}`);
      const work = async (): Promise<void> => {
        await replica.signal(signal);
        await sleep(awayForMs);
        await replica.start();
      };
      return lasting(work(), () => 1);
    },
  };
}

const bothKilled: Fault = {
  name: 'both replicas are killed',
  async begin({ replicas }, random) {
    const aways = replicas.map(() => between(random, 0, RESTARTS_WITHIN_MS));
    const work = replicas.map(async (replica, index) => {
      await replica.signal('SIGKILL');
      await sleep(aways[index] ?? 0);
      await replica.start();
    });
    return lasting(
      Promise.all(work).then(() => undefined),
      () => replicas.length,
    );
  },
};

const asleep: Fault = {
  name: 'the leader is stopped for longer than its Lease, and wakes up beside another one',
  async begin(scene, random) {
    const forMs = ASLEEP_MS + between(random, 0, 1500);
    const replica = await inRole(scene, 'leader', random);
    scene.note(`${replica.name} is stopped`);
    await replica.signal('SIGSTOP');
    let bites = 0;
    const work = async (): Promise<void> => {
      await sleep(forMs);
      for (const other of scene.replicas) if (other !== replica && (await other.leads())) bites += 1;
      await replica.signal('SIGCONT');
    };
    return lasting(work(), () => bites);
  },
};

interface Write {
  readonly what: string;
  readonly at: (question: ApiQuestion) => boolean;
  /** Whether two leaders could both make it. */
  readonly isFoughtOver: boolean;
}

/** The writes that updates and their leader need. */
const WRITES: readonly Write[] = [
  {
    what: 'a request is created',
    at: ({ method, path }) => method === 'POST' && path.endsWith('/updaterequests'),
    isFoughtOver: false,
  },
  { what: 'a request is approved', at: statusBecomes('Approved'), isFoughtOver: false },
  {
    what: 'a workload is patched',
    at: ({ method, path }) => method === 'PATCH' && path.includes('/deployments/'),
    isFoughtOver: true,
  },
  { what: 'a request is completed', at: statusBecomes('Completed'), isFoughtOver: true },
  { what: 'a request is superseded', at: statusBecomes('Superseded'), isFoughtOver: false },
  { what: 'a request is rolled back', at: statusBecomes('RolledBack'), isFoughtOver: false },
  {
    what: 'the Lease is renewed',
    at: ({ method, path }) => method !== 'GET' && path.includes('/leases/'),
    isFoughtOver: true,
  },
];

function statusBecomes(phase: string): Write['at'] {
  return ({ method, path, body }) =>
    method === 'PATCH' && path.includes('/updaterequests/') && body.includes(`"phase":"${phase}"`);
}

type When = 'before' | 'after';

/** Does something to whichever replica comes first to a write of this kind, while the write stands at its proxy. */
function caught(
  { what, at }: Write,
  when: When,
  { name, act }: { readonly name: string; readonly act: CaughtAct },
): Fault {
  return {
    name: `${name} ${when} ${what}`,
    async begin(scene, random) {
      const forMs = between(random, 0, RESTARTS_WITHIN_MS);
      const stops = scene.replicas.map((replica) => {
        const stop = replica.proxy.stopAt({ at, when });
        return { ...stop, replica };
      });
      let bites = 0;
      const work = async (): Promise<void> => {
        const reached = stops.map(async (stop) => {
          await stop.reached;
          return stop;
        });
        const first = await Promise.race([...reached, sleep(AWAITED_MS)]);
        for (const stop of stops)
          if (stop !== first) {
            stop.cancel();
            stop.release();
          }
        if (first === undefined) return;
        bites += 1;
        scene.note(`${first.replica.name} is caught ${when} ${what}`);
        await act(first.replica, forMs);
        first.release();
      };
      return lasting(work(), () => bites);
    },
  };
}

type CaughtAct = (replica: Replica, forMs: number) => Promise<void>;

const kill: CaughtAct = async (replica, forMs) => {
  await replica.signal('SIGKILL');
  await sleep(forMs);
  await replica.start();
};

const sleepWell: CaughtAct = async (replica, forMs) => {
  await replica.signal('SIGSTOP');
  await sleep(ASLEEP_MS + forMs);
  await replica.signal('SIGCONT');
};

/** What becomes of the replicas themselves. */
export const PROCESS_FAULTS: readonly Fault[] = [
  ended('leader', 'SIGKILL', 'the leader is killed'),
  ended('leader', 'SIGTERM', 'the leader is asked to end'),
  ended('follower', 'SIGKILL', 'the follower is killed'),
  bothKilled,
  asleep,
  ...WRITES.flatMap((write) => [
    caught(write, 'before', { name: 'a replica is killed', act: kill }),
    caught(write, 'after', { name: 'a replica is killed', act: kill }),
  ]),
  ...WRITES.filter(({ isFoughtOver }) => isFoughtOver).map((write) =>
    caught(write, 'before', { name: 'a replica is stopped for longer than its Lease', act: sleepWell }),
  ),
];
