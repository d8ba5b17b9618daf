import type { Blocker } from '../core/blocker.ts';
import type { Clock } from '../core/clock.ts';
import { APPLIED_MESSAGE, nextStep, type Step } from '../core/next-step.ts';
import { transition, waitingStatus, type Change } from '../core/request-machine.ts';
import {
  APPROVED_BY_POLICY,
  requestKey,
  type UpdateRequest,
  type UpdateRequestStatus,
} from '../core/update-request.ts';
import { workloadKey, type Workload } from '../core/workload.ts';
import { traceparentOf } from '../core/request-trace.ts';
import { createTurns } from '../scheduling/turns.ts';
import type { Outcome } from '../scheduling/work-queue.ts';
import type { Log } from '../telemetry/log.ts';
import { underTrace } from '../telemetry/trace.ts';
import type { Applier } from './apply.ts';
import type { RollbackFinisher } from './finish-rollback.ts';
import { createHearing, type Moment } from './hearing.ts';
import type { VerificationPlanner } from './plan-verification.ts';
import type { Proposer } from './propose.ts';
import type { ReadAhead } from './read-ahead.ts';
import { artifactKeyOf, type RequestStore } from './request-store.ts';
import { applySpan } from './spans.ts';
import { toTarget } from './step-target.ts';

export interface AdvancerOptions {
  readonly requests: RequestStore;
  readonly workloadOf: (key: string) => Workload | undefined;
  readonly applier: Applier;
  readonly readAhead: ReadAhead;
  readonly proposer: Pick<Proposer, 'repropose'>;
  /** Prepares the watch over a rollout; without it none is watched. */
  readonly verifications?: VerificationPlanner;
  /** Does what is needed beside the patch. */
  readonly rollbacks?: RollbackFinisher;
  readonly clock: Clock;
  readonly log: Log;
  /** Told when an approved request begins to wait. */
  readonly onWaiting?: (request: UpdateRequest, blockers: readonly Blocker[]) => void;
}

export interface Advancer {
  /** Takes one request (`namespace/name`) as far as it goes now, and says when to come back. */
  advance(key: string): Promise<Outcome>;
  /** What an open request waits for, as of the last look at it. */
  waitingFor(key: string): readonly Blocker[];
  /** What it would wait for, as far as can be told without looking: for whoever does not advance requests. */
  foresee(key: string): readonly Blocker[];
  /** Is told after every look at a request; the returned function ends it. */
  watch(listener: (key: string) => void): () => void;
}

/** A request is read, its next step decided and taken, again and again until it is finished or has to wait. */
const MAX_STEPS_PER_LOOK = 10;
const MIN_WAIT_MS = 100;
/** Walks requests through the state machine: gather, decide (core/next-step), act. */
export function createAdvancer(options: AdvancerOptions): Advancer {
  const { requests, applier, readAhead, proposer, clock, log } = options;
  // Invariant: has an entry only for requests that are open and known.
  const waits = new Map<string, readonly Blocker[]>();
  const hearing = createHearing(clock);
  const listeners = new Set<(key: string) => void>();
  const inTurn = createTurns();

  async function advance(key: string): Promise<Outcome> {
    try {
      const known = requests.get(key);
      const traceparent = known && traceparentOf(known);
      return await underTrace(traceparent, () => takeSteps(key));
    } catch (error) {
      if (requests.get(key) !== undefined) waits.set(key, [outageBlocker(error)]);
      throw error;
    } finally {
      for (const listener of listeners) listener(key);
    }
  }

  async function takeSteps(key: string): Promise<Outcome> {
    waits.delete(key);
    for (let steps = 0; steps < MAX_STEPS_PER_LOOK; steps += 1) {
      const request = requests.get(key);
      if (request === undefined) return { kind: 'done' };
      const ahead = request.status.phase === 'Approved' ? readAhead.take(request.spec.targetRef) : undefined;
      const seen = await (ahead ?? workloadFor(request));
      // Meanwhile it may have been decided otherwise.
      if (requests.get(key) !== request) continue;
      const { workload, step } = await judged(request, seen);
      if (requests.get(key) !== request) continue;
      // The patch is guarded by the version that was read, however long ago; nothing else is.
      if (ahead !== undefined && step.kind !== 'apply') continue;
      const taken = take(key, request, workload, step);
      // Neither needs the other.
      if (step.kind === 'approve-by-policy') readAhead.begin(request.spec.targetRef);
      const outcome = await taken;
      if (outcome !== 'again') return outcome;
    }
    return { kind: 'retry', error: new Error('the request or its workload keeps changing') };
  }

  /**
   * What is next. A watch may lag behind: what is pending is not given up for what it says, but for how the workload is.
   */
  async function judged(
    request: UpdateRequest,
    seen: Workload | undefined,
  ): Promise<{ readonly workload: Workload | undefined; readonly step: Step }> {
    const step = stepOf(request, seen);
    const isGivenUp = step.kind === 'change' && step.change.to === 'Superseded';
    if (request.status.phase !== 'Pending' || !isGivenUp) return { workload: seen, step };
    const workload = await applier.read(request);
    return { workload, step: stepOf(request, workload) };
  }

  function stepOf(request: UpdateRequest, workload: Workload | undefined): Step {
    const siblings = requests.ofArtifact(artifactKeyOf(request));
    const target = workload === undefined ? undefined : toTarget(request, workload);
    return nextStep({ request, target, siblings, nowMs: clock.now() });
  }

  /** A pending request is judged by what the watch says; what is about to be patched is read afresh. */
  async function workloadFor(request: UpdateRequest): Promise<Workload | undefined> {
    if (request.status.phase === 'Approved') return applier.read(request);
    return options.workloadOf(workloadKey(request.spec.targetRef));
  }

  async function take(
    key: string,
    request: UpdateRequest,
    workload: Workload | undefined,
    step: Step,
  ): Promise<Outcome | 'again'> {
    switch (step.kind) {
      case 'finished':
        return { kind: 'done' };
      case 'change':
        return write(request, step.change);
      case 'approve-by-policy':
        return write(request, { to: 'Approved', by: APPROVED_BY_POLICY });
      case 'complete':
        return finish(request, workload, completed(request, step.message, request.spec.currentImage));
      case 'moved':
        return inTurn(artifactKeyOf(request), () => carryOver(key, request));
      case 'apply':
        return workload === undefined ? 'again' : applyTo(request, workload, step);
      case 'wait':
        return wait(key, request, step);
      default:
        return step satisfies never;
    }
  }

  async function applyTo(
    request: UpdateRequest,
    workload: Workload,
    { artifact }: Extract<Step, { kind: 'apply' }>,
  ): Promise<Outcome | 'again'> {
    const planned = await options.verifications?.plan(request, workload, artifact);
    if (planned !== undefined) {
      await persist(request, planned);
      return 'again';
    }
    if (!(await isCurrent(request))) return 'again';
    const outcome = await applySpan(request, () => applier.apply(request, workload, artifact));
    switch (outcome.kind) {
      case 'conflict':
        return 'again';
      case 'refused':
        return write(request, { to: 'Failed', message: outcome.message });
      case 'applied': {
        const change = {
          ...completed(request, APPLIED_MESSAGE, outcome.previousImage),
          startedAtMs: outcome.atMs,
        };
        return finish(request, workload, change);
      }
      default:
        return outcome satisfies never;
    }
  }

  /**
   * Whether a request is as the API server knows it. A watch may lag behind, and whoever has just taken over the lead does
   * not know yet what the one before has done last: the patch of a workload is guarded by the workload's version alone.
   */
  async function isCurrent(request: UpdateRequest): Promise<boolean> {
    if (hearing.isRecent(request)) return true;
    const asked = hearing.now();
    const { namespace, name } = request.metadata;
    const fetched = await requests.fetch(namespace, name);
    const now = requests.get(requestKey(request));
    // It may be there and no longer be ours, of which the watch will tell.
    if (fetched === undefined || now === undefined) return false;
    hearing.note(now, asked);
    return now === request;
  }

  /** Notes that the API server says so, asked then. The watch may have brought the very same version before the answer came. */
  function believe(written: UpdateRequest, asked: Moment): void {
    const { uid, resourceVersion } = written.metadata;
    const known = requests.get(requestKey(written));
    const isSame = known?.metadata.uid === uid && known.metadata.resourceVersion === resourceVersion;
    hearing.note(isSame ? known : written, asked);
  }

  /** A request is completed last of all: until then it is open, and whoever starts anew goes on with it. */
  async function finish(
    request: UpdateRequest,
    workload: Workload | undefined,
    change: Extract<Change, { to: 'Completed' }>,
  ): Promise<Outcome | 'again'> {
    const outcome = await options.rollbacks?.afterPatch(request, workload);
    if (outcome !== undefined && outcome.kind !== 'done') return outcome;
    return write(request, change);
  }

  function completed(
    request: UpdateRequest,
    message: string,
    previousImage: string,
  ): Extract<Change, { to: 'Completed' }> {
    const startedAt = request.status.startedAt;
    const startedAtMs = startedAt === undefined ? clock.now() : Date.parse(startedAt);
    return { to: 'Completed', message, previousImage, startedAtMs };
  }

  /**
   * The new proposal is durable before the old one is closed, so that no instant forgets the version. One after the other for
   * an artifact, and by how the workload is by then: else, while it moves on and back, a request for where it was and one for
   * where it is could each give way to the other.
   */
  async function carryOver(key: string, request: UpdateRequest): Promise<Outcome | 'again'> {
    const workload = await applier.read(request);
    if (requests.get(key) !== request) return 'again';
    const step = stepOf(request, workload);
    if (step.kind !== 'moved') return take(key, request, workload, step);
    const successor = workload === undefined ? undefined : await proposer.repropose(request, workload);
    const by = successor === undefined ? '' : `; UpdateRequest ${successor.metadata.name} takes its place`;
    return write(request, { to: step.to, message: `${step.message}${by}` });
  }

  async function write(request: UpdateRequest, change: Change): Promise<Outcome | 'again'> {
    const status = transition(request, change, clock.now());
    // The machine refuses only what the request's phase forbids: it has moved on, and the next look sees that.
    if (!status.ok) return 'again';
    await persist(request, status.value);
    return 'again';
  }

  async function persist(
    request: UpdateRequest,
    status: UpdateRequestStatus,
  ): Promise<UpdateRequest | undefined> {
    const asked = hearing.now();
    const written = await requests.writeStatus(request, status);
    if (written.ok) {
      believe(written.value, asked);
      return written.value;
    }
    const { namespace, name } = request.metadata;
    log.debug({ namespace, name, why: written.error }, 'somebody else wrote the request first');
    await requests.fetch(namespace, name);
    return undefined;
  }

  async function wait(
    key: string,
    request: UpdateRequest,
    step: Extract<Step, { kind: 'wait' }>,
  ): Promise<Outcome> {
    waits.set(key, step.blockers);
    const status = waitingStatus(request, step.blockers, clock.now());
    if (status !== undefined) {
      const written = await persist(request, status);
      if (written !== undefined) options.onWaiting?.(written, step.blockers);
    }
    if (step.wakeAtMs === undefined) return { kind: 'done' };
    return { kind: 'requeue', afterMs: Math.max(MIN_WAIT_MS, step.wakeAtMs - clock.now()) };
  }

  return {
    advance,
    waitingFor: (key) => waits.get(key) ?? [],
    foresee(key) {
      const request = requests.get(key);
      const workload = request && options.workloadOf(workloadKey(request.spec.targetRef));
      if (request === undefined || workload === undefined) return [];
      const step = stepOf(request, workload);
      return step.kind === 'wait' ? step.blockers : [];
    },
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** The API server does not answer, or not yet with what is needed: tried again, and told meanwhile. */
function outageBlocker(error: unknown): Blocker {
  const why = error instanceof Error ? error.message : String(error);
  return { code: 'cluster', message: `Kubernetes could not be asked, or refused: ${why}` };
}
