import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatProblems, type Environment } from '../config/problem.ts';
import { readSettings, type Settings } from '../config/settings.ts';
import type { Clock } from '../core/clock.ts';
import { parseImageReference, effectiveTag } from '../core/image-reference.ts';
import { updateRequestCrd } from '../core/update-request-crd.ts';
import { createKubernetesClient } from '../kubernetes/client.ts';
import { loadConnection } from '../kubernetes/connection.ts';
import type { Assets } from '../http/assets.ts';
import { startOperator } from '../operator.ts';
import { createLineWriter } from '../telemetry/line-writer.ts';
import { createLogRoot } from '../telemetry/log.ts';
import { createDelivery } from './demo/deliver.ts';
import { approveCommand, commandsByName, introduction, placesByName, type Places } from './demo/hints.ts';
import { startNarrator } from './demo/narrator.ts';
import { choosePorts, type ChosenPorts, type PortName } from './demo/ports.ts';
import { createSampleReleases, pullChartFrom, sampleCharts } from './demo/releases.ts';
import { startStory, STORY_PACE, type StoryPace } from './demo/story.ts';
import { createTeller, type Teller } from './demo/teller.ts';
import { createSampleWorkloads, sampleImages } from './demo/workloads.ts';
import { startControllers } from './kubernetes/controllers/controllers.ts';
import { startHelmController } from './kubernetes/controllers/helm-release.ts';
import type { PullAnswer } from './kubernetes/controllers/images.ts';
import { startEmbeddedKubernetes } from './kubernetes/embedded-kubernetes.ts';
import { fluxCrds } from './kubernetes/flux-crds.ts';
import { startEmbeddedRegistry, type EmbeddedRegistry } from './registry/embedded-registry.ts';

export interface DemoOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** Takes one line without its end. */
  readonly write: (line: string) => void;
  readonly format: 'text' | 'json';
  readonly colours: boolean;
  /** Headwind's own version. */
  readonly version: string;
  /** The built dashboard; undefined where it has not been built. */
  readonly assets?: Assets | undefined;
  /** Those that are left out are the usual ones, or free ones; 0 is a free one. */
  readonly ports?: Partial<Readonly<Record<PortName | 'kubernetes' | 'registry', number | undefined>>>;
  /** Ends the demo. */
  readonly signal: AbortSignal;
  /** Where the directory with the kubeconfig is made; the system's own unless told. */
  readonly temporaryDirectory?: string;
  readonly pace?: StoryPace;
}

/** Everything stays on this machine: the servers of the sandbox ask nobody who they are. */
const HOST = '127.0.0.1';

/**
 * Runs a Kubernetes API, a registry, sample workloads and Headwind in this process until `signal` is aborted, then
 * closes everything and removes what it wrote. Rejects when something cannot be started, after the same cleaning up.
 */
export async function runDemo(options: DemoOptions): Promise<void> {
  const { signal } = options;
  const teller = createTeller(options);
  const cleanup = new AsyncDisposableStack();
  try {
    await startDemo(options, teller, cleanup);
    await untilAborted(signal);
    teller.tell({ event: 'stopping', message: 'Ending…', tone: 'quiet' });
  } finally {
    await cleanup.disposeAsync();
  }
  teller.tell({ event: 'stopped', message: 'Ended; nothing is left behind.', tone: 'quiet' });
}

async function startDemo(options: DemoOptions, teller: Teller, cleanup: AsyncDisposableStack): Promise<void> {
  const { clock, random, version, signal } = options;
  const directory = await mkdtemp(join(options.temporaryDirectory ?? tmpdir(), 'headwind-demo-'));
  cleanup.defer(async () => rm(directory, { recursive: true, force: true }));

  let webhook: string | undefined;
  const deliver = createDelivery({
    url: () => webhook,
    clock,
    signal,
    onLost: ({ events }, why) =>
      teller.tell({
        event: 'notification-lost',
        message: `Headwind was not told: ${why}`,
        tone: 'bad',
        fields: { events },
      }),
  });
  const registry = await startEmbeddedRegistry({
    host: HOST,
    port: options.ports?.registry ?? 0,
    now: () => clock.now(),
    onPush: deliver,
  });
  cleanup.defer(async () => registry.close());
  for (const { repository, tag } of sampleImages()) await registry.push({ repository, tag });
  for (const chart of sampleCharts()) await registry.push(chart);

  const kubernetes = await startEmbeddedKubernetes({
    host: HOST,
    port: options.ports?.kubernetes ?? 0,
    crds: [updateRequestCrd(), ...fluxCrds()],
    clock,
  });
  cleanup.defer(async () => kubernetes.close());
  cleanup.defer(
    startControllers({ store: kubernetes.store, clock, pullImage: (image) => pullFrom(registry, image) }),
  );
  cleanup.defer(
    startHelmController({
      store: kubernetes.store,
      clock,
      pullChart: (wanted) => pullChartFrom(registry, wanted),
    }),
  );
  createSampleWorkloads(kubernetes.store, registry.host);
  createSampleReleases(kubernetes.store, registry.host);
  const kubeconfig = join(directory, 'kubeconfig');
  await writeFile(kubeconfig, kubernetes.kubeconfig, { mode: 0o600 });

  const chosen = await choosePorts(HOST, options.ports ?? {});
  const connection = await loadConnection({
    env: {},
    kubeconfig,
    readFile: async (path) => readFile(path, 'utf8'),
    clock,
  });
  const logFile = join(directory, 'headwind.log');
  const fd = openSync(logFile, 'a', 0o600);
  cleanup.defer(() => closeSync(fd));
  const env = environmentOf(chosen, registry.host);
  const settings = settingsOf(env);
  const logWriter = createLineWriter(fd);
  const logRoot = createLogRoot({
    filter: settings.logFilter,
    format: 'json',
    write: (line) => logWriter.write(line),
    clock,
  });
  const operator = await startOperator({
    settings,
    env,
    connection,
    clock,
    random,
    logRoot,
    version,
    assets: options.assets,
  });
  cleanup.defer(async () => operator.stop());

  const places = placesOf({
    operator,
    kubernetes: kubernetes.url,
    registry: registry.host,
    kubeconfig,
    log: logFile,
  });
  webhook = `${places.headwind.webhook}/webhook/registry`;
  introduce(teller, places, chosen);

  const client = createKubernetesClient({ connection, version });
  cleanup.defer(() => client.close());
  const narrator = startNarrator({
    client,
    clock,
    random,
    teller,
    log: logRoot.target('headwind::demo'),
    onFirstPending: (request) => {
      const command = approveCommand(places, request);
      teller.tell({ event: 'hint', message: `To approve it: ${command}`, fields: { command } });
    },
  });
  cleanup.defer(async () => narrator.stop());
  await Promise.race([operator.ready, untilAborted(signal)]);
  cleanup.defer(tellStory(options, registry, teller));
}

function tellStory(options: DemoOptions, registry: EmbeddedRegistry, teller: Teller): () => void {
  const { clock, random, pace = STORY_PACE } = options;
  return startStory({
    clock,
    random,
    pace,
    push: async (push) => registry.push(push),
    onPushed: ({ repository, tag, note }) =>
      teller.tell({
        event: 'pushed',
        message: `${repository}:${tag} arrives in the registry: ${note}`,
        fields: { repository, tag, note },
      }),
    onFailed: ({ repository, tag }, error) =>
      teller.tell({
        event: 'push-failed',
        message: `${repository}:${tag} could not be pushed: ${error instanceof Error ? error.message : String(error)}`,
        tone: 'bad',
        fields: { repository, tag },
      }),
  });
}

function introduce(teller: Teller, places: Places, { moved }: ChosenPorts): void {
  const fields = { places: placesByName(places), try: commandsByName(places) };
  teller.explain(introduction(places));
  for (const { name, usual, now } of moved)
    teller.tell({
      event: 'port-moved',
      message: `Port ${usual} is taken by another program; ${name} is on ${now}.`,
      tone: 'wait',
      fields: { name, usual, now },
    });
  teller.tell({ event: 'started', message: 'Headwind is running.', tone: 'good', fields });
}

function environmentOf({ ports }: ChosenPorts, registry: string): Environment {
  return {
    HEADWIND_BIND_ADDRESS: HOST,
    HEADWIND_WEBHOOK_PORT: String(ports.webhook),
    HEADWIND_API_PORT: String(ports.api),
    HEADWIND_UI_PORT: String(ports.ui),
    HEADWIND_METRICS_PORT: String(ports.metrics),
    HEADWIND_API_URL: `http://${HOST}:${ports.api}`,
    HEADWIND_UI_URL: `http://${HOST}:${ports.ui}`,
    HEADWIND_INSECURE_REGISTRIES: registry,
    HEADWIND_API_AUTH_MODE: 'none',
    HEADWIND_UI_AUTH_MODE: 'none',
    HEADWIND_METRICS_BACKEND: 'live',
  };
}

function settingsOf(env: Environment): Settings {
  const settings = readSettings(env);
  if (!settings.ok) throw new Error(formatProblems(settings.error).join('\n'));
  return settings.value;
}

function placesOf(parts: {
  readonly operator: { readonly ports: Readonly<Record<PortName, number>> };
  readonly kubernetes: string;
  readonly registry: string;
  readonly kubeconfig: string;
  readonly log: string;
}): Places {
  const { operator, ...rest } = parts;
  const urlOf = (name: PortName): string => `http://${HOST}:${operator.ports[name]}`;
  const headwind = {
    webhook: urlOf('webhook'),
    api: urlOf('api'),
    ui: urlOf('ui'),
    metrics: urlOf('metrics'),
  };
  return { ...rest, headwind };
}

/** The node pulls from the embedded registry and reaches no other. */
function pullFrom(registry: EmbeddedRegistry, image: string): PullAnswer {
  const parsed = parseImageReference(image);
  if (!parsed.ok) return { message: `failed to parse image reference: ${parsed.error}` };
  const { repository, name, digest } = parsed.value;
  const failed = `rpc error: code = NotFound desc = failed to pull and unpack image "${image}"`;
  if (repository.host !== registry.host)
    return { message: `${failed}: the demo's node reaches no registry but ${registry.host}` };
  const found = registry.inspect(repository.path, digest ?? effectiveTag(parsed.value));
  if (found === undefined) return { message: `${failed}: failed to resolve reference "${image}": not found` };
  return { image: { imageId: `${name}@${found.digest}`, labels: found.labels } };
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
