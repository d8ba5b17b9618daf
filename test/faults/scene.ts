import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { startControlPlane, type ControlPlane } from '../parts/control-plane.ts';
import { startDockerRegistry } from '../parts/docker-registry.ts';
import { installHeadwind } from '../parts/manifests.ts';
import { startApiProxy } from './api-proxy.ts';
import type { FallibleControlPlane, Scene } from './fault.ts';
import { createAftermath, type Aftermath } from './aftermath.ts';
import { LEASE_SECONDS, NAMESPACE } from './scene-facts.ts';
import { startRegistryFront, type RegistryFront } from './registry-front.ts';
import { startReplica, type ObservedReplica } from './replica.ts';
import { startWitness, type Witness } from './witness.ts';

/**
 * Each run has another one than the runs before it: who was let down by a registry leaves it alone for half a minute, and
 * that is no other run's business.
 */
const FRONTS = 8;

/** A scene, and who looks at it. */
export interface RunningScene extends Scene {
  readonly replicas: readonly ObservedReplica[];
  readonly witness: Witness;
  readonly aftermath: Aftermath;
  /** A run begins: `note` goes to `onNote` from now on. */
  begin(onNote: (what: string) => void): void;
  close(): Promise<void>;
}

/**
 * Starts a control plane, a registry with a front, and two replicas of Headwind under the shipped rights that share a
 * Lease, each behind a proxy of its own. All that was started is ended where something does not start.
 */
export async function openScene(): Promise<RunningScene> {
  const endings: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const end of endings.splice(0).toReversed()) await end();
  };
  try {
    return await openWithin(endings, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function openWithin(
  endings: (() => Promise<void>)[],
  close: () => Promise<void>,
): Promise<RunningScene> {
  const controlPlane = await startControlPlane({ controllers: false });
  endings.push(async () => {
    controlPlane.signal('etcd', 'SIGCONT');
    controlPlane.signal('kube-apiserver', 'SIGCONT');
    await controlPlane.stop();
  });
  await installHeadwind(controlPlane);
  await controlPlane.expectOk('POST', '/api/v1/namespaces', { metadata: { name: NAMESPACE } });
  const real = await startDockerRegistry();
  endings.push(() => real.stop());
  const fronts: RegistryFront[] = [];
  for (let count = 0; count < FRONTS; count += 1) {
    const front = await startRegistryFront(real.url);
    endings.push(() => front.stop());
    fronts.push(front);
  }
  const directory = await mkdtemp(join(tmpdir(), 'headwind-faults-'));
  endings.push(() => rm(directory, { recursive: true, force: true }));
  const witness = startWitness(controlPlane, NAMESPACE);
  endings.push(() => Promise.resolve(witness.close()));

  const token = await controlPlane.serviceAccountToken('headwind-system', 'headwind');
  const openReplica = async (name: string): Promise<ObservedReplica> => {
    const proxy = await startApiProxy(controlPlane);
    endings.push(() => proxy.close());
    const path = join(directory, `${name}.kubeconfig`);
    const config = controlPlane.kubeconfigFor(token).replace(controlPlane.url, proxy.url);
    await writeFile(path, config, { mode: 0o600 });
    const replica = await startReplica({ name, proxy, env: environment(path, fronts) });
    endings.push(() => replica.close());
    return replica;
  };
  const replicas = [await openReplica('replica-0'), await openReplica('replica-1')];
  await Promise.all(replicas.map((replica) => replica.ready()));

  let runs = 0;
  let tell: (what: string) => void = () => undefined;
  return {
    controlPlane: fallible(controlPlane),
    replicas,
    registry: {
      real,
      get front() {
        return frontOf(fronts, runs);
      },
    },
    note: (what) => tell(what),
    witness,
    aftermath: createAftermath(),
    begin(onNote) {
      runs += 1;
      tell = onNote;
    },
    close,
  };
}

function frontOf(fronts: readonly RegistryFront[], run: number): RegistryFront {
  const front = fronts[run % fronts.length];
  if (front === undefined) throw new Error('a scene without a registry');
  return front;
}

function environment(kubeconfig: string, fronts: readonly RegistryFront[]): Readonly<Record<string, string>> {
  return {
    KUBECONFIG: kubeconfig,
    HEADWIND_INSECURE_REGISTRIES: fronts.map(({ host }) => host).join(','),
    HEADWIND_LEADER_ELECTION: 'true',
    HEADWIND_LEASE_DURATION: String(LEASE_SECONDS.duration),
    HEADWIND_LEASE_RENEW_DEADLINE: String(LEASE_SECONDS.renewDeadline),
    HEADWIND_LEASE_RETRY_PERIOD: String(LEASE_SECONDS.retryPeriod),
    HEADWIND_POLLING_ENABLED: 'true',
    HEADWIND_LOG: 'info',
    HEADWIND_LOG_FORMAT: 'json',
  };
}

const RangeAnswer = z.object({ header: z.object({ revision: z.string() }) });

function fallible(controlPlane: ControlPlane): FallibleControlPlane {
  const askEtcd = async (path: string, body: object): Promise<unknown> => {
    const answer = await fetch(`${controlPlane.etcdUrl}/v3/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`etcd answers ${answer.status} to ${path}: ${text}`);
    return JSON.parse(text);
  };
  return {
    access: controlPlane,
    killApiServer: () => controlPlane.stopApiServer('SIGKILL'),
    startApiServer: () => controlPlane.startApiServer(),
    signalApiServer: (signal) => controlPlane.signal('kube-apiserver', signal),
    signalEtcd: (signal) => controlPlane.signal('etcd', signal),
    async compactEtcd() {
      // A key that is never there: only the revision that the answer was made at is of interest.
      const { header } = RangeAnswer.parse(await askEtcd('kv/range', { key: btoa('headwind') }));
      await askEtcd('kv/compaction', { revision: header.revision });
    },
  };
}
