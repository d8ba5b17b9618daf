import type { Clock } from './core/clock.ts';
import type { Settings } from './config/settings.ts';
import { UpdateRequest, requestKey } from './core/update-request.ts';
import { workloadKey, type Workload } from './core/workload.ts';
import { createApprovalApp } from './http/approval-api.ts';
import { anonymousAuthenticator } from './http/auth.ts';
import { createDashboardApp } from './http/dashboard.ts';
import type { Health } from './http/dependencies.ts';
import { listen, type Application, type Listening } from './http/listen.ts';
import { createMetricsApp } from './http/metrics-server.ts';
import { createWebhookApp } from './http/webhook-server.ts';
import { createCatalog, type Catalog } from './kubernetes/catalog.ts';
import { createKubernetesClient, type KubernetesClient } from './kubernetes/client.ts';
import type { Connection } from './kubernetes/connection.ts';
import { KubernetesError, KubernetesUnreachableError } from './kubernetes/errors.ts';
import { createEventRecorder } from './kubernetes/events.ts';
import { WORKLOAD_KINDS } from './kubernetes/kinds.ts';
import { createPullSecrets } from './kubernetes/pull-secrets.ts';
import { createReflector, type Reflector, type ReflectorEvent } from './kubernetes/reflector.ts';
import { createAdvancer } from './pipeline/advance.ts';
import { createAnnouncer } from './pipeline/announce.ts';
import { createApplier } from './pipeline/apply.ts';
import { createApprovals } from './pipeline/approvals.ts';
import { createDecisionLog } from './pipeline/decision-log.ts';
import { createEngine, type Engine } from './pipeline/engine.ts';
import { createProposer, type AcceptOutcome } from './pipeline/propose.ts';
import { createPruner } from './pipeline/prune.ts';
import { createRequestStore, requestsPath, type RequestStore } from './pipeline/request-store.ts';
import { createWorkloadsView } from './pipeline/workloads-view.ts';
import { createRegistry } from './registry/client.ts';
import { createAudit } from './telemetry/audit.ts';
import type { Log, LogRoot } from './telemetry/log.ts';
import { createMetrics, type Metrics } from './telemetry/metrics.ts';
import { WEBHOOK_SENDERS } from './triggers/webhook/senders.ts';

export interface OperatorOptions {
  readonly settings: Settings;
  readonly connection: Connection;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logRoot: LogRoot;
  /** Headwind's own version. */
  readonly version: string;
}

export interface Operator {
  /** Where the servers listen, once they do. */
  readonly ports: {
    readonly webhook: number;
    readonly api: number;
    readonly ui: number;
    readonly metrics: number;
  };
  /** Resolves when workloads and requests are known and work begins; rejects when `stop` comes first. */
  readonly ready: Promise<void>;
  /** Lets what is in work finish, for some seconds, then ends everything. */
  stop(): Promise<void>;
}

/** How long a webhook that comes before the first lists are complete waits for them. */
const SYNC_PATIENCE_MS = 10_000;
const DRAIN_MS = 5000;

/**
 * Builds every part, ties them together and starts them. It decides nothing itself.
 *
 * @throws ListenError if a port cannot be bound; nothing is left running then
 */
export async function startOperator(options: OperatorOptions): Promise<Operator> {
  const { settings, clock, logRoot, version } = options;
  const metrics = createMetrics();
  const client = createKubernetesClient({
    connection: options.connection,
    version,
    onRequest: ({ verb, code }) => metrics.kubernetesRequestsTotal.inc({ verb, code }),
  });
  const log = logRoot.target('headwind::operator');
  const catalog = createCatalog();
  const requests = createRequestStore(client);
  const core = buildPipeline({ ...options, metrics, client, catalog, requests });
  const { engine } = core;
  const reflectors = buildReflectors({ ...options, metrics, client, catalog, requests, engine });
  countPending(requests, metrics);

  const started = Promise.all(reflectors.map(({ synced }) => synced)).then(() => {
    engine.start();
    if (settings.controllersEnabled) core.pruner.start();
    log.info({ requests: requests.size }, 'ready');
  });
  // Whoever wants to know awaits `ready`; a stop before the first sync is no unhandled rejection.
  started.catch(() => undefined);

  const servers: Listening[] = [];
  const isSynced = reportSynced(started);
  const health = buildHealth(isSynced, () => servers.length === PORT_COUNT);
  const accept = acceptWhenSynced({ engine, started, clock, metrics });
  const apps = buildApps({ ...options, core, accept, health, metrics });
  try {
    for (const { app, port } of apps) {
      servers.push(await listen(app, { host: settings.bindAddress, port }));
    }
  } catch (error) {
    await Promise.all(servers.map((server) => server.close(0)));
    await core.close();
    client.close();
    throw error;
  }
  const [webhook, api, ui, metricsPort] = servers.map(({ port }) => port);
  const ports = { webhook: webhook ?? 0, api: api ?? 0, ui: ui ?? 0, metrics: metricsPort ?? 0 };
  log.info({ ...ports, address: settings.bindAddress, version }, 'listening');
  for (const reflector of reflectors) reflector.start();

  return {
    ports,
    ready: started,
    async stop() {
      log.info({}, 'stopping');
      await Promise.all(servers.map((server) => server.close(DRAIN_MS)));
      await core.pruner.stop();
      await engine.stop();
      await Promise.all(reflectors.map((reflector) => reflector.stop()));
      await core.close();
      client.close();
      log.info({}, 'stopped');
    },
  };
}

const PORT_COUNT = 4;

type Shared = OperatorOptions & {
  readonly metrics: Metrics;
  readonly client: KubernetesClient;
  readonly catalog: Catalog;
  readonly requests: RequestStore;
};

type Core = ReturnType<typeof buildPipeline>;

/** From signals to applied updates: who asks whom. */
function buildPipeline({ settings, clock, random, logRoot, metrics, client, catalog, requests }: Shared) {
  const registry = createRegistry({
    insecureHosts: settings.insecureRegistries,
    clock,
    log: logRoot.target('headwind::registry'),
    onRequest: ({ outcome }) => {
      metrics.registryRequestsTotal.inc({ outcome });
      metrics.registryCircuitOpen.set(registry.openCircuits());
    },
  });
  const events = createEventRecorder({
    client,
    clock,
    log: logRoot.target('headwind::events'),
    onDropped: () => metrics.eventsDroppedTotal.inc(),
  });
  const pullSecrets = createPullSecrets({ client, clock, log: logRoot.target('headwind::credentials') });
  const log = logRoot.target('headwind::pipeline');
  const announcer = createAnnouncer({ event: (event) => events.record(event), metrics, log });
  const decisions = createDecisionLog();
  const proposer = createProposer({
    catalog,
    requests,
    decisions,
    clock,
    log,
    confirm: (query) => registry.confirm(query),
    credentialsFor: (workload, repository) => pullSecrets.credentialsFor(workload, repository),
    verifyMode: settings.verifyImages,
    requestExpiryMs: settings.requestExpiryMs,
    onDecision: (outcome) => metrics.decisionsTotal.inc({ outcome }),
    onCreated: (request, workload) => announcer.created(request, workload),
  });
  const advancer = createAdvancer({
    requests,
    proposer,
    clock,
    log,
    applier: createApplier({ client, clock }),
    workloadOf: (key) => catalog.get(key),
    onTransition: (request, workload) => announcer.moved(request, workload),
    onWaiting: (request, blockers) => announcer.waiting(request, blockers),
  });
  const engine = createEngine({
    requests,
    advancer,
    proposer,
    decisions,
    announcer,
    clock,
    random,
    acts: settings.controllersEnabled,
    onFailure: (failure) => {
      metrics.reconcileErrorsTotal.inc();
      log.warn({ ...failure }, 'will try again');
    },
    onDepth: (queue, depth) => metrics.queueDepth.set({ queue }, depth),
    onReconciled: (seconds) => metrics.reconcileDurationSeconds.observe(seconds),
  });
  const approvals = createApprovals({
    requests,
    advancer,
    clock,
    enqueue: (key) => engine.enqueue(key),
    onTransition: (request) => announcer.moved(request, undefined),
  });
  const workloads = createWorkloadsView({
    requests,
    decisions,
    clock,
    workloads: () => catalog.all(),
    waitingFor: (request) => advancer.waitingFor(request),
  });
  const limits = {
    retentionMs: settings.requestRetentionMs,
    keepPerArtifact: settings.requestRetentionCount,
  };
  const pruner = createPruner({ requests, limits, clock, log });
  const close = async (): Promise<void> => {
    registry.close();
    await events.stop();
  };
  return { engine, approvals, workloads, pruner, close };
}

/** One watch per kind, and per namespace where the operator is narrowed to some. */
function buildReflectors(shared: Shared & { readonly engine: Engine }): readonly Reflector<unknown>[] {
  const { settings, clock, random, logRoot, metrics, client, catalog, requests, engine } = shared;
  const namespaces = settings.namespaces.length === 0 ? [undefined] : settings.namespaces;
  const log = logRoot.target('headwind::watch');
  const common = { client, clock, random, log, onEvent: observeWatch(metrics, log) };
  const query = settings.labelSelector === undefined ? {} : { labelSelector: settings.labelSelector };
  const recount = (): void => {
    metrics.deploymentsWatched.set(catalog.count('Deployment'));
    metrics.statefulsetsWatched.set(catalog.count('StatefulSet'));
    metrics.daemonsetsWatched.set(catalog.count('DaemonSet'));
  };
  const ofWorkloads = WORKLOAD_KINDS.flatMap((kind) =>
    namespaces.map((namespace) =>
      createReflector<Workload>({
        ...common,
        query,
        resource: kind.plural,
        path: kind.listPath(namespace),
        project: (object) => kind.project(object),
        onChange({ type, item }) {
          const key = workloadKey(item);
          const before = catalog.get(key);
          if (type === 'upsert') {
            catalog.upsert(item);
            engine.workloadChanged(item, before);
          } else {
            catalog.remove(key);
            engine.workloadRemoved(item);
          }
          recount();
        },
      }),
    ),
  );
  const ofRequests = namespaces.map((namespace) =>
    createReflector<UpdateRequest>({
      ...common,
      resource: 'updaterequests',
      path: requestsPath(namespace),
      project: (object) => UpdateRequest.parse(object),
      onChange({ type, item }) {
        if (type === 'upsert') requests.observe(item);
        else requests.forget(requestKey(item));
      },
    }),
  );
  return [...ofWorkloads, ...ofRequests];
}

function observeWatch(metrics: Metrics, log: Log): (event: ReflectorEvent) => void {
  return ({ resource, event, key, error }) => {
    metrics.watchEventsTotal.inc({ resource, event });
    if (event === 'unparsable') log.warn({ resource, key, error }, 'object cannot be read and is left out');
  };
}

/** `headwind_updates_pending`, kept by difference: counting all at every scrape would cost what the cluster holds. */
function countPending(requests: RequestStore, metrics: Metrics): void {
  const pending = new Set<string>();
  requests.subscribe((request, event) => {
    const key = requestKey(request);
    if (event === 'changed' && request.status.phase === 'Pending') pending.add(key);
    else pending.delete(key);
    metrics.updatesPending.set(pending.size);
  });
}

function reportSynced(started: Promise<void>): () => boolean {
  let synced = false;
  started.then(
    () => {
      synced = true;
    },
    () => undefined,
  );
  return () => synced;
}

function buildHealth(isSynced: () => boolean, areBound: () => boolean): Health {
  const check = (name: string, ok: boolean, message: string) => ({ name, ok, ...(ok ? {} : { message }) });
  return {
    live: () => ({ ok: true, checks: [] }),
    ready() {
      const checks = [
        check('servers', areBound(), 'not all ports are bound yet'),
        check('caches', isSynced(), 'workloads and requests are not all known yet'),
      ];
      return { ok: checks.every(({ ok }) => ok), checks };
    },
  };
}

/** A signal that comes before the workloads are known would match nothing and be lost: it waits, or is refused. */
function acceptWhenSynced({
  engine,
  started,
  clock,
  metrics,
}: {
  readonly engine: Engine;
  readonly started: Promise<void>;
  readonly clock: Clock;
  readonly metrics: Metrics;
}): Engine['accept'] {
  return async (signals): Promise<AcceptOutcome> => {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const cancel = clock.after(SYNC_PATIENCE_MS, () => reject(new Error('workloads are not known yet')));
    try {
      await Promise.race([started, late]);
    } finally {
      cancel();
    }
    const outcome = await engine.accept(signals);
    if (outcome.unresolved === 0) for (const _ of signals) metrics.webhookEventsProcessed.inc();
    return outcome;
  };
}

/** The four servers, in the order of their ports. */
function buildApps({
  settings,
  clock,
  logRoot,
  version,
  core,
  accept,
  health,
  metrics,
}: OperatorOptions & {
  readonly core: Core;
  readonly accept: Engine['accept'];
  readonly health: Health;
  readonly metrics: Metrics;
}): readonly { readonly app: Application; readonly port: number }[] {
  const { approvals, workloads } = core;
  const webhookLog = logRoot.target('headwind::webhook');
  const apiLog = logRoot.target('headwind::api');
  const { ports, apiUrl } = settings;
  return [
    {
      app: createWebhookApp({ senders: WEBHOOK_SENDERS, accept, health, metrics, clock, log: webhookLog }),
      port: ports.webhook,
    },
    {
      app: createApprovalApp({
        approvals,
        workloads,
        authenticator: anonymousAuthenticator,
        audit: createAudit(logRoot, clock),
        health,
        metrics,
        version,
        log: apiLog,
        explain: (error) => (isOutage(error) ? 'unavailable' : undefined),
      }),
      port: ports.api,
    },
    {
      app: createDashboardApp({ approvals, health, metrics, apiUrl, log: logRoot.target('headwind::ui') }),
      port: ports.ui,
    },
    {
      app: createMetricsApp({ metrics, health, log: logRoot.target('headwind::metrics') }),
      port: ports.metrics,
    },
  ];
}

function isOutage(error: unknown): boolean {
  if (error instanceof KubernetesUnreachableError) return true;
  return error instanceof KubernetesError && (error.status === 429 || error.status >= 500);
}
