import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { UpdateRequest } from '../../src/core/update-request.ts';
import { freePorts } from './child.ts';
import {
  accessControlPlane,
  type ControlPlaneAccess,
  type ControlPlaneFacts,
} from './control-plane-access.ts';
import { startDockerRegistry, type DockerRegistry, type DockerRegistryOptions } from './docker-registry.ts';
import { eventually } from './eventually.ts';
import { installHeadwind } from './manifests.ts';
import { startHeadwind, type Program } from './program.ts';

/** A namespace of its own, a real registry that notifies Headwind, and Headwind itself under its shipped role. */
export interface World {
  readonly api: ControlPlaneAccess;
  readonly namespace: string;
  readonly registry: DockerRegistry;
  /** What Headwind is started with. */
  readonly env: Readonly<Record<string, string>>;
  /** The one that runs now; `restart` puts another in its place. */
  headwind(): Program;
  /** Starts Headwind again on the same ports, with more environment if told. */
  restart(env?: Readonly<Record<string, string>>): Promise<Program>;
  /** Creates a workload; `kind` is a plural such as `deployments`. */
  create(kind: string, object: object): Promise<void>;
  requests(): Promise<readonly UpdateRequest[]>;
  /** The images of one workload's containers by name, init containers included. */
  images(kind: string, name: string): Promise<Readonly<Record<string, string>>>;
  annotations(kind: string, name: string): Promise<Readonly<Record<string, string>>>;
  close(): Promise<void>;
}

export interface WorldOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly registry?: Omit<DockerRegistryOptions, 'notifications'>;
  /** Whether the registry tells Headwind of pushes; it does unless told. */
  readonly notifies?: boolean;
  /** The path that it is told at; `/webhook/registry` unless told. */
  readonly webhookPath?: string;
  /** What the registry sends along, such as its `Authorization`. */
  readonly webhookHeaders?: Readonly<Record<string, readonly string[]>>;
  /** The API server's address as Headwind shall see it, e.g. that of a proxy. */
  readonly apiUrl?: string;
  /** Watches this world's namespace alone; all of them unless told. */
  readonly narrow?: boolean;
  /** A registry that others use too, and the port at which it tells Headwind of pushes; a new one unless told. */
  readonly shared?: { readonly registry: DockerRegistry; readonly webhookPort: number };
  /** A command that runs Headwind; see `ProgramOptions`. */
  readonly through?: readonly string[];
  /** Whether Headwind is started from its source (default) or as built. */
  readonly from?: 'source' | 'build';
}

const Template = z.object({
  metadata: z.object({ annotations: z.record(z.string(), z.string()).default({}) }),
  spec: z.object({
    template: z.object({
      spec: z.object({
        containers: z.array(z.object({ name: z.string(), image: z.string() })),
        initContainers: z.array(z.object({ name: z.string(), image: z.string() })).default([]),
      }),
    }),
  }),
});

/** Makes a world; end it with `close`. */
export async function openWorld(facts: ControlPlaneFacts, options: WorldOptions = {}): Promise<World> {
  const api = accessControlPlane(facts);
  await installHeadwind(api);
  const namespace = `t-${randomBytes(4).toString('hex')}`;
  await api.expectOk('POST', '/api/v1/namespaces', { metadata: { name: namespace } });
  const [free = 0, approval = 0, ui = 0, metrics = 0] = await freePorts(4);
  const webhook = options.shared?.webhookPort ?? free;
  const registry = options.shared?.registry ?? (await startRegistry(options, webhook));
  const directory = await mkdtemp(join(tmpdir(), 'headwind-world-'));
  const kubeconfig = join(directory, 'kubeconfig');
  const token = await api.serviceAccountToken('headwind-system', 'headwind');
  const config = api.kubeconfigFor(token);
  const server = options.apiUrl ?? facts.url;
  await writeFile(kubeconfig, config.replace(facts.url, server), { mode: 0o600 });
  const env = {
    KUBECONFIG: kubeconfig,
    HEADWIND_INSECURE_REGISTRIES: registry.host,
    HEADWIND_WEBHOOK_PORT: String(webhook),
    HEADWIND_API_PORT: String(approval),
    HEADWIND_UI_PORT: String(ui),
    HEADWIND_METRICS_PORT: String(metrics),
    ...(options.narrow === true ? { HEADWIND_NAMESPACES: namespace } : {}),
    ...options.env,
  };
  const { from, through } = options;
  let headwind = await startHeadwind({ env, from, through });

  const read = async (kind: string, name: string): Promise<z.infer<typeof Template>> =>
    Template.parse(await api.expectOk('GET', `/apis/apps/v1/namespaces/${namespace}/${kind}/${name}`));

  return {
    api,
    namespace,
    registry,
    env,
    headwind: () => headwind,
    async restart(more = {}) {
      await headwind.stop();
      headwind = await startHeadwind({ env: { ...env, ...more }, from, through });
      return headwind;
    },
    async create(kind, object) {
      await api.expectOk('POST', `/apis/apps/v1/namespaces/${namespace}/${kind}`, object);
    },
    async requests() {
      const path = `/apis/headwind.sh/v1alpha1/namespaces/${namespace}/updaterequests`;
      const list = z.object({ items: z.array(z.unknown()) }).parse(await api.expectOk('GET', path));
      return list.items.map((item) => UpdateRequest.parse(item));
    },
    async images(kind, name) {
      const { containers, initContainers } = (await read(kind, name)).spec.template.spec;
      return Object.fromEntries([...containers, ...initContainers].map((one) => [one.name, one.image]));
    },
    annotations: async (kind, name) => (await read(kind, name)).metadata.annotations,
    async close() {
      await headwind.stop();
      if (options.shared === undefined) await registry.stop();
      await api.request('DELETE', `/api/v1/namespaces/${namespace}`);
      api.disconnect();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function startRegistry(options: WorldOptions, port: number): Promise<DockerRegistry> {
  const url = `http://127.0.0.1:${port}${options.webhookPath ?? '/webhook/registry'}`;
  const endpoint = { name: 'headwind', url, headers: options.webhookHeaders ?? {} };
  const notifications = options.notifies === false ? [] : [endpoint];
  return startDockerRegistry({ ...options.registry, notifications });
}

export interface WorkloadDescription {
  readonly name: string;
  readonly images: Readonly<Record<string, string>>;
  readonly initImages?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly pullSecrets?: readonly string[];
  readonly nodeSelector?: Readonly<Record<string, string>>;
  /** Of a Deployment; 0 unless told, since no pod is needed for most questions. */
  readonly replicas?: number;
  /** `default` unless told. */
  readonly serviceAccount?: string;
}

/** A Deployment, StatefulSet or DaemonSet, ready to be created; annotations are given without `headwind.sh/`. */
export function workloadOf(
  kind: 'Deployment' | 'StatefulSet' | 'DaemonSet',
  described: WorkloadDescription,
): object {
  const labels = { app: described.name };
  const containersOf = (images: Readonly<Record<string, string>> = {}): object[] =>
    Object.entries(images).map(([name, image]) => ({ name, image }));
  const annotations = Object.entries({ policy: 'minor', ...described.annotations });
  const podSpec = {
    containers: containersOf(described.images),
    initContainers: containersOf(described.initImages),
    imagePullSecrets: (described.pullSecrets ?? []).map((name) => ({ name })),
    ...(described.nodeSelector === undefined ? {} : { nodeSelector: described.nodeSelector }),
    ...(described.serviceAccount === undefined ? {} : { serviceAccountName: described.serviceAccount }),
  };
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: {
      name: described.name,
      annotations: Object.fromEntries(annotations.map(([key, value]) => [`headwind.sh/${key}`, value])),
    },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: podSpec },
      ...(kind === 'StatefulSet' ? { serviceName: described.name } : {}),
      ...(kind === 'Deployment' ? { replicas: described.replicas ?? 0 } : {}),
    },
  };
}

/** Waits until the world's requests are as `check` wants them, and returns them. */
export async function requestsWhen(
  world: World,
  what: string,
  check: (requests: readonly UpdateRequest[]) => boolean,
  timeoutMs = 15_000,
): Promise<readonly UpdateRequest[]> {
  return eventually(
    async () => {
      const requests = await world.requests();
      if (check(requests)) return requests;
      const shown = requests
        .slice(-10)
        .map(({ metadata, status }) => [metadata.name, status.phase, status.message]);
      throw new Error(`${requests.length} requests, the last ones ${JSON.stringify(shown)}`);
    },
    { what, timeoutMs, everyMs: 50 },
  );
}

/** The value of one metric without labels (or with exactly those given), 0 where it is not there. */
export async function metricOf(program: Program, name: string): Promise<number> {
  const text = await (await fetch(`${program.urls.metrics}/metrics`)).text();
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${name} `));
  return line === undefined ? 0 : Number(line.slice(name.length + 1));
}

/** Posts JSON and answers status and parsed body. */
export async function post(
  url: string,
  body: unknown,
): Promise<{ readonly status: number; readonly body: unknown }> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) };
}
