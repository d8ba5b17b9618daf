import type { Blocker } from '../core/blocker.ts';
import type { Clock } from '../core/clock.ts';
import type { UpdateRequest } from '../core/update-request.ts';
import { workloadKey, type Workload } from '../core/workload.ts';
import type { RetentionLimits } from '../core/prunable.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { deleteBlockingPods } from '../kubernetes/blocking-pods.ts';
import type { TargetKind } from '../kubernetes/kinds.ts';
import type { RolloutWatches } from '../kubernetes/rollout-watch.ts';
import { afterwards } from '../scheduling/afterwards.ts';
import type { WorkFailure } from '../scheduling/work-queue.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { createAdvancer } from './advance.ts';
import { createAnnouncer, type AnnouncerOptions } from './announce.ts';
import { createApplier } from './apply.ts';
import { createApprovals, type Approvals } from './approvals.ts';
import { countChartDecision, countChartTransition } from './chart-metrics.ts';
import { createAutomaticRollback } from './automatic-rollback.ts';
import { createDecisionLog } from './decision-log.ts';
import { createEngine, type Engine } from './engine.ts';
import { fencedClient, fencedRequests, NotLeadingError } from './fence.ts';
import { createEvidence, type EvidenceOptions } from './evidence.ts';
import { createRollbackFinisher } from './finish-rollback.ts';
import { createHeldVersions, type HeldVersions } from './held-versions.ts';
import { createManualRollbacks, type ManualRollbacks } from './manual-rollbacks.ts';
import { createVerificationPlanner } from './plan-verification.ts';
import { createPauses, type Pauses } from './pauses.ts';
import { createPolledIntake, type PolledIntake } from './polled.ts';
import { createProposer, type ProposerOptions } from './propose.ts';
import { createPruner, type Pruner } from './prune.ts';
import { createReadAhead } from './read-ahead.ts';
import type { RequestStore } from './request-store.ts';
import { createRollbacks } from './rollbacks.ts';
import { createTeller, type Teller } from './teller.ts';
import { createVerifier, type RolloutFollower, type Verifier } from './verify.ts';
import { createWorkloadsView, type WorkloadsView, type WorkloadsViewOptions } from './workloads-view.ts';

export interface PipelineOptions
  extends
    Pick<
      ProposerOptions,
      | 'confirm'
      | 'confirmChart'
      | 'credentialsFor'
      | 'forgetCredentials'
      | 'explainCredentials'
      | 'verifyMode'
      | 'requestExpiryMs'
    >,
    Pick<EvidenceOptions, 'runningDigests' | 'nodePlatforms' | 'platformsOf'> {
  /** Like `confirm`, for what nobody waits for. */
  readonly confirmInBackground: ProposerOptions['confirm'];
  readonly client: Pick<KubernetesClient, 'request'>;
  /** The kinds of workload that can be changed. */
  readonly kinds: readonly TargetKind[];
  /** Who follows the pods of rollouts that are watched. */
  readonly rollouts: RolloutFollower & Pick<RolloutWatches, 'readOnce'>;
  readonly catalog: ProposerOptions['catalog'] & WorkloadsViewOptions['catalog'];
  readonly requests: RequestStore;
  readonly event: AnnouncerOptions['event'];
  readonly retention: RetentionLimits;
  /** Whether this replica is the one that acts, at this very moment. */
  readonly isLeading: () => boolean;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

export interface Pipeline {
  readonly engine: Engine;
  readonly approvals: Approvals;
  readonly workloads: WorkloadsView;
  /** What the open request `namespace/name` waits for, as of the last look at it. */
  readonly waitingFor: (request: string) => readonly Blocker[];
  readonly rollbacks: ManualRollbacks;
  readonly holds: HeldVersions;
  readonly pauses: Pauses;
  readonly verifier: Verifier;
  readonly pruner: Pruner;
  readonly teller: Teller;
  /** Takes in what a poll found. */
  readonly deliver: PolledIntake['deliver'];
  /** Takes in what a source of charts offers. */
  readonly deliverCharts: PolledIntake['deliverCharts'];
}

/** From signals to applied updates: builds the parts and says who asks whom. */
export function createPipeline(options: PipelineOptions): Pipeline {
  const { client, catalog, requests, isLeading, metrics, clock, random, log } = options;
  // What acts by itself; people's own actions and what webhooks cause are written by every replica.
  const acting = { client: fencedClient(client, isLeading), requests: fencedRequests(requests, isLeading) };
  const announcer = createAnnouncer({ event: options.event, metrics, log });
  const onCreated = (request: UpdateRequest, workload: Workload): void =>
    afterwards(() => announcer.created(request, workload));
  const decisions = createDecisionLog();
  const evidence = createEvidence(options);
  const applier = createApplier({ client, clock, kinds: options.kinds });
  const actingApplier = createApplier({ client: acting.client, clock, kinds: options.kinds });
  const readAhead = createReadAhead(actingApplier, clock);
  const proposer = createProposer({
    ...options,
    evidence,
    decisions,
    onDecision(outcomes, { type }) {
      for (const outcome of outcomes) metrics.decisionsTotal.inc({ outcome });
      if (type === 'chart') countChartDecision(metrics, outcomes);
    },
    // The question to the registry leaves first.
    onExpected: (workload) =>
      afterwards(() => {
        if (isLeading()) readAhead.begin(workload);
      }),
    onCreated,
  });
  const workloadOf = (key: string): Workload | undefined => catalog.get(key);
  // Whoever decides, and with whatever tool: it is told of once, by one replica.
  requests.followMoves((request, before) => {
    const workload = workloadOf(workloadKey(request.spec.targetRef));
    afterwards(() => {
      announcer.moved(request, { before, workload });
      countChartTransition(metrics, request);
    });
  });
  const advancer = createAdvancer({
    requests: acting.requests,
    proposer,
    clock,
    log,
    applier: actingApplier,
    readAhead,
    workloadOf,
    verifications: createVerificationPlanner({
      requests,
      clock,
      readRollout: (workload) => options.rollouts.readOnce(workload),
    }),
    rollbacks: createRollbackFinisher({
      requests: acting.requests,
      clock,
      log,
      unblock: (target, unwanted) => deleteBlockingPods(acting.client, target, unwanted),
      onUnblocked: (request, workload, pods) => announcer.unblocked(request, workload, pods),
    }),
    onWaiting: (request, blockers) => announcer.waiting(request, blockers),
  });
  const polled = createPolledIntake({
    requests,
    proposer,
    clock,
    log,
    confirm: ({ repository, tag, workload }) =>
      options.confirmInBackground({
        repository,
        tag,
        credentials: () => options.credentialsFor(workload, repository),
      }),
    confirmChart: options.confirmChart,
    explainCredentials: options.explainCredentials,
  });
  const onFailure = (failure: WorkFailure): void => {
    if (failure.error instanceof NotLeadingError) return;
    metrics.reconcileErrorsTotal.inc();
    log.warn({ ...failure }, 'will try again');
  };
  const teller = createTeller({ requests: acting.requests, catalog, announcer, clock, random, onFailure });
  const engine = createEngine({
    requests,
    advancer,
    proposer,
    announcer: teller,
    forget: (artifacts) => {
      for (const memory of [decisions, evidence, polled]) memory.forget(artifacts);
    },
    clock,
    random,
    onFailure,
    onDepth: (queue, depth) => metrics.queueDepth.set({ queue }, depth),
    onReconciled: (seconds) => metrics.reconcileDurationSeconds.observe(seconds),
  });
  const waitingFor = (request: string): readonly Blocker[] =>
    isLeading() ? advancer.waitingFor(request) : advancer.foresee(request);
  const settling = {
    advancer: { waitingFor, watch: (listener: (key: string) => void) => advancer.watch(listener) },
    clock,
    isLeading,
    enqueue: (key: string) => engine.enqueue(key),
  };
  const approvals = createApprovals({ ...settling, requests });
  const ordering = {
    ...settling,
    onCreated,
  };
  const begin = createRollbacks({ ...ordering, requests });
  const rollbacks = createManualRollbacks({ catalog, applier, requests, rollbacks: begin });
  const verifier = createVerifier({
    requests: acting.requests,
    workloadOf,
    applier: actingApplier,
    clock,
    random,
    rollouts: options.rollouts,
    rollback: createAutomaticRollback({
      requests,
      applier,
      clock,
      rollbacks: createRollbacks({ ...ordering, requests: acting.requests }),
    }),
    onCheck: (kind) =>
      (kind === 'checked'
        ? metrics.deploymentHealthChecksTotal
        : metrics.deploymentHealthFailuresTotal
      ).inc(),
    onFound: (request, workload, step) => announcer.watched(request, workload, step),
    onFailure,
    onDepth: (depth) => metrics.queueDepth.set({ queue: 'rollouts' }, depth),
  });
  const holds = createHeldVersions({
    catalog,
    requests,
    onReleased: (request, workload, by) => announcer.released(request, workload, by),
  });
  const pauses = createPauses({
    catalog,
    applier,
    onChanged: (workload, by) => announcer.paused(workload, by),
  });
  const troublesOf: WorkloadsViewOptions['troublesOf'] = (artifact, origin) =>
    polled.troublesOf(artifact, origin);
  const workloads = createWorkloadsView({ catalog, requests, decisions, clock, waitingFor, troublesOf });
  const deliver: PolledIntake['deliver'] = async (result) => {
    const outcome = await polled.deliver(result);
    metrics.pollingNewTagsFoundTotal.inc(outcome.created);
    return outcome;
  };
  const deliverCharts: PolledIntake['deliverCharts'] = async (findings, by) => {
    if (findings.list !== undefined) metrics.helmChartVersionsCheckedTotal.inc(findings.members.length);
    const outcome = await polled.deliverCharts(findings, by);
    if (by === 'polling') {
      metrics.pollingHelmChartsCheckedTotal.inc(findings.members.length);
      metrics.pollingHelmNewVersionsFoundTotal.inc(outcome.created);
    }
    return outcome;
  };
  const pruner = createPruner({ requests: acting.requests, limits: options.retention, clock, log });
  return {
    engine,
    approvals,
    workloads,
    waitingFor,
    rollbacks,
    holds,
    pauses,
    verifier,
    pruner,
    teller,
    deliver,
    deliverCharts,
  };
}
