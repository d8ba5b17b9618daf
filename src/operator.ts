import { withReceivers } from './config/notification-settings.ts';
import { notificationsWithoutFile, type NotificationConfig } from './config/notifications.ts';
import type { Environment } from './config/problem.ts';
import type { RegistryConfig } from './config/registry-hosts.ts';
import type { Settings } from './config/settings.ts';
import type { WebhookSecrets } from './config/webhook-secrets.ts';
import type { Clock } from './core/clock.ts';
import { repositoryKey } from './core/image-reference.ts';
import type { Signal } from './core/signal.ts';
import type { Workload, WorkloadKind } from './core/workload.ts';
import { GROUP } from './core/update-request.ts';
import { createCharts } from './helm/charts.ts';
import { countLooks } from './helm/count-looks.ts';
import { createDoors } from './http/auth/door.ts';
import type { Assets } from './http/assets.ts';
import { startServers, type Ports } from './http/servers.ts';
import { reviewAccess } from './kubernetes/access-review.ts';
import { createCatalog } from './kubernetes/catalog.ts';
import { createKubernetesClient } from './kubernetes/client.ts';
import type { Connection } from './kubernetes/connection.ts';
import { isOutage } from './kubernetes/errors.ts';
import { createEventRecorder } from './kubernetes/events.ts';
import { WORKLOAD_KINDS } from './kubernetes/kinds.ts';
import { createNodes } from './kubernetes/nodes.ts';
import { createReleaseWatch } from './kubernetes/release-watch.ts';
import { readRunningDigests } from './kubernetes/running-digests.ts';
import { createSecretReader } from './kubernetes/secret-reader.ts';
import { reviewToken } from './kubernetes/token-review.ts';
import { createRolloutWatches } from './kubernetes/rollout-watch.ts';
import { createWorkloadWatch } from './kubernetes/workload-watch.ts';
import { createChartsSource } from './operator/charts-source.ts';
import { createAddressGuard } from './notifications/address-guard.ts';
import { createCredentials } from './operator/credentials.ts';
import { createLeadership } from './operator/leadership.ts';
import { outOfService } from './operator/leaving.ts';
import { chartPlanOf, createJobs } from './operator/jobs.ts';
import { buildHealth, namespacesOf, preferencesOf, track } from './operator/knowledge.ts';
import { createLiveSettings } from './operator/live-settings.ts';
import { countWatched, observePolls, observeWatch } from './operator/observers.ts';
import { rememberTraces, traceKubernetes, traceRegistry } from './operator/traces.ts';
import { acceptOnceSynced } from './pipeline/accept-once-synced.ts';
import { createCoalescer } from './pipeline/coalesce.ts';
import { countPending } from './pipeline/count-pending.ts';
import { createNotices, followTargets } from './pipeline/notices.ts';
import { createPipeline } from './pipeline/pipeline.ts';
import { createShard } from './pipeline/shard.ts';
import { createRequestStore } from './pipeline/request-store.ts';
import { createRequestWatch } from './pipeline/request-watch.ts';
import { createRegistry } from './registry/client.ts';
import { createAudit } from './telemetry/audit.ts';
import type { LogRoot } from './telemetry/log.ts';
import { createMetrics } from './telemetry/metrics.ts';
import { createPoller } from './triggers/poller/poller.ts';
import { WEBHOOK_SENDERS } from './triggers/webhook/senders.ts';
import { createWebhookTrust } from './triggers/webhook/trust.ts';

export interface OperatorOptions {
  readonly settings: Settings;
  /** How single registries are dealt with; all alike without it. */
  readonly registryConfig?: RegistryConfig;
  /** By what webhooks prove who sent them; nobody has to without it. Read again when the file changes that they are from. */
  readonly webhookSecrets?: WebhookSecrets;
  /** Who is notified; those of the settings without it. Read again when the file changes that they are from. */
  readonly notifications?: NotificationConfig;
  readonly readFile?: (path: string) => Promise<string>;
  /** What seals the sessions of the dashboard; without them each process has one of its own. */
  readonly sessionKeys?: readonly string[];
  readonly connection: Connection;
  /** The process's own, which tells who Headwind is at the clouds; without it, nobody. */
  readonly env?: Environment;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logRoot: LogRoot;
  /** The name of the pod, or of the machine; without it, that of this one. */
  readonly host?: string;
  /** Headwind's own version. */
  readonly version: string;
  /** Tells of spans that are lost; absent where nothing is traced. */
  readonly tracing?: { onLost(listener: (spans: number) => void): void };
  /** The built dashboard; undefined where it has not been built. */
  readonly assets?: Assets | undefined;
}

export interface Operator {
  /** Where the servers listen. */
  readonly ports: Ports;
  /** Resolves when workloads and requests are known and work begins; rejects when `stop` comes first. */
  readonly ready: Promise<void>;
  /** Answers for as long as a Service may still lead here, lets what is in work finish, for some seconds, then ends everything. */
  stop(): Promise<void>;
}

/** How long what is being answered may take after SIGTERM: more than an approval waits for its patch, less than Kubernetes waits. */
const DRAIN_MS = 12_000;

/**
 * Builds every part, ties them together and starts them. It decides nothing itself.
 *
 * @throws ListenError if a port cannot be bound; nothing is left running then
 */
export async function startOperator(options: OperatorOptions): Promise<Operator> {
  const { settings, clock, random, logRoot, version } = options;
  const log = logRoot.target('headwind::operator');
  const metrics = createMetrics();
  options.tracing?.onLost((spans) => metrics.traceSpansLostTotal.inc(spans));
  metrics.startTimeSeconds.set(Math.floor(clock.now() / 1000));
  const client = createKubernetesClient({
    connection: options.connection,
    version,
    onRequest: (asked) => {
      metrics.kubernetesRequestsTotal.inc({ verb: asked.verb, code: asked.code });
      traceKubernetes(asked, options.connection.server.host, clock.now());
    },
  });
  const registry = createRegistry({
    insecureHosts: settings.insecureRegistries,
    ...(options.registryConfig === undefined ? {} : { config: options.registryConfig }),
    clock,
    log: logRoot.target('headwind::registry'),
    onRequest: (asked) => {
      const { purpose, outcome, durationMs } = asked;
      traceRegistry(asked, clock.now());
      metrics.registryRequestsTotal.inc({ purpose, outcome });
      if (outcome !== 'held-back') metrics.registryRequestDurationSeconds.observe(durationMs / 1000);
      metrics.registryCircuitOpen.set(registry.openCircuits());
      metrics.registryKeptListBytes.set(registry.keptBytes());
      metrics.queueDepth.set({ queue: 'registry' }, registry.waiting());
    },
  });
  const events = createEventRecorder({
    client,
    clock,
    log: logRoot.target('headwind::events'),
    onDropped: () => metrics.eventsDroppedTotal.inc(),
  });
  const { credentials, pullSecrets, cloud } = createCredentials({
    client,
    env: options.env,
    clock,
    log: logRoot.target('headwind::credentials'),
  });
  const catalog = createCatalog();
  const notifications = options.notifications ?? notificationsWithoutFile(settings.notifications);
  const noticesLog = logRoot.target('headwind::notifications');
  const notices = createNotices({
    config: notifications,
    proxies: settings.notifications.proxies,
    links: settings,
    version,
    isLeading: () => leadership.isLeading(),
    metrics,
    clock,
    random,
    log: noticesLog,
  });
  const shard = createShard({ ...settings, catalog });
  const outbox = rememberTraces(notices.outbox);
  const requests = createRequestStore(client, { outbox, concerns: shard.concerns });
  const feed = shard.feed(requests);
  const leadership = createLeadership({
    ...options,
    client,
    metrics,
    log: logRoot.target('headwind::leadership'),
  });
  notices.follow(requests);
  countPending(requests, (count) => metrics.updatesPending.set(count));
  const watchLog = logRoot.target('headwind::watch');
  const watching = { client, clock, random, log: watchLog, onEvent: observeWatch(metrics, watchLog) };
  const { env = {}, readFile } = options;
  const { configFile: notificationsFile, allowLinkLocal } = settings.notifications;
  const { influxTokenFile } = settings.metrics;
  const guard = createAddressGuard();
  const live = createLiveSettings({
    ...watching,
    env,
    files: readFile && { configFile: settings.configFile, notificationsFile, influxTokenFile, readFile },
    namespace: settings.namespace,
    forbidsHost: (host) => !allowLinkLocal && guard.forbidsHost(host),
    event: (event) => events.record(event),
    log: logRoot.target('headwind::settings'),
    onWatchEvent: watching.onEvent,
  });
  const watched = {
    ...watching,
    catalog,
    namespaces: settings.namespaces,
    labelSelector: settings.labelSelector,
    onChanged: (workload: Workload, before: Workload | undefined): void => {
      if (before === undefined) feed.workloadCame(workload);
      engine.workloadChanged(workload, before);
      verifier.workloadChanged(workload);
      poller.workloadChanged(workload, before);
      charts.releaseChanged(workload);
    },
    onRemoved: (workload: Workload): void => {
      engine.workloadRemoved(workload);
      verifier.workloadChanged(workload);
      poller.workloadRemoved(workload);
      charts.releaseChanged(workload);
      feed.workloadWent(workload);
    },
    onCount: (kind: WorkloadKind, count: number): void => countWatched(metrics, kind, count),
  };
  const releases = createReleaseWatch({
    ...watched,
    onSourceChanged: (source) => charts.sourceChanged(source),
  });
  const nodes = createNodes({ client, clock, log: logRoot.target('headwind::nodes') });
  const rollouts = createRolloutWatches({
    ...watching,
    onCount(followed, inLine) {
      metrics.rolloutsWatched.set({ state: 'followed' }, followed);
      metrics.rolloutsWatched.set({ state: 'in-line' }, inLine);
    },
  });
  const {
    engine,
    approvals,
    waitingFor,
    workloads,
    rollbacks,
    holds,
    pauses,
    verifier,
    pruner,
    teller,
    deliver,
    deliverCharts,
  } = createPipeline({
    client,
    rollouts,
    kinds: [...WORKLOAD_KINDS, releases.kind],
    catalog,
    requests,
    metrics,
    clock,
    random,
    log: logRoot.target('headwind::pipeline'),
    confirm: (query) => registry.confirm(query),
    confirmChart: (query) => charts.confirm(query),
    confirmInBackground: (query) => registry.confirm({ ...query, background: true }),
    platformsOf: (query) => registry.platformsOf(query),
    nodePlatforms: (placement) => nodes.platformsFor(placement),
    runningDigests: (workload, artifact) => readRunningDigests(client, workload, artifact),
    ...credentials,
    event: (event) => events.record(event),
    verifyMode: settings.verifyImages,
    requestExpiryMs: settings.requestExpiryMs,
    isLeading: () => leadership.isLeading(),
    retention: {
      retentionMs: settings.requestRetentionMs,
      keepPerArtifact: settings.requestRetentionCount,
    },
  });

  const poller = createPoller({
    ...credentials,
    catalog,
    deliver,
    registry: {
      listTags: (query) => registry.listTags(query),
      digestOf: (query) => registry.confirm({ ...query, background: true }),
    },
    intervalMs: () => live.current().polling.intervalMs,
    clock,
    random,
    log: logRoot.target('headwind::polling'),
    ...observePolls(metrics),
  });

  const looks = countLooks(metrics);
  const charts = createCharts({
    workloads: () => catalog.all(),
    sourceOf: (reference) => releases.sourceOf(reference),
    deliver: (findings) => deliverCharts(findings, live.current().polling.enabled ? 'polling' : 'discovery'),
    plan: () => chartPlanOf(live.current()),
    registry,
    registryConfig: options.registryConfig,
    insecureRegistries: settings.insecureRegistries,
    readSecret: createSecretReader(client),
    cloudCredentials: (host) => cloud.credentialsFor(host),
    serviceAccountCredentials: (account, repository) =>
      pullSecrets.credentialsFor({ ...account, pullSecrets: [] }, repository),
    clock,
    random,
    log: logRoot.target('headwind::helm'),
    ...looks,
    onRequest: (asked) => {
      looks.onRequest?.(asked);
      traceRegistry(asked, clock.now());
    },
  });

  const reflectors = [
    ...createWorkloadWatch(watched),
    ...createRequestWatch({ ...watching, namespaces: settings.namespaces, feed }),
  ];
  const watches = [releases, ...reflectors].map((watch) => watch.synced);
  const synced = track(Promise.all([live.settled, ...watches]));

  const trust = createWebhookTrust({
    senders: WEBHOOK_SENDERS,
    initial: options.webhookSecrets,
    common: settings.webhookSecret,
    file: settings.webhookSecretsFile,
    readFile: options.readFile,
    clock,
    log: logRoot.target('headwind::webhook'),
  });
  const targets = followTargets({
    initial: notifications,
    source: () => ({
      settings: withReceivers(settings.notifications, live.current().notifications),
      env,
      readFile: readFile ?? (() => Promise.reject(new Error('no files are read here'))),
    }),
    notices,
    clock,
    log: noticesLog,
  });
  live.subscribe(() => targets.refresh());
  const accept = createCoalescer((signals) => engine.accept(signals));
  // What concerns nobody is known only once the workloads are.
  const concerns = ({ repository }: Signal): boolean =>
    !synced.isDone() || catalog.byRepository(repositoryKey(repository)).length > 0;

  const charted = createChartsSource({
    settings: () => live.current().observability,
    metrics,
    version,
    clock,
    log: logRoot.target('headwind::observability'),
  });

  const stopWorking = async (): Promise<void> => {
    charted.live.stop();
    trust.stop();
    targets.stop();
    await Promise.all([poller.stop(), charts.stop(), pruner.stop()]);
    await Promise.all([engine.stop(), verifier.stop(), teller.stop()]);
    await rollouts.stop();
    await notices.stop();
    await leadership.stop();
    await Promise.all([live, releases, ...reflectors].map((watch) => watch.stop()));
    registry.close();
    cloud.close();
    await events.stop();
    client.close();
  };
  const doors = createDoors({
    api: settings.apiAuthMode,
    ui: settings.uiAuthMode,
    ownUrls: [settings.apiUrl, ...(settings.uiUrl === undefined ? [] : [settings.uiUrl])],
    trustedProxies: settings.trustedProxies,
    proxyHeader: settings.proxyHeader,
    proxyGroupsHeader: settings.proxyGroupsHeader,
    sessionSecrets: options.sessionKeys ?? [],
    reviewToken: (token) => reviewToken(client, { token, audiences: settings.tokenAudiences }),
    reviewAccess: (question) => reviewAccess(client, { ...question, group: GROUP }),
    clock,
    log: logRoot.target('headwind::auth'),
  });
  const servers = await startServers({
    approvals,
    workloads,
    rollbacks,
    holds,
    pauses,
    notifications: notices,
    slackDesk: notices.slack,
    clock,
    metrics,
    version,
    senders: WEBHOOK_SENDERS,
    hostOf: (sender) => settings.webhookHosts.get(sender),
    authenticity: trust.authenticity,
    accept: acceptOnceSynced({ accept, synced: synced.done, clock, metrics }),
    concerns,
    limits: { pushesPerSecond: settings.webhookRateLimit },
    health: buildHealth(engine, synced.isDone),
    doors,
    requests,
    random,
    namespaces: () => namespacesOf(catalog.all(), requests.all()),
    ownNamespace: settings.namespace,
    audit: createAudit(logRoot, clock),
    explain: (error) => (isOutage(error) ? 'unavailable' : undefined),
    bindAddress: settings.bindAddress,
    ports: settings.ports,
    assets: options.assets,
    metricsView: charted.view,
    dashboard: {
      requests: () => requests.all(),
      waitingFor,
      workloads,
      preferences: () => preferencesOf(live.current()),
    },
    settings: live,
    logOf: (server) => logRoot.target(`headwind::${server}`),
  }).catch(async (error: unknown) => {
    await stopWorking();
    throw error;
  });
  log.info({ ...servers.ports, address: settings.bindAddress, version }, 'listening');

  charted.live.start();
  live.start();
  releases.start();
  for (const reflector of reflectors) reflector.start();
  const jobs = createJobs({ engine, verifier, notices, pruner, teller, charts, poller, log });
  const ready = synced.done.then(() => {
    jobs.follow(live.current());
    live.subscribe((now) => jobs.follow(now));
    // Whoever leads acts: not before all that is acted on is known.
    leadership.start((leading) => jobs.lead(leading));
    log.info({ requests: requests.size }, 'ready');
  });
  // Whoever wants to know awaits `ready`: a stop before the first lists are complete is no unhandled rejection.
  ready.catch(() => undefined);
  return {
    ports: servers.ports,
    ready,
    async stop() {
      log.info({}, 'stopping');
      await outOfService(options);
      await servers.close(DRAIN_MS);
      await stopWorking();
      log.info({}, 'stopped');
    },
  };
}
