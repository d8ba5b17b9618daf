import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pLimit from 'p-limit';
import type { Connection } from '../src/kubernetes/connection.ts';
import { createKubernetesClient, type KubernetesClient } from '../src/kubernetes/client.ts';
import type { ControlPlaneAccess } from '../test/parts/control-plane-access.ts';
import { startControlPlane, type ControlPlane } from '../test/parts/control-plane.ts';
import { startDockerRegistry, type DockerRegistry } from '../test/parts/docker-registry.ts';
import { installHeadwind } from '../test/parts/manifests.ts';
import { startHeadwind, type Program } from '../test/parts/program.ts';
import type { Pace } from './budget.ts';
import { benchDeployment, polledDeployment } from './workload.ts';

/** What all measurements in a cluster share: a real API server, a real registry, and as many workloads as wanted. */
export interface Stage extends Pace {
  /** `v1.20.2`, say. */
  readonly kubernetesVersion: string;
  /** A client of the kind that Headwind has, with the rights of Headwind's service account. */
  readonly client: KubernetesClient;
  /** The cluster's administrator. */
  readonly cluster: ControlPlaneAccess;
  /** How the floors' own processes reach the API server; `ca` is PEM. */
  readonly access: { readonly url: string; readonly ca: string; readonly token: string };
  /** Where the annotated workloads are. */
  readonly namespace: string;
  /** Where the floors do their writes; a narrowed Headwind does not see it. */
  readonly floorNamespace: string;
  /** Where the workloads are that are polled. */
  readonly pollNamespace: string;
  /** `127.0.0.1:PORT` of the registry. */
  readonly registryHost: string;
  /** Creates annotated workloads until there are `count`; they keep their numbers, 0 and up. */
  fill(count: number): Promise<void>;
  /** Creates `count` Deployments for floors, without Headwind's policy, and answers their names. */
  floorDeployments(count: number): Promise<readonly string[]>;
  /** Lets there be `count` polled Deployments and no others, of `poll/app-0` and so on at `host`, each of 1.0.0. */
  polledDeployments(host: string, count: number): Promise<void>;
  /** Pushes the tag of each of these workloads' repositories. */
  pushTags(workloads: readonly number[], tag: string): Promise<void>;
  /** Starts Headwind on all namespaces; it is not ready yet. */
  startHeadwind(options?: StartOptions): Promise<Program>;
  /** Deletes all UpdateRequests, so that one measurement leaves nothing to the next. */
  forgetRequests(): Promise<void>;
  close(): Promise<void>;
}

export interface StartOptions {
  /** On the workloads' own namespace alone. */
  readonly narrow?: boolean;
  /** Settings on top. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface StageOptions extends Pace {
  /** `build`: bin/headwind; `source`: src/cli/headwind.ts. */
  readonly from: 'build' | 'source';
}

const NAMESPACE = 'bench';
const FLOOR_NAMESPACE = 'bench-floor';
const POLL_NAMESPACE = 'bench-poll';
const CREATES_AT_ONCE = 24;
const PUSHES_AT_ONCE = 8;

/** The name of the annotated workload with this number, which is its repository's too. */
export function workloadName(number: number): string {
  return `app-${number}`;
}

/** The repository of the workload with this number, in the stage's registry. */
export function repositoryOf(number: number): string {
  return `bench/${workloadName(number)}`;
}

/**
 * Starts everything. There are no controllers: they would go on working on thousands of Deployments while Headwind is
 * measured. Throws MissingPartsError where a part is nowhere.
 */
export async function startStage(options: StageOptions): Promise<Stage> {
  const { progress } = options;
  progress('starting etcd, kube-apiserver and docker-registry');
  await using parts = new AsyncDisposableStack();
  const plane = await startControlPlane({ controllers: false });
  parts.defer(() => plane.stop());
  await installHeadwind(plane);
  for (const name of [NAMESPACE, FLOOR_NAMESPACE, POLL_NAMESPACE])
    await plane.expectOk('POST', '/api/v1/namespaces', { metadata: { name } });
  const registry = await startDockerRegistry();
  parts.defer(() => registry.stop());
  const token = await plane.serviceAccountToken('headwind-system', 'headwind');
  const directory = await mkdtemp(join(tmpdir(), 'headwind-bench-'));
  parts.defer(() => rm(directory, { recursive: true, force: true }));
  await writeFile(join(directory, 'kubeconfig'), plane.kubeconfigFor(token), { mode: 0o600 });
  const stage = createStage({ ...options, plane, registry, token, directory });
  const started = parts.move();
  return {
    ...stage,
    async close() {
      stage.client.close();
      await started.disposeAsync();
    },
  };
}

interface Started extends StageOptions {
  readonly plane: ControlPlane;
  readonly registry: DockerRegistry;
  readonly token: string;
  readonly directory: string;
}

function createStage({
  plane,
  registry,
  token,
  directory,
  from,
  quick,
  minutes,
  progress,
}: Started): Omit<Stage, 'close'> {
  const connection: Connection = {
    server: new URL(plane.url),
    tls: { ca: plane.ca },
    token: () => Promise.resolve(token),
  };
  const client = createKubernetesClient({ connection, version: 'bench' });
  let filled = 0;

  const create = async (namespace: string, deployments: readonly object[]): Promise<void> => {
    const limit = pLimit(CREATES_AT_ONCE);
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
    await limit.map(deployments, (deployment) => plane.expectOk('POST', path, deployment));
  };

  return {
    quick,
    minutes,
    progress,
    client,
    cluster: plane,
    kubernetesVersion: plane.version,
    access: { url: plane.url, ca: plane.ca, token },
    namespace: NAMESPACE,
    floorNamespace: FLOOR_NAMESPACE,
    pollNamespace: POLL_NAMESPACE,
    registryHost: registry.host,

    async fill(count) {
      const startedMs = performance.now();
      const from = filled;
      while (filled < count) {
        const step = Math.min(500, count - filled);
        const numbers = Array.from({ length: step }, (_, index) => filled + index);
        await create(
          NAMESPACE,
          numbers.map((number) =>
            benchDeployment({
              name: workloadName(number),
              image: `${registry.host}/${repositoryOf(number)}:1.0.0`,
              policy: 'minor',
            }),
          ),
        );
        filled += step;
        progress(`${filled} of ${count} workloads created`);
      }
      const seconds = (performance.now() - startedMs) / 1000;
      if (filled > from) progress(`${filled} workloads, ${Math.round((filled - from) / seconds)} created/s`);
    },

    async floorDeployments(count) {
      const names = Array.from({ length: count }, (_, index) => workloadName(index));
      const path = `/apis/apps/v1/namespaces/${FLOOR_NAMESPACE}/deployments`;
      await plane.expectOk('DELETE', path);
      await create(
        FLOOR_NAMESPACE,
        names.map((name) => benchDeployment({ name, image: `${registry.host}/${name}:1.0.0` })),
      );
      return names;
    },

    async polledDeployments(host, count) {
      await plane.expectOk('DELETE', `/apis/apps/v1/namespaces/${POLL_NAMESPACE}/deployments`);
      const numbers = Array.from({ length: count }, (_, index) => index);
      await create(
        POLL_NAMESPACE,
        numbers.map((number) => polledDeployment(workloadName(number), `${host}/poll/app-${number}:1.0.0`)),
      );
    },

    async pushTags(workloads, tag) {
      progress(`pushing ${workloads.length} images`);
      const limit = pLimit(PUSHES_AT_ONCE);
      await limit.map([...workloads], (number) =>
        registry.pushImage({ repository: repositoryOf(number), tag, content: tag }),
      );
    },

    startHeadwind: ({ narrow = false, env = {} } = {}) =>
      startHeadwind({
        from,
        waitUntilReady: false,
        env: {
          KUBECONFIG: join(directory, 'kubeconfig'),
          HEADWIND_INSECURE_REGISTRIES: registry.host,
          ...(narrow ? { HEADWIND_NAMESPACES: NAMESPACE } : {}),
          ...env,
        },
      }),

    async forgetRequests() {
      for (const namespace of [NAMESPACE, FLOOR_NAMESPACE])
        await plane.expectOk('DELETE', `/apis/headwind.sh/v1alpha1/namespaces/${namespace}/updaterequests`);
    },
  };
}
