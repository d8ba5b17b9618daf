import { inject } from 'vitest';
import type { DockerRegistry } from '../docker-registry.ts';
import { pushTinyImage } from '../push-image.ts';
import { ask, knownTo } from '../workload-views.ts';
import { openWorld, type World, type WorldOptions } from '../world.ts';
import { createImageMaker, type Behaviour } from './images.ts';
import type { StageName } from './setup.ts';
import { UpdateRequest } from '../../../src/core/update-request.ts';
import { follow } from './follow.ts';
import { allRun } from './pods.ts';
import { Pod, runningWorkload, workloadNameOf, type RunningWorkload, type Shape } from './shapes.ts';

/** A world whose images run in real pods. */
export interface Stage extends World {
  /** Pushes an image to the repository; Headwind hears of it. */
  push(repository: string, tag: string, behaviour: Behaviour): Promise<void>;
  /** The same with one that nobody can pull, though the registry has it. */
  pushBroken(repository: string, tag: string): Promise<void>;
  /** The pods of a workload as of now, those that are being deleted too. */
  pods(name: string): readonly Pod[];
  /** When the API server first told of a pod of the workload that fails, in milliseconds since the Unix epoch. */
  failedAt(name: string): number | undefined;
  /** `host/repository:tag` */
  image(repository: string, tag: string): string;
  /** Changes annotations, which are given without `headwind.sh/`. */
  annotate(shape: Shape, name: string, annotations: Readonly<Record<string, string>>): Promise<void>;
  /** Deletes the pods that are not ready, as a person would with kubectl. */
  deleteUnready(name: string): Promise<void>;
  /** Gives the container `app` an image, as a person would with kubectl. */
  setImage(shape: Shape, name: string, image: string): Promise<void>;
  /** Creates a workload that runs, unless told, a healthy `<name>:1.0.0`, and waits until its pods are ready and Headwind knows it. */
  play(
    shape: Shape,
    workload: Omit<RunningWorkload, 'image'> & { readonly first?: Behaviour },
  ): Promise<void>;
}

/** Opens a world on the shared cluster, with a built Headwind for its namespace alone; end it with `close`. */
export async function openStage(name: StageName, env: WorldOptions['env'] = {}): Promise<Stage> {
  const { controlPlane, registryUrl, notifies, webhookPorts } = inject('cluster');
  const host = new URL(registryUrl).host;
  const world = await openWorld(controlPlane, {
    shared: { registry: registryAt(registryUrl), webhookPort: webhookPorts[name] },
    narrow: true,
    from: 'build',
    env: { ...(registryUrl.startsWith('https:') ? { HEADWIND_INSECURE_REGISTRIES: '' } : {}), ...env },
  });
  const maker = await createImageMaker(registryUrl);
  const failures = new Map<string, number>();
  const pods = await follow({
    api: world.api,
    path: `/api/v1/namespaces/${world.namespace}/pods`,
    parse: (object) => Pod.parse(object),
    onChange: (pod) => {
      const name = workloadNameOf(pod);
      if (isFailing(pod) && !failures.has(name)) failures.set(name, Date.now());
    },
  });
  const requests = await follow({
    api: world.api,
    path: `/apis/headwind.sh/v1alpha1/namespaces/${world.namespace}/updaterequests`,
    parse: (object) => UpdateRequest.parse(object),
  });
  const image = (repository: string, tag: string): string =>
    `${host}/${world.namespace}/${repository}:${tag}`;
  // Another registry than the one started here knows nothing of us.
  const announce = async (repository: string, tag: string, digest: string): Promise<void> => {
    if (notifies) return;
    const url = `${registryUrl}/v2/${repository}/manifests/${digest}`;
    const mediaType = 'application/vnd.oci.image.manifest.v1+json';
    const target = { mediaType, digest, repository, url, tag };
    await ask(`${world.headwind().urls.webhook}/webhook/registry`, {
      events: [{ id: digest, action: 'push', target, request: { host } }],
    });
  };
  const push: Stage['push'] = async (name, tag, behaviour) => {
    const repository = `${world.namespace}/${name}`;
    const { digest } = await maker.push({ repository, tag, behaviour });
    await announce(repository, tag, digest);
  };
  const patch = async (shape: Shape, name: string, body: object): Promise<void> => {
    const path = `/apis/apps/v1/namespaces/${world.namespace}/${shape.plural}/${name}`;
    await world.api.expectOk('PATCH', path, body, 'application/strategic-merge-patch+json');
  };
  const stage: Stage = {
    ...world,
    image,
    push,
    pods: (name) => pods.all().filter((pod) => workloadNameOf(pod) === name),
    failedAt: (name) => failures.get(name),
    requests: async () => requests.all(),
    async close() {
      pods.stop();
      requests.stop();
      await world.close();
    },
    async pushBroken(name, tag) {
      const repository = `${world.namespace}/${name}`;
      const { digest } = await maker.pushBroken({ repository, tag });
      await announce(repository, tag, digest);
    },
    annotate: (shape, name, annotations) => {
      const entries = Object.entries(annotations).map(([key, value]) => [`headwind.sh/${key}`, value]);
      return patch(shape, name, { metadata: { annotations: Object.fromEntries(entries) } });
    },
    async deleteUnready(name) {
      const unready = stage.pods(name).filter(({ status }) => status.containerStatuses?.[0].ready !== true);
      for (const { metadata } of unready)
        await world.api.expectOk('DELETE', `/api/v1/namespaces/${world.namespace}/pods/${metadata.name}`);
    },
    setImage: (shape, name, wanted) =>
      patch(shape, name, { spec: { template: { spec: { containers: [{ name: 'app', image: wanted }] } } } }),
    async play(shape, { first = 'healthy', ...workload }) {
      await push(workload.name, '1.0.0', first);
      const runs = image(workload.name, '1.0.0');
      await world.create(shape.plural, runningWorkload(shape, { ...workload, image: runs }));
      await knownTo(world, workload.name);
      if (first === 'healthy' && workload.scaledToZero !== true)
        await allRun(stage, { shape, name: workload.name, image: runs });
    },
  };
  return stage;
}

const FAILURES: ReadonlySet<string> = new Set(['CrashLoopBackOff', 'ErrImagePull', 'ImagePullBackOff']);

/** A container that ends once is restarted at once; the second time it has to wait, whatever its status says first. */
function isFailing({ status }: Pod): boolean {
  const [container] = status.containerStatuses ?? [];
  if (container === undefined) return false;
  const { state, restartCount } = container;
  const endedAgain = restartCount > 1 || (restartCount === 1 && state.terminated !== undefined);
  return endedAgain || FAILURES.has(state.waiting?.reason ?? '');
}

/** A registry that somebody else starts and ends. */
function registryAt(url: string): DockerRegistry {
  return {
    host: new URL(url).host,
    url,
    pushImage: ({ repository, tag, content = tag, credentials }) =>
      pushTinyImage({ url, repository, tag, content, credentials }),
    stop: async () => {},
  };
}
