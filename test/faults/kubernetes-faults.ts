import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiQuestion, ApiTrouble, Fault, Scene } from './fault.ts';
import { between, lasting } from './timing.ts';

const apiServerKilled: Fault = {
  name: 'the API server is killed, and started again',
  async begin({ controlPlane }, random) {
    const awayForMs = between(random, 0, 1500);
    await controlPlane.killApiServer();
    const work = async (): Promise<void> => {
      await sleep(awayForMs);
      await controlPlane.startApiServer();
    };
    return lasting(work(), () => 1);
  },
};

function stoppedForAWhile(
  name: string,
  signal: (scene: Scene, signal: 'SIGSTOP' | 'SIGCONT') => void,
): Fault {
  return {
    name,
    async begin(scene, random) {
      const forMs = between(random, 300, 4000);
      signal(scene, 'SIGSTOP');
      const work = async (): Promise<void> => {
        await sleep(forMs);
        signal(scene, 'SIGCONT');
      };
      return lasting(work(), () => 1);
    },
  };
}

const watchesCut: Fault = {
  name: 'watches are cut',
  async begin({ replicas }, random) {
    const times = between(random, 1, 4);
    const pauses = Array.from({ length: times }, () => between(random, 0, 600));
    let cut = 0;
    const work = async (): Promise<void> => {
      for (const pause of pauses) {
        for (const { proxy } of replicas) cut += proxy.cutWatches();
        await sleep(pause);
      }
    };
    return lasting(work(), () => cut);
  },
};

/** While nobody watches, all that a watch could go on from is forgotten: by etcd, and by the API server's own memory. */
const watchesGone: Fault = {
  name: 'watches are cut, and where they stood is compacted away (410)',
  async begin({ replicas, controlPlane }, random) {
    const awayForMs = between(random, 200, 1200);
    const before = replicas.map(({ proxy }) => proxy.gone);
    const letThrough = replicas.map(({ proxy }) =>
      proxy.trouble(({ isWatch }) => (isWatch ? { kind: 'cut' } : undefined)),
    );
    for (const { proxy } of replicas) proxy.cutWatches();
    const work = async (): Promise<void> => {
      await sleep(awayForMs);
      await controlPlane.compactEtcd();
      await controlPlane.killApiServer();
      await controlPlane.startApiServer();
      for (const through of letThrough) through();
    };
    const bites = (): number =>
      replicas.reduce((sum, { proxy }, index) => sum + proxy.gone - (before[index] ?? 0), 0);
    return lasting(work(), bites);
  },
};

/** For a while a share of all requests goes wrong at both proxies. */
function troubled(
  name: string,
  make: (random: () => number) => (question: ApiQuestion) => ApiTrouble,
): Fault {
  return {
    name,
    async begin({ replicas }, random) {
      const share = 0.2 + random() * 0.8;
      const forMs = between(random, 300, 2500);
      const trouble = make(random);
      let bites = 0;
      const undo = replicas.map(({ proxy }) =>
        proxy.trouble((question) => {
          // Which requests it meets depends on their number and time, and so no seed can tell.
          if (random() >= share) return undefined;
          bites += 1;
          return trouble(question);
        }),
      );
      const work = async (): Promise<void> => {
        await sleep(forMs);
        for (const end of undo) end();
      };
      return lasting(work(), () => bites);
    },
  };
}

/** What becomes of the API server, of etcd, and of what goes between them and the replicas. */
export const KUBERNETES_FAULTS: readonly Fault[] = [
  apiServerKilled,
  stoppedForAWhile('the API server is stopped for a while', ({ controlPlane }, signal) =>
    controlPlane.signalApiServer(signal),
  ),
  stoppedForAWhile('etcd is stopped for a while', ({ controlPlane }, signal) =>
    controlPlane.signalEtcd(signal),
  ),
  watchesCut,
  watchesGone,
  troubled('requests are answered 429 with Retry-After', () => () => ({
    kind: 'status',
    status: 429,
    retryAfterSeconds: 1,
  })),
  troubled('requests are answered 500', () => () => ({ kind: 'status', status: 500 })),
  troubled('connections to the API server are cut', () => () => ({ kind: 'cut' })),
  troubled(
    'answers of the API server are lost',
    () =>
      ({ isWatch }) =>
        isWatch ? { kind: 'cut' } : { kind: 'lose' },
  ),
  troubled('the API server is slow', (random) => {
    const forMs = between(random, 100, 1500);
    return () => ({ kind: 'wait', forMs });
  }),
];
