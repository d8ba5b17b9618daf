import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { z } from 'zod';
import { UpdateRequest } from '../../../src/core/update-request.ts';
import { pushBuiltImage } from '../built-image.ts';
import { freePorts } from '../child.ts';
import { accessControlPlane, type ControlPlaneAccess } from '../control-plane-access.ts';
import { eventually } from '../eventually.ts';
import { startKubectl, type Kubectl } from '../kubectl.ts';
import { ask } from '../workload-views.ts';
import { follow } from './follow.ts';
import { forward, type Forward } from './forward.ts';
import { createImageMaker, type Behaviour } from './images.ts';
import { install, NAMESPACE, placeIn } from './install.ts';
import { Pod, workloadNameOf } from './shapes.ts';

const READY_MS = 120_000;

/** Headwind as a pod of the cluster, from the image that `make image` built, with a namespace that it alone watches. */
export interface Installed {
  readonly api: ControlPlaneAccess;
  /** That of the workloads. */
  readonly namespace: string;
  /** Ports of this machine that lead to its services; `renew` them when its pod is another. */
  readonly webhook: Forward;
  readonly approval: Forward;
  readonly ui: Forward;
  /** As administrator. */
  readonly kubectl: Kubectl;
  /** `host/repository:tag` */
  image(repository: string, tag: string): string;
  /** Pushes an image; Headwind hears of it. */
  push(repository: string, tag: string, behaviour: Behaviour): Promise<void>;
  pods(workload: string): readonly Pod[];
  requests(): Promise<readonly UpdateRequest[]>;
  annotations(kind: string, name: string): Promise<Readonly<Record<string, string>>>;
  /** Waits until exactly one pod of Headwind is there, beside those that are being deleted, and ready, and answers it. */
  ownPod(): Promise<OwnPod>;
  close(): Promise<void>;
}

const OwnPod = z.object({
  metadata: z.object({ name: z.string(), uid: z.string(), deletionTimestamp: z.string().optional() }),
  spec: z.looseObject({ serviceAccountName: z.string() }),
  status: z.object({
    containerStatuses: z
      .tuple([z.looseObject({ ready: z.boolean(), restartCount: z.number(), imageID: z.string() })])
      .optional(),
  }),
});
export type OwnPod = z.infer<typeof OwnPod>;
const OwnPods = z.object({ items: z.array(OwnPod) });
const Annotated = z.object({
  metadata: z.object({ annotations: z.record(z.string(), z.string()).default({}) }),
});

/** Pushes the image and installs it; end it with `close`. */
export async function openInstalled(): Promise<Installed> {
  const cluster = inject('cluster');
  const { controlPlane, registryUrl, webhookPorts } = cluster;
  const { kubeconfigPath } = controlPlane.admin;
  const api = accessControlPlane(controlPlane);
  const namespace = `t-${randomBytes(4).toString('hex')}`;
  await api.expectOk('POST', '/api/v1/namespaces', { metadata: { name: namespace } });
  const uninstall = await install(
    api,
    placeIn(cluster, { namespace, image: await pushBuiltImage(registryUrl) }),
  );
  await readyPod(api);
  const [approvalPort = 0, uiPort = 0] = await freePorts(2);
  const lead = (service: string, port: number, to: number): Forward =>
    forward({ kubeconfigPath, namespace: NAMESPACE, service, port, to });
  const webhook = lead('headwind-webhook', webhookPorts.image, 8080);
  const approval = lead('headwind-api', approvalPort, 8081);
  const ui = lead('headwind-ui', uiPort, 8082);
  const pods = await follow({
    api,
    path: `/api/v1/namespaces/${namespace}/pods`,
    parse: (object) => Pod.parse(object),
  });
  const requests = await follow({
    api,
    path: `/apis/headwind.sh/v1alpha1/namespaces/${namespace}/updaterequests`,
    parse: (object) => UpdateRequest.parse(object),
  });
  const kubectl = await startKubectl(kubeconfigPath);
  const maker = await createImageMaker(registryUrl);
  return {
    api,
    namespace,
    webhook,
    approval,
    ui,
    kubectl,
    image: (repository, tag) => `${new URL(registryUrl).host}/${namespace}/${repository}:${tag}`,
    push: async (name, tag, behaviour) => {
      const repository = `${namespace}/${name}`;
      const { digest } = await maker.push({ repository, tag, behaviour });
      if (!cluster.notifies)
        await announce(`${webhook.url}/webhook/registry`, { registryUrl, repository, tag, digest });
    },
    pods: (workload) => pods.all().filter((pod) => workloadNameOf(pod) === workload),
    requests: async () => requests.all(),
    annotations: async (kind, name) => {
      const path = `/apis/apps/v1/namespaces/${namespace}/${kind}/${name}`;
      return Annotated.parse(await api.expectOk('GET', path)).metadata.annotations;
    },
    ownPod: () => readyPod(api),
    async close() {
      for (const one of [webhook, approval, ui]) one.stop();
      for (const one of [pods, requests]) one.stop();
      await uninstall();
      await api.request('DELETE', `/api/v1/namespaces/${namespace}`);
      await kubectl.close();
      api.disconnect();
    },
  };
}

function readyPod(api: ControlPlaneAccess): Promise<OwnPod> {
  const path = `/api/v1/namespaces/${NAMESPACE}/pods?labelSelector=app.kubernetes.io%2Fname%3Dheadwind`;
  return eventually(
    async () => {
      const { items } = OwnPods.parse(await api.expectOk('GET', path));
      const staying = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
      const [pod] = staying;
      if (staying.length === 1 && pod?.status.containerStatuses?.[0].ready === true) return pod;
      throw new Error(
        `its pods are ${JSON.stringify(items.map(({ metadata, status }) => [metadata.name, status]))}`,
      );
    },
    { what: "Headwind's own pod is ready", timeoutMs: READY_MS, everyMs: 200 },
  );
}

/** Tells Headwind of a push, as the registry started here does by itself. */
async function announce(
  url: string,
  pushed: {
    readonly registryUrl: string;
    readonly repository: string;
    readonly tag: string;
    readonly digest: string;
  },
): Promise<void> {
  const { registryUrl, repository, tag, digest } = pushed;
  const { host } = new URL(registryUrl);
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const target = {
    mediaType,
    digest,
    repository,
    url: `${registryUrl}/v2/${repository}/manifests/${digest}`,
    tag,
  };
  await eventually(
    async () => {
      const events = [{ id: digest, action: 'push', target, request: { host } }];
      return (await ask(url, { events })).status === 200;
    },
    { what: 'Headwind takes the webhook', timeoutMs: 30_000, everyMs: 500 },
  );
}
