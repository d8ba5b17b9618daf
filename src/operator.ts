import { withReceivers } from './config/notification-settings.ts';
import { notificationsWithoutFile } from './config/notifications.ts';
import type { Workload, WorkloadKind } from './core/workload.ts';
import type { Ports } from './http/servers.ts';
import { createCatalog } from './kubernetes/catalog.ts';
import { WORKLOAD_KINDS } from './kubernetes/kinds.ts';
import { createReleaseWatch } from './kubernetes/release-watch.ts';
import { createRolloutWatches } from './kubernetes/rollout-watch.ts';
import { readRunningDigests } from './kubernetes/running-digests.ts';
import { createWorkloadWatch } from './kubernetes/workload-watch.ts';
import { createAddressGuard } from './notifications/address-guard.ts';
import { createChartsSource } from './operator/charts-source.ts';
import { createJobs } from './operator/jobs.ts';
import { track } from './operator/knowledge.ts';
import { createLeadership } from './operator/leadership.ts';
import { outOfService } from './operator/leaving.ts';
import { createLiveSettings } from './operator/live-settings.ts';
import { createLookouts } from './operator/lookouts.ts';
import { countWatched, observeWatch } from './operator/observers.ts';
import type { OperatorOptions } from './operator/options.ts';
import { createOutside } from './operator/outside.ts';
import { serve } from './operator/serving.ts';
import { rememberTraces } from './operator/traces.ts';
import { countPending } from './pipeline/count-pending.ts';
import { createNotices, followTargets } from './pipeline/notices.ts';
import { createPipeline } from './pipeline/pipeline.ts';
import { createRequestStore } from './pipeline/request-store.ts';
import { createRequestWatch } from './pipeline/request-watch.ts';
import { createShard } from './pipeline/shard.ts';
import { allTold } from './scheduling/afterwards.ts';
import { watchClock } from './scheduling/clock-watch.ts';
import { createMetrics } from './telemetry/metrics.ts';
import { WEBHOOK_SENDERS } from './triggers/webhook/senders.ts';
import { createWebhookTrust } from './triggers/webhook/trust.ts';

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
  const outside = createOutside(options, metrics);
  const { client, registry, events, nodes, credentials, cloud } = outside;
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
  const rollouts = createRolloutWatches({
    ...watching,
    onCount(followed, inLine) {
      metrics.rolloutsWatched.set({ state: 'followed' }, followed);
      metrics.rolloutsWatched.set({ state: 'in-line' }, inLine);
    },
  });
  const pipeline = createPipeline({
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
  const { engine, verifier, pruner, teller, deliver, deliverCharts } = pipeline;

  const { poller, charts } = createLookouts(options, {
    outside,
    catalog,
    releases,
    live,
    metrics,
    deliver,
    deliverCharts,
  });

  const reflectors = [
    ...createWorkloadWatch(watched),
    ...createRequestWatch({
      ...watching,
      namespaces: settings.namespaces,
      feed,
      known: (key) => requests.get(key),
    }),
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
  const charted = createChartsSource({
    settings: () => live.current().observability,
    metrics,
    version,
    clock,
    log: logRoot.target('headwind::observability'),
  });

  const stopClockWatch = watchClock({
    clock,
    onSet(byMs) {
      log.warn({ byMs }, 'the clock of this machine was set');
      engine.clockSet();
    },
  });
  const stopWorking = async (): Promise<void> => {
    stopClockWatch();
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
    await allTold();
    await events.stop();
    client.close();
  };
  const servers = await serve(options, {
    outside,
    catalog,
    requests,
    pipeline,
    notices,
    live,
    synced,
    authenticity: trust.authenticity,
    metricsView: charted.view,
    metrics,
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
      await outOfService(options, { jobs, leadership });
      await servers.close(DRAIN_MS);
      await stopWorking();
      log.info({}, 'stopped');
    },
  };
}
