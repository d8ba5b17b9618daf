import type { Blocker } from '../core/blocker.ts';
import type { Clock } from '../core/clock.ts';
import { workloadKey, type Workload } from '../core/workload.ts';
import type { RetentionLimits } from '../core/prunable.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { deleteBlockingPods } from '../kubernetes/blocking-pods.ts';
import type { TargetKind } from '../kubernetes/kinds.ts';
import type { RolloutWatches } from '../kubernetes/rollout-watch.ts';
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
import { createEvidence, type EvidenceOptions } from './evidence.ts';
import { createRollbackFinisher } from './finish-rollback.ts';
import { createHeldVersions, type HeldVersions } from './held-versions.ts';
import { createManualRollbacks, type ManualRollbacks } from './manual-rollbacks.ts';
import { createVerificationPlanner } from './plan-verification.ts';
import { createPauses, type Pauses } from './pauses.ts';
import { createPolledIntake, type PolledIntake } from './polled.ts';
import { createProposer, type ProposerOptions } from './propose.ts';
import { createPruner, type Pruner } from './prune.ts';
import type { RequestStore } from './request-store.ts';
import { createRollbacks } from './rollbacks.ts';
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
  /** Takes in what a poll found. */
  readonly deliver: PolledIntake['deliver'];
  /** Takes in what a source of charts offers. */
  readonly deliverCharts: PolledIntake['deliverCharts'];
}

/** From signals to applied updates: builds the parts and says who asks whom. */
export function createPipeline(options: PipelineOptions): Pipeline {
  const { client, catalog, requests, metrics, clock, random, log } = options;
  const announcer = createAnnouncer({ event: options.event, metrics, log });
  const decisions = createDecisionLog();
  const evidence = createEvidence(options);
  const proposer = createProposer({
    ...options,
    evidence,
    decisions,
    onDecision(outcomes, { type }) {
      for (const outcome of outcomes) metrics.decisionsTotal.inc({ outcome });
      if (type === 'chart') countChartDecision(metrics, outcomes);
    },
    onCreated: (request, workload) => announcer.created(request, workload),
  });
  const applier = createApplier({ client, clock, kinds: options.kinds });
  const workloadOf = (key: string): Workload | undefined => catalog.get(key);
  // Whoever decides, and with whatever tool: it is told of the moment it is known, once.
  requests.subscribe((request, event, before) => {
    if (event === 'removed' || before === undefined || before.status.phase === request.status.phase) return;
    announcer.moved(request, { before, workload: workloadOf(workloadKey(request.spec.targetRef)) });
    countChartTransition(metrics, request);
  });
  const advancer = createAdvancer({
    requests,
    proposer,
    clock,
    log,
    applier,
    workloadOf,
    verifications: createVerificationPlanner({
      requests,
      clock,
      readRollout: (workload) => options.rollouts.readOnce(workload),
    }),
    rollbacks: createRollbackFinisher({
      requests,
      clock,
      log,
      unblock: (target, unwanted) => deleteBlockingPods(client, target, unwanted),
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
    metrics.reconcileErrorsTotal.inc();
    log.warn({ ...failure }, 'will try again');
  };
  const engine = createEngine({
    requests,
    advancer,
    proposer,
    announcer,
    forget: (artifacts) => {
      for (const memory of [decisions, evidence, polled]) memory.forget(artifacts);
    },
    clock,
    random,
    onFailure,
    onDepth: (queue, depth) => metrics.queueDepth.set({ queue }, depth),
    onReconciled: (seconds) => metrics.reconcileDurationSeconds.observe(seconds),
  });
  const approvals = createApprovals({
    requests,
    advancer,
    clock,
    enqueue: (key) => engine.enqueue(key),
  });
  const begin = createRollbacks({
    requests,
    advancer,
    clock,
    enqueue: (key) => engine.enqueue(key),
    onCreated: (request, workload) => announcer.created(request, workload),
  });
  const rollbacks = createManualRollbacks({ catalog, applier, requests, rollbacks: begin });
  const verifier = createVerifier({
    requests,
    workloadOf,
    applier,
    clock,
    random,
    rollouts: options.rollouts,
    rollback: createAutomaticRollback({ requests, applier, clock, rollbacks: begin }),
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
  const waitingFor = (request: string): readonly Blocker[] => advancer.waitingFor(request);
  const troublesOf: WorkloadsViewOptions['troublesOf'] = (artifact, repository) =>
    polled.troublesOf(artifact, repository);
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
  const pruner = createPruner({ requests, limits: options.retention, clock, log });
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
    deliver,
    deliverCharts,
  };
}
