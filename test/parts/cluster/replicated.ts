import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { inject } from 'vitest';
import { z } from 'zod';
import { pushBuiltImage } from '../built-image.ts';
import { accessControlPlane, type ControlPlaneAccess } from '../control-plane-access.ts';
import { eventually } from '../eventually.ts';
import { startKubectl, type Kubectl } from '../kubectl.ts';
import { follow } from './follow.ts';
import { install, placeIn } from './install.ts';
import { startSender } from './sender.ts';

const READY_MS = 120_000;
const SELECTOR = 'labelSelector=app.kubernetes.io%2Fname%3Dheadwind';

const ReplicaPod = z.object({
  metadata: z.object({ name: z.string(), uid: z.string(), deletionTimestamp: z.string().optional() }),
  status: z.object({
    podIP: z.string().optional(),
    containerStatuses: z.tuple([z.looseObject({ ready: z.boolean(), restartCount: z.number() })]).optional(),
  }),
});
export type ReplicaPod = z.infer<typeof ReplicaPod>;
const Pods = z.object({ items: z.array(ReplicaPod) });
const Endpoints = z.object({
  metadata: z.object({ name: z.string() }),
  subsets: z
    .array(z.object({ addresses: z.array(z.object({ ip: z.string() })).default([]) }))
    .nullish()
    .transform((all) => all ?? []),
});
const Lease = z.object({
  spec: z.object({ holderIdentity: z.string().default(''), leaseTransitions: z.number().default(0) }),
});

/** Several Headwinds as pods of the shipped Deployment, in a namespace of their own. */
export interface Replicated {
  readonly api: ControlPlaneAccess;
  /** That of the workloads. */
  readonly namespace: string;
  /** Theirs. */
  readonly home: string;
  readonly kubectl: Kubectl;
  /** Waits until so many pods are there, beside those that are being deleted, and all of them ready. */
  ready(): Promise<readonly ReplicaPod[]>;
  /** Waits until the Lease names a pod that is ready, and answers all of them, the leader first. */
  leaderFirst(): Promise<readonly ReplicaPod[]>;
  /** Where the Service of the webhooks leads now, as a node is told of it. */
  addresses(): readonly string[];
  /** Posts a push to a pod, from inside the cluster. */
  tell(
    address: string,
    push: { readonly repository: string; readonly tag: string },
  ): Promise<{ readonly status: number; readonly body: unknown }>;
  close(): Promise<void>;
}

/** Installs them and waits until they are ready; end it with `close`. Where that fails nothing of it stays. */
export async function openReplicated(replicas: number): Promise<Replicated> {
  await using parts = new AsyncDisposableStack();
  const replicated = await openWith(replicas, parts);
  const opened = parts.move();
  return { ...replicated, close: () => opened.disposeAsync() };
}

/** What it starts it hands to `parts`, to be ended in the opposite order. */
async function openWith(replicas: number, parts: AsyncDisposableStack): Promise<Omit<Replicated, 'close'>> {
  const cluster = inject('cluster');
  const { kubeconfigPath } = cluster.controlPlane.admin;
  const api = accessControlPlane(cluster.controlPlane);
  parts.defer(() => api.disconnect());
  const suffix = randomBytes(4).toString('hex');
  const [namespace, home] = [`t-${suffix}`, `headwind-${suffix}`];
  await api.expectOk('POST', '/api/v1/namespaces', { metadata: { name: namespace } });
  parts.defer(async () => {
    await api.request('DELETE', `/api/v1/namespaces/${namespace}`);
  });
  const image = await pushBuiltImage(cluster.registryUrl);
  const place = placeIn(cluster, { namespace, image });
  // The pushes are of images that nobody has: they are about who acts.
  const settings = { ...place.settings, HEADWIND_VERIFY_IMAGES: 'never' };
  parts.defer(await install(api, { ...place, settings, home, replicas }));
  const kubectl = await startKubectl(kubeconfigPath);
  parts.defer(() => kubectl.close());
  const endpoints = await follow({
    api,
    path: `/api/v1/namespaces/${home}/endpoints`,
    parse: (object) => Endpoints.parse(object),
  });
  parts.defer(() => endpoints.stop());
  const sender = await startSender({ api, kubeconfigPath, namespace, image });
  parts.defer(() => sender.stop());

  async function ready(): Promise<readonly ReplicaPod[]> {
    return eventually(
      async () => {
        const { items } = Pods.parse(
          await api.expectOk('GET', `/api/v1/namespaces/${home}/pods?${SELECTOR}`),
        );
        const staying = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
        const right = staying.filter(({ status }) => status.containerStatuses?.[0].ready === true);
        if (staying.length === replicas && right.length === replicas) return right;
        throw new Error(JSON.stringify(items.map(({ metadata, status }) => [metadata.name, status])));
      },
      { what: `${replicas} pods of Headwind are ready`, timeoutMs: READY_MS, everyMs: 200 },
    );
  }

  return {
    api,
    namespace,
    home,
    kubectl,
    ready,
    leaderFirst: () =>
      eventually(
        async () => {
          const pods = await ready();
          const path = `/apis/coordination.k8s.io/v1/namespaces/${home}/leases/headwind`;
          const { holderIdentity } = Lease.parse(await api.expectOk('GET', path)).spec;
          const leader = pods.find(({ metadata }) => holderIdentity.startsWith(`${metadata.name}_`));
          if (leader === undefined) throw new Error(`the Lease is held by "${holderIdentity}"`);
          return [leader, ...pods.filter((pod) => pod !== leader)];
        },
        { what: 'one of them leads', timeoutMs: READY_MS, everyMs: 200 },
      ),
    addresses: () =>
      endpoints
        .all()
        .filter(({ metadata }) => metadata.name === 'headwind-webhook')
        .flatMap(({ subsets }) => subsets.flatMap(({ addresses }) => addresses.map(({ ip }) => ip))),
    tell: (address, push) => sender.post(`http://${address}:8080/webhook/registry`, push),
  };
}

/**
 * Kills the program of a pod as the kernel does when memory is short: without a word to it. The node must be on this machine, whose
 * root sees all processes. Throws where there is none.
 */
export async function killProgramOf({ metadata }: ReplicaPod): Promise<void> {
  const pids: number[] = [];
  for (const entry of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const environment = await readFile(`/proc/${entry}/environ`, 'utf8').catch(() => '');
    const words = environment.split('\0');
    if (words.includes(`HOSTNAME=${metadata.name}`) && words.some((word) => word.startsWith('HEADWIND_')))
      pids.push(Number(entry));
  }
  if (pids.length === 0) throw new Error(`no process of ${metadata.name} is found on this machine`);
  for (const pid of pids) process.kill(pid, 'SIGKILL');
}
