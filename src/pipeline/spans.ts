import { repositoryKeyOf } from '../core/artifact-reference.ts';
import { traceparentOf } from '../core/request-trace.ts';
import { effectiveTag, parseImageReference, repositoryKey } from '../core/image-reference.ts';
import type { Signal } from '../core/signal.ts';
import { requestKey, type UpdateRequest, type Verification } from '../core/update-request.ts';
import type { Artifact, Workload } from '../core/workload.ts';
import { currentTraceparent, inSpan, linkHere, recordSpan, type SpanFacts } from '../telemetry/trace.ts';
import type { Ask } from './ask.ts';
import type { AcceptOutcome, Outcome } from './outcome.ts';

// The steps of one update as spans of one trace. Names of facts are those of OpenTelemetry's semantic conventions where there
// are such (https://opentelemetry.io/docs/specs/semconv/resource/k8s/, …/registry/attributes/container/), else `headwind.…`.

/** Span `signal`: what becomes of what a webhook tells. */
export function signalSpan(
  signals: readonly Signal[],
  work: () => Promise<AcceptOutcome>,
): Promise<AcceptOutcome> {
  return inSpan({ name: 'signal', facts: () => factsOfSignals(signals) }, async (span) => {
    const outcome = await work();
    span.tell({ 'headwind.matched': outcome.matched, 'headwind.created': outcome.created });
    if (outcome.unresolved > 0) span.fail('unresolved');
    return outcome;
  });
}

/** Span `propose`: the decision about one artifact. */
export function proposeSpan(
  workload: Workload,
  artifact: Artifact,
  tag: string,
  work: () => Promise<Outcome>,
): Promise<Outcome> {
  const facts = (): SpanFacts => ({ ...factsOfWorkload(workload), ...factsOfArtifact(artifact, tag) });
  return inSpan({ name: 'propose', facts }, async (span) => {
    const outcome = await work();
    if (span.isRecorded) span.tell(factsOfOutcome(outcome));
    if (outcome.kind === 'unresolved') span.fail('unresolved');
    // Another trace has brought it about already.
    if (outcome.kind === 'known') span.link(traceparentOf(outcome.request));
    return outcome;
  });
}

/** Span `confirm`: the registry, or the source of a chart, is asked for a version. */
export function confirmSpans(ask: Ask): Ask {
  return (workload, input, candidate) =>
    inSpan({ name: 'confirm', facts: { 'container.image.tags': [candidate.tag] } }, async (span) => {
      const answer = await ask(workload, input, candidate);
      span.tell({ 'headwind.confirmation': answer.outcome });
      if (answer.outcome === 'unavailable') span.fail('unavailable');
      return answer;
    });
}

/** Span `approve` or `reject`, in the trace of the request; tied, both ways, to the trace of whoever decided. */
export function decisionSpan<T extends { readonly ok: boolean }>(
  name: 'approve' | 'reject',
  request: UpdateRequest,
  work: () => Promise<T>,
): Promise<T> {
  const traceparent = traceparentOf(request);
  const decider = currentTraceparent();
  linkHere(traceparent);
  return inSpan({ name, parent: { traceparent }, facts: () => factsOfRequest(request) }, async (span) => {
    span.link(decider);
    const written = await work();
    if (!written.ok) span.fail('conflict');
    return written;
  });
}

/** Span `apply`: the workload is patched. */
export function applySpan<T extends { readonly kind: string }>(
  request: UpdateRequest,
  work: () => Promise<T>,
): Promise<T> {
  const parent = { traceparent: traceparentOf(request) };
  return inSpan({ name: 'apply', parent, facts: () => factsOfRequest(request) }, async (span) => {
    const outcome = await work();
    span.tell({ 'headwind.outcome': outcome.kind });
    if (outcome.kind === 'refused') span.fail('refused');
    return outcome;
  });
}

/** Span `verify`: from the patch to the end of the watch over the rollout; told when that has been written. */
export function recordVerification(request: UpdateRequest, verification: Verification, nowMs: number): void {
  const { outcome, failedChecks } = verification;
  if (outcome === undefined) return;
  const startedAtMs = Date.parse(request.status.startedAt ?? '');
  const beganMs = Number.isNaN(startedAtMs) ? nowMs : Math.min(startedAtMs, nowMs);
  recordSpan({
    name: 'verify',
    parent: { traceparent: traceparentOf(request) },
    startedAtMs: beganMs,
    durationMs: nowMs - beganMs,
    facts: () => ({
      ...factsOfRequest(request),
      'headwind.outcome': outcome,
      'headwind.failed_checks': failedChecks,
    }),
    errorType: outcome === 'RollingBack' || outcome === 'Unhealthy' ? outcome : undefined,
  });
}

function factsOfSignals(signals: readonly Signal[]): SpanFacts {
  const [first] = signals;
  if (first === undefined) return {};
  return {
    'headwind.signals': signals.length,
    'headwind.source': first.source,
    'headwind.sender': first.sender,
    'container.image.name': repositoryKey(first.repository),
    'container.image.tags': [first.tag],
  };
}

/** Of a kind that has no name of its own there, OpenTelemetry knows nothing. */
const KIND_FACTS: Readonly<Record<string, string>> = {
  Deployment: 'k8s.deployment.name',
  StatefulSet: 'k8s.statefulset.name',
  DaemonSet: 'k8s.daemonset.name',
  CronJob: 'k8s.cronjob.name',
};

function factsOfWorkload({
  kind,
  namespace,
  name,
}: Pick<UpdateRequest['spec']['targetRef'], 'kind' | 'namespace' | 'name'>): SpanFacts {
  return {
    'k8s.namespace.name': namespace,
    [KIND_FACTS[kind] ?? 'headwind.workload.name']: name,
    'headwind.workload.kind': kind,
  };
}

function factsOfArtifact(artifact: Artifact, tag: string): SpanFacts {
  return {
    [artifact.type === 'chart' ? 'headwind.chart' : 'k8s.container.name']: artifact.name,
    'container.image.name': repositoryKeyOf(artifact),
    'container.image.tags': [tag],
  };
}

function factsOfRequest(request: UpdateRequest): SpanFacts {
  const { targetRef, containerName, newImage, updateType, rollback, policy } = request.spec;
  const image = updateType === 'image' ? parseImageReference(newImage) : undefined;
  return {
    ...factsOfWorkload(targetRef),
    [updateType === 'image' ? 'k8s.container.name' : 'headwind.chart']: containerName,
    ...(image?.ok === true
      ? {
          'container.image.name': repositoryKey(image.value.repository),
          'container.image.tags': [effectiveTag(image.value)],
        }
      : { 'headwind.chart.version': newImage }),
    'headwind.request': requestKey(request),
    'headwind.policy': policy,
    'headwind.rollback': rollback === true,
  };
}

function factsOfOutcome(outcome: Outcome): SpanFacts {
  if (outcome.kind === 'unresolved') return { 'headwind.outcome': outcome.kind };
  if (outcome.kind === 'stay')
    return {
      'headwind.outcome': outcome.kind,
      'headwind.blockers': outcome.blockers.map(({ code }) => code),
    };
  return { 'headwind.outcome': outcome.kind, 'headwind.request': requestKey(outcome.request) };
}
